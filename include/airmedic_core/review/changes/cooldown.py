"""The policy's cooldown grows where the same action was repeated too soon to help.

A review makes limits stricter. Looser ones are left to people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, final

from airmedic_core.decide.limits import exempt
from airmedic_core.diagnose.wording import counted, day, sentence
from airmedic_core.errors import AirmedicError
from airmedic_core.policy import environment_of, policy_of
from airmedic_core.records import Evidence, IncidentState
from airmedic_core.review.changes import Change
from airmedic_core.review.option import InQuestion, Suggestion, TurnedOut, Value, witness
from airmedic_core.review.replay import ReviewedWindow

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.workspace import Workspace

KEY = "policy.limits.cooldown_minutes"
FUTILE_LEAST = 3
_MOST_MINUTES = 7 * 24 * 60
_MOST_OPTIONS = 3
_ROUNDED_TO = 30
"""Minutes; a cooldown that people can remember."""


@dataclass(frozen=True)
class Repetition:
    """An action that was carried out again, for another incident."""

    action: RecordedAction
    minutes: float
    """Minutes since the action before began."""
    helped: bool


@final
class Cooldown(Change):
    """The policy's cooldown grows where the same action was repeated too soon to help."""

    order = 20

    def in_question(self, ws: Workspace, windows: Sequence[ReviewedWindow]) -> list[InQuestion]:
        """Return the cooldown, where three or more repetitions did not help."""
        try:
            before = policy_of(ws).limits_in(environment_of(ws)).cooldown_minutes
        except AirmedicError:
            # The next decision reports what is wrong with the policy.
            return []
        repeated = repetitions(ws)
        futile = [repetition for repetition in repeated if not repetition.helped]
        if len(futile) < FUTILE_LEAST:
            return []
        above = {math.floor(repetition.minutes / _ROUNDED_TO + 1) * float(_ROUNDED_TO) for repetition in futile}
        bounded = [after for after in sorted(above, reverse=True) if before < after <= _MOST_MINUTES]
        witnesses = tuple(_witness(repetition) for repetition in repeated)
        return [InQuestion(KEY, before, tuple(bounded[:_MOST_OPTIONS]), witnesses, partial(_play, repeated, before))]


def repetitions(ws: Workspace) -> list[Repetition]:
    """Return the actions of the model that the cooldown governs and that had been carried out for another incident."""
    limits = policy_of(ws).limits_in(environment_of(ws))
    done = [action for action in ws.ledger.actions(model=ws.spec.name) if not exempt(limits, action.action)]
    repeated = []
    for place, action in enumerate(done):
        before = [
            earlier
            for earlier in done[:place]
            if earlier.action == action.action and earlier.incident_id != action.incident_id
        ]
        if before and action.result is not None and action.status != "stopped":
            minutes = (action.started_at - before[-1].started_at).total_seconds() / 60
            repeated.append(Repetition(action, minutes, _helped(ws, action)))
    return repeated


def _helped(ws: Workspace, action: RecordedAction) -> bool:
    resolved = ws.ledger.incident(action.incident_id).state is IncidentState.RESOLVED
    return action.status == "done" and resolved


def _play(repeated: Sequence[Repetition], before: float, value: Value) -> Suggestion:
    after = float(value)
    held = [repetition for repetition in repeated if repetition.minutes < after]
    spared = [_named(repetition) for repetition in held if not repetition.helped]
    missed = [_named(repetition) for repetition in held if repetition.helped]
    kept = sum(repetition.helped for repetition in repeated) - len(missed)
    effect = (
        f"{counted(len(spared), 'repetition')} that did not help would have waited ({', '.join(spared[:5])}), and "
        f"none of the {kept} that helped."
    )
    return Suggestion(KEY, before, after, len(repeated), tuple(spared), tuple(missed), kept, effect)


def _named(repetition: Repetition) -> str:
    return f"{repetition.action.action.replace('_', ' ')} on {day(repetition.action.started_at)}"


def _witness(repetition: Repetition) -> Evidence:
    turned_out: TurnedOut = "real" if repetition.helped else "false"
    outcome = "helped" if repetition.helped else "did not help"
    return witness(
        KEY,
        "model",
        sentence(f"{_named(repetition)} came {repetition.minutes:.0f} minutes after the one before and {outcome}"),
        turned_out,
        window=day(repetition.action.started_at),
        value=round(repetition.minutes, 1),
        source=f"ledger, action of incident {repetition.action.incident_id}",
    )
