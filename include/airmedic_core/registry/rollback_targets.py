"""Which version a rollback goes back to: how each that served has left, and the newest that left without a fault."""

from __future__ import annotations

from collections.abc import Sequence

from airmedic_core.errors import AirmedicError, ModelError
from airmedic_core.records import Promotion
from airmedic_core.registry.departures import CLEARLY_WORSE, Departure, departures
from airmedic_core.registry.versions import CHAMPION, PREVIOUS, ModelVersion, Versions


class RollbackTargets(Versions):
    """Choosing the version to go back to."""

    def departures(self, name: str) -> dict[str, Departure]:
        """Return how each version that once served has left service, by version."""
        promotions = self._ledger.promotions(name)
        return departures(promotions, in_spite_of=self._in_spite_of(promotions))

    def _in_spite_of(self, promotions: Sequence[Promotion]) -> frozenset[str]:
        """Return the rollbacks to a version that was measured clearly worse: they say nothing against what served."""
        hashes = {promotion.proposal_hash for promotion in promotions if promotion.kind == "rollback"}
        return frozenset(key for key in hashes if key and self._was_clearly_worse(key))

    def _was_clearly_worse(self, proposal_hash: str) -> bool:
        try:
            return bool(self._ledger.proposal(proposal_hash).params.get(CLEARLY_WORSE))
        except AirmedicError as error:
            if error.transient:
                raise
            # It is not on record, or not as it was recorded: nothing is known in favour of the version that left.
            return False

    def rollback_target(self, name: str) -> ModelVersion:
        """Return the newest version that served before the champion and did not leave service as bad.

        Raises
        ------
        ModelError
            If there is none. The message says how those that served have left.
        """
        aliases = self._aliases(name)
        current = aliases.get(CHAMPION)
        served = [aliases.get(PREVIOUS), *(promotion.from_version for promotion in self._ledger.promotions(name))]
        known = {version.version: version for version in self.versions(name)}
        left = self.departures(name)
        bad = []
        for candidate in dict.fromkeys(served):
            if candidate is None or candidate == current or candidate not in known:
                continue
            if candidate in left and left[candidate].bad:
                bad.append(str(left[candidate]))
                continue
            return known[candidate]
        why = f"{'; '.join(bad)}" if bad else f"nothing served before version {current}"
        raise ModelError(
            f"{name!r} has no version to roll back to: {why}.", "Retrain, or register a version and deploy it."
        )
