"""The version answers a growing share of the entities, each step once it has shown that it loses no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Self, final

from pydantic import Field, model_validator

from airmedic_core.errors import ModelError
from airmedic_core.records import Json, Proposal
from airmedic_core.rollout import Health, RolloutStrategy, version_of
from airmedic_core.rollout.contract import objections_without_registry
from airmedic_core.spec import ModelSpec
from airmedic_core.traffic import Traffic
from airmedic_core.watch import SideBySide, trial
from airmedic_core.watch.in_words import end_of_trial, new_windows, shown_in_trial
from airmedic_core.watch.side_by_side import Picked
from airmedic_core.watch.trial import TrialOptions

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from airmedic_core.records import Batch
    from airmedic_core.workspace import Workspace


_MOST_ENTITIES = 100_000
"""Of so many entities a share is told at the most, unless it would be none of them."""
_HALF = (0.5,)
"""The one share that is told without counting entities."""
_WHOLE = 1e-6
"""Shares such as 0.07 are no exact binary numbers: their product with 1,000 is 70 up to this."""


class Options(TrialOptions):
    """Options of the canary rollout."""

    fractions: tuple[float, ...] = (0.1, 0.5)
    """The shares of the entities that it answers, step by step, before it answers all."""
    windows_per_step: int = Field(default=1, ge=1, le=100)
    """New windows that each step lasts at the least."""

    @model_validator(mode="after")
    def _grow(self) -> Self:
        if not self.fractions or list(self.fractions) != sorted({f for f in self.fractions if 0 < f < 1}):
            raise ValueError("fractions are shares between 0 and 1, each larger than the one before")
        return self


@final
class Canary(RolloutStrategy[Options]):
    """A stable hash of the entity's key says who meets the version: a growing share, as long as it loses no more."""

    options = Options

    def objections(self, spec: ModelSpec, options: Options) -> list[str]:
        """Need a registry that knows both versions, and a key to split by."""
        objections = objections_without_registry(spec)
        if not spec.entity_column:
            objections.append("It splits by the key of a row's entity: name the column under entity_column.")
        return objections

    def changes(self, proposal: Proposal, options: Options) -> Sequence[str]:
        """Say which shares the version answers, and what earns it the next."""
        version, before = version_of(proposal), proposal.params["gate"]["champion"]
        lasts, shown = new_windows(options.windows_per_step, proposal), shown_in_trial(proposal, options)
        entities = str(proposal.params["rollout"].get("entities") or "entities")
        back = end_of_trial(proposal, options, f"Version {before} returns")
        if options.fractions == _HALF:
            told = f"Half of the {entities} get version {version}, half keep {before}"
            return [f"{told}; both are compared on the same new rows.", f"After {lasts} all get it, {shown}", *back]
        count, (first, *more) = _of_many(options.fractions)
        steps = ", ".join(["", *(f"then {share}" for share in more), "then all"])
        return [
            f"Of {count} {entities}, {first} get version {version}{steps}; the others keep version {before}.",
            f"The next step follows by itself after {lasts}, {shown}",
            *back,
        ]

    def apply(self, ws: Workspace, version: str, proposal: Proposal, options: Options, now: datetime) -> None:
        """Let the version answer its first share, and the champion all others."""
        begun = ws.registry.trial(ws.spec.name)
        if begun is not None and begun.proposal_hash == proposal.hash:
            return
        champion = str(proposal.params["gate"]["champion"])
        after = trial.known_until(ws, proposal)
        first = Traffic("split", version, champion, proposal.hash, now, after=after)
        first = first.with_share(options.fractions[0], after)
        trial.begin(ws, first, proposal, options)

    def verify(self, ws: Workspace, version: str, proposal: Proposal, options: Options) -> list[str]:
        """Check that it is tried, and that the champion still serves."""
        return trial.not_begun(ws, version, proposal)

    def health(self, ws: Workspace, proposal: Proposal, options: Options, now: datetime) -> Health:
        """Compare both versions on the rows that the tried one has answered since the trial began."""

        def picked(begun: Traffic) -> Picked:
            def answered(frame: pd.DataFrame, batch: Batch) -> NDArray[np.bool_]:
                return begun.answers(_keys(ws.spec, frame), begun.fraction_of(batch.window.start))

            return answered

        def earned(begun: Traffic, compared: SideBySide) -> str | None:
            if sum(end > begun.shares[-1].after for end in compared.ends) < options.windows_per_step:
                return None
            following = _following(begun, options)
            return "" if following is None else f"It has earned a share of {following:.0%}."

        return trial.judged(ws, version_of(proposal), proposal, options, now, picked=picked, earned=earned)

    def advance(self, ws: Workspace, version: str, proposal: Proposal, options: Options, now: datetime) -> str:
        """Let it answer the next larger share, from the next window on."""
        begun = ws.registry.trial(ws.spec.name)
        if begun is None or begun.proposal_hash != proposal.hash:
            raise ModelError(f"Version {version} is not tried any more.", "Look at the trial's end in the ledger.")
        following = _following(begun, options)
        # Another process may have taken the step since health was asked.
        if following is None or self.health(ws, proposal, options, now).status != "next_step":
            return f"Version {version} answers {begun.fraction:.0%} of the entities."
        newest = max(seen.batch.window.end for seen in ws.ledger.batches(ws.spec.name, limit=1))
        ws.registry.begin_trial(ws.spec.name, begun.with_share(following, newest))
        return f"Version {version} answers {following:.0%} of the entities from now on."

    def complete(self, ws: Workspace, version: str, proposal: Proposal, options: Options, now: datetime) -> str:
        """Let the version answer all rows."""
        return trial.put_in_service(ws, version, proposal, now)

    def undo(
        self, ws: Workspace, version: str, proposal: Proposal, snapshot: Json, options: Options, now: datetime
    ) -> str:
        """End the trial: the champion answers all rows."""
        return trial.ended(ws, version, proposal, snapshot, now)


def _of_many(fractions: Sequence[float]) -> tuple[str, list[str]]:
    """Return a round number of entities, and how many of them each share is, in whole numbers.

    >>> _of_many((0.1, 0.5)), _of_many((0.0005,))
    (('1,000', ['100', '500']), ('10,000', ['5']))
    """
    entities = 1_000
    while min(fractions) * entities < 1 or (entities < _MOST_ENTITIES and not _are_whole(fractions, entities)):
        entities *= 10
    return f"{entities:,}", [f"{fraction * entities:,.0f}" for fraction in fractions]


def _are_whole(fractions: Sequence[float], entities: int) -> bool:
    return all(abs(fraction * entities - round(fraction * entities)) < _WHOLE for fraction in fractions)


def _following(begun: Traffic, options: Options) -> float | None:
    return next((fraction for fraction in options.fractions if fraction > begun.fraction), None)


def _keys(spec: ModelSpec, frame: pd.DataFrame) -> pd.Series:
    if spec.entity_column not in frame.columns:
        raise ModelError(f"The rows have no column {spec.entity_column!r}.", "Deliver it, or correct entity_column.")
    return frame[spec.entity_column]
