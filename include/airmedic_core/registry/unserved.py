"""Versions that were trained and never served: most of what trials and trainings leave in the registry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from airmedic_core.errors import ModelError
from airmedic_core.records import Incident, to_json
from airmedic_core.registry.trials import Trials
from airmedic_core.registry.versions import ModelVersion

_PROPOSAL = "airmedic.proposal_hash"
_TRAINED = ("airmedic.tried", _PROPOSAL)
"""Tags of what Airmedic has trained: in the shadow, or as it was approved. Other versions are left to their owners."""
_MOST_INCIDENTS = 1_000
"""Open incidents that are looked through. A model has one or two."""
_MOST_SECONDS = 180
"""Longer than MLflow's client may take to give up on each call of a deletion. What takes longer hangs."""


class Unserved(Trials):
    """Finding and deleting the versions that were trained and never served."""

    def unserved(self, name: str, *, before: datetime) -> list[ModelVersion]:
        """Return the versions of a model that can be deleted, oldest first.

        Kept is what was made later, carries any alias, is tried beside the champion, was ever in service (also through
        an alias that somebody set by hand), was not trained by Airmedic, or is named in anything that is on record of
        an open incident.

        Parameters
        ----------
        name : str
            The model.
        before : datetime
            What was made from then on is kept.

        Raises
        ------
        RegistryUnavailableError
            If MLflow does not answer. A retry helps.
        """
        old = [version for version in reversed(self.versions(name)) if version.created_at < before]
        return self._deletable(name, old)

    def forget(self, name: str, versions: Sequence[ModelVersion], *, author: str) -> list[ModelVersion]:
        """Delete versions, and return which were. The chain holds which, and by whom; their training runs stay.

        Each is looked at again while nobody can switch the champion. One that is in use since is kept.

        Parameters
        ----------
        name : str
            The model.
        versions : sequence of ModelVersion
            As :meth:`unserved` returns them.
        author : str
            Name of the person who prunes the registry.

        Raises
        ------
        RegistryUnavailableError
            If MLflow does not answer. A retry deletes those that are left.
        LedgerBusyError
            If a switch of this model is under way, or the ledger does not answer. A retry helps.
        """
        deleted = []
        for listed in versions:
            with self._ledger.hold(f"switch:{name}", most_seconds=_MOST_SECONDS) as hold:
                try:
                    version = self.version(name, listed.version)
                except ModelError:
                    # Somebody else has deleted it.
                    continue
                if not self._deletable(name, [version]):
                    continue
                hold.require()
                # On record first: a version that is gone without a record would look like somebody's doing.
                self._ledger.record_forgotten_version(name, version.version, author=author)
                with self.answering():
                    self.client.delete_model_version(name, version.version)
            deleted.append(version)
        return deleted

    def _deletable(self, name: str, versions: Sequence[ModelVersion]) -> list[ModelVersion]:
        """Return those of some versions that nothing keeps."""
        kept = set(self._aliases(name).values())
        if (trial := self.trial(name)) is not None:
            kept |= {trial.version, trial.champion}
        for promotion in self._ledger.promotions(name):
            kept |= {promotion.to_version, promotion.from_version or ""}
        kept |= self._ledger.observed_versions(name)
        still_open = self._ledger.incidents(name, open_only=True, limit=_MOST_INCIDENTS)
        kept |= set(self._named(still_open))
        asked = {proposal.hash for incident in still_open for proposal in self._ledger.proposals(incident.id)}
        return [
            version
            for version in versions
            if version.version not in kept
            and any(tag in version.tags for tag in _TRAINED)
            and version.tags.get(_PROPOSAL, "").partition(":")[0] not in asked
        ]

    def _named(self, incidents: Sequence[Incident]) -> Iterator[str]:
        """Yield every word on record of incidents, among them the versions that they are about."""
        ledger = self._ledger
        for incident in incidents:
            yield from _words(to_json(incident))
            for proposal in ledger.proposals(incident.id):
                yield from _words(proposal.params)
                yield from _words(ledger.snapshot(proposal.hash) or {})
            for action in ledger.actions(incident_id=incident.id):
                yield from _words(action.output)
            for findings in ledger.findings_of(incident.batch_ids).values():
                for finding in findings:
                    yield from _words(dict(finding.details))


def _words(value: Any) -> Iterator[str]:
    """Yield what JSON holds, without its structure."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str | int):
        yield str(value)
