"""Decisions on record, with the chances of what was chosen and what came of it: what an estimate is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from airmedic_core.actions import trains
from airmedic_core.causes import Cause
from airmedic_core.learning.off_policy import Logged
from airmedic_core.learning.outcomes import VerifiedOutcome
from airmedic_core.learning.propensity import CHANCES
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.experience import Experience, PastCase
from airmedic_core.records import Finding, Json, Verdict

_LEFT_TO_DIAGNOSIS = "automatic"
"""Says what a decision says was requested, where the choice was left to the diagnosis."""

_FLAT_MEAN, _FLAT_WEIGHT = 0.5, 2.0
"""States what an outcome is expected to be before any is known: even, and outweighed by a third outcome. The priors are
left out of it, as somebody may have changed them after the outcomes were known.
"""

_TRIALS: Literal["trial"] = "trial"
_ASKED_AT_ONCE = 500
"""Batches in one question: old SQLite takes 999 values."""


@dataclass(frozen=True)
class LoggedDecision:
    """One decision that was left to the diagnosis, and its outcome, if one counts."""

    case: PastCase
    record: int
    """The number of its record in the audit chain: what has a smaller one was known when it was made."""
    considered: tuple[str, ...]
    """The actions that the rules held possible, first choice first."""
    chosen: str
    propensities: Mapping[str, float]
    in_shadow: Mapping[str, float]
    would_try: str
    healed: bool | None
    """Says whether the chosen action healed the incident; nothing where no outcome counts."""
    chances_hold: bool
    """Says whether the chances are right. Earlier versions recorded wrong ones where actions were chosen by chance."""
    trial: str
    """Says what a training in the shadow said on the same windows: ``helps``, ``does not help``, or nothing."""


def logged_decisions(
    ledger: Ledger, experience: Experience, outcomes: Sequence[VerifiedOutcome]
) -> list[LoggedDecision]:
    """Return the first decision of each past incident that was left to the diagnosis, oldest first.

    Parameters
    ----------
    ledger : Ledger
        Where the trials in the shadow are.
    experience : Experience
        Past incidents, as the chain holds them.
    outcomes : sequence of VerifiedOutcome
        The outcomes that count.
    """
    first = [(case, decision) for case in experience.cases if (decision := _first(case)) is not None]
    first.sort(key=lambda pair: int(pair[1]["record"]))
    known = {outcome.incident_id: outcome for outcome in outcomes}
    said = _trials(ledger, [case for case, _ in first])
    logged = []
    for case, decision in first:
        learning = decision["details"]["learning"]
        chosen = str(decision["action"])
        logged.append(
            LoggedDecision(
                case=case,
                record=int(decision["record"]),
                considered=tuple(learning["considered"]),
                chosen=chosen,
                propensities=dict(learning["propensities"]),
                in_shadow=dict(learning["in_shadow"]),
                would_try=str(learning["would_try"]),
                healed=_healed(case, decision, chosen, known.get(case.incident_id)),
                chances_hold=_chances_hold(learning),
                trial=said.get(case.incident_id, ""),
            )
        )
    return logged


def logged_for(decisions: Sequence[LoggedDecision], outcomes: Sequence[VerifiedOutcome], cause: Cause) -> list[Logged]:
    """Return the decisions on a cause whose outcome counts, each with what was expected before it.

    Decisions whose chances do not hold are left out. Their outcomes are known all the same, and count among what was
    expected later.

    Parameters
    ----------
    decisions : sequence of LoggedDecision
        Decisions, oldest first.
    outcomes : sequence of VerifiedOutcome
        The outcomes that count.
    cause : Cause
        The cause.
    """
    mine = [decision for decision in decisions if decision.case.cause is cause and decision.healed is not None]
    of_cause = [outcome for outcome in outcomes if outcome.cause is cause]
    ended = sorted(mine, key=lambda decision: decision.case.closed_by_record)
    counted: Counter[tuple[str, bool]] = Counter()
    with_trial: Counter[tuple[str, str, bool]] = Counter()
    logged = []
    for decision in mine:
        while of_cause and of_cause[0].record < decision.record:
            past = of_cause.pop(0)
            counted[past.action, past.healed] += 1
        while ended and ended[0].case.closed_by_record < decision.record:
            earlier = ended.pop(0)
            with_trial[earlier.chosen, earlier.trial, bool(earlier.healed)] += 1
        if not decision.chances_hold:
            continue
        expected = {}
        for action in decision.propensities:
            mean = _share(_FLAT_MEAN, counted[action, True], counted[action, False])
            if trains(action) and decision.trial:
                # A trial is a forecast: it sharpens what is expected, and is no outcome.
                same = (with_trial[action, decision.trial, healed] for healed in (True, False))
                mean = _share(mean, *same)
            expected[action] = mean
        logged.append(Logged(decision.propensities, decision.chosen, bool(decision.healed), expected))
    return logged


def _chances_hold(learning: Json) -> bool:
    by_chance = learning["mode"] == "on" and sum(chance > 0 for chance in learning["propensities"].values()) > 1
    return not by_chance or learning.get("chances") == CHANCES


def _share(mean: float, successes: int, failures: int) -> float:
    return (_FLAT_WEIGHT * mean + successes) / (_FLAT_WEIGHT + successes + failures)


def _first(case: PastCase) -> Json | None:
    """Return the first decision that was left to the diagnosis and could be carried out, if its chances are known."""
    for decision in case.decisions:
        details = decision["details"]
        if details.get("dry_run") or "learning" not in details or not decision["action"]:
            continue
        return decision if details.get("requested") == _LEFT_TO_DIAGNOSIS else None
    return None


def _healed(case: PastCase, decision: Json, chosen: str, outcome: VerifiedOutcome | None) -> bool | None:
    if outcome is None or not any(past["carried_out"] for past in case.decisions if past["action"] == chosen):
        # An action that was rejected, stopped or not carried out for another reason has not failed.
        return None
    companion = decision["details"].get("follow_up")
    credited = outcome.action == chosen or (companion is not None and companion == case.resolution.get("proposal_hash"))
    return outcome.healed and credited


def _trials(ledger: Ledger, cases: Sequence[PastCase]) -> dict[str, str]:
    """Return what trials said on the windows of incidents, the newest that was sure."""
    batches = [batch_id for case in cases for batch_id in case.batch_ids]
    findings: dict[str, list[Finding]] = {}
    for start in range(0, len(batches), _ASKED_AT_ONCE):
        findings |= ledger.findings_of(batches[start : start + _ASKED_AT_ONCE], _TRIALS)
    words = {Verdict.ALERT: "helps", Verdict.OK: "does not help"}
    said = {}
    for case in cases:
        for batch_id in case.batch_ids:
            for finding in findings.get(batch_id, ()):
                if word := words.get(finding.verdict):
                    said[case.incident_id] = word
    return said
