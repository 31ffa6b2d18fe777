"""The versions of a model that is in no registry, as far as the logged predictions tell of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from airmedic_core.errors import ModelError
from airmedic_core.inputs import Inputs
from airmedic_core.records import Promotion
from airmedic_core.registry.registry import Registry
from airmedic_core.registry.versions import CHAMPION, PREVIOUS, ModelVersion

if TYPE_CHECKING:
    from airmedic_core.flavours import FittedModel

UNNAMED = "logged"
"""Says what the version is called where none is logged with the predictions."""
_REFERENCE = "airmedic.reference"
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
_BY = "the team (seen in logged predictions)"


class LoggedVersions(Registry):
    """The versions of a model with ``registry: none``: the one that was last seen in logged predictions serves.

    Nothing is loaded, registered or switched. The reference belongs to the model; MLflow keeps it beside the reports.
    """

    def version(self, name: str, version: str) -> ModelVersion:
        """Return a version, whether or not it was ever seen."""
        seen = [promotion.at for promotion in self._ledger.promotions(name) if promotion.to_version == version]
        return ModelVersion(name, version, "", seen[-1] if seen else _BEFORE_ALL)

    def versions(self, name: str) -> list[ModelVersion]:
        """Return the versions that were seen, the one that was last seen for the first time first."""
        seen = [promotion.to_version for promotion in self._ledger.promotions(name)]
        return [self.version(name, version) for version in dict.fromkeys(seen)]

    def notice_manual_switch(self, name: str, now: datetime) -> Promotion | None:
        """Notice nothing: which version serves is known once a batch was read, from :meth:`notice_logged`."""
        return None

    def notice_logged(self, name: str, version: str, at: datetime) -> Promotion | None:
        """Record that another version serves, where the newest batch was answered by one.

        Parameters
        ----------
        name : str
            The model.
        version : str
            The version that was logged with the batch; empty where the batch names none.
        at : datetime
            The start of the batch's window.

        Returns
        -------
        Promotion or None
            What was recorded; None where the same version serves as before.
        """
        last = next(iter(self._ledger.promotions(name)), None)
        if not version or last is None or last.to_version == version:
            return None
        before = [seen.from_version for seen in self._ledger.promotions(name)]
        kind: Literal["manual", "rollback"] = "rollback" if version in before else "manual"
        promotion = Promotion(name, last.to_version, version, kind, max(at, last.at), _BY)
        self._ledger.record_promotion(promotion)
        return promotion

    def model(self, version: ModelVersion) -> FittedModel:
        """Refuse: there is no model to load."""
        raise ModelError(
            f"{version.name!r} is in no registry (registry: none), so its versions cannot be loaded.",
            "What they say is known from the predictions that are logged with the rows.",
        )

    def inputs(self, version: ModelVersion) -> Inputs:
        """Return the feature columns of the reference."""
        edges = self.reference(version).edges
        return Inputs.of(tuple(edges.numeric), tuple(edges.categorical))

    def reference_place(self, version: ModelVersion) -> str:
        """Return the place of the model's reference; empty if it has none."""
        experiment = self.experiment(version.name)
        with self.answering():
            return str(self.client.get_experiment(experiment).tags.get(_REFERENCE, ""))

    def point_reference(self, version: ModelVersion, place: str) -> None:
        """Make a reference that was saved before the one in use."""
        experiment = self.experiment(version.name)
        with self.answering():
            self.client.set_experiment_tag(experiment, _REFERENCE, place)

    def switch(
        self,
        name: str,
        to_version: str,
        *,
        kind: Literal["adopt", "deploy", "rollback"],
        by: str,
        expected: Collection[str | None],
        proposal_hash: str | None = None,
        now: datetime,
    ) -> NoReturn:
        """Refuse: the team's own DAG switches, and the predictions tell that it has.

        Parameters
        ----------
        name, to_version : str
            The model, and the version that is to serve.
        kind, by, proposal_hash : str
            What the switch is part of, who answers for it, and what was approved.
        expected : collection of str or None
            Versions one of which must serve until now.
        now : datetime
            The moment.
        """
        raise ModelError(
            f"{name!r} is in no registry (registry: none): Airmedic switches nothing.",
            "Name the DAG that does under rollout.dag in the spec.",
        )

    def trial(self, name: str) -> None:
        """Return nothing: Airmedic tries no version of a model that the team's own system serves."""

    def _aliases(self, name: str) -> dict[str, str]:
        last = next(iter(self._ledger.promotions(name)), None)
        if last is None:
            return {}
        return {CHAMPION: last.to_version} | ({PREVIOUS: last.from_version} if last.from_version else {})

    def register(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: there is nowhere to register a model."""
        raise ModelError("With registry: none, no model is registered.", "Let a DAG train: retrain: dag:<dag_id>.")

    def tag(self, name: str, version: str, tag: str, value: str) -> None:
        """Keep nothing: there is no version to keep it with.

        Parameters
        ----------
        name, version : str
            The model, and the version.
        tag, value : str
            The tag's name, and its value.
        """
