"""Model versions and the aliases that say which one serves: the only file that talks to MLflow's model registry.

Three aliases matter: ``champion`` serves and nothing else does, ``previous`` served before it, and ``challenger`` is
the newest candidate. MLflow keeps no history of aliases and has no compare-and-swap, so a switch holds a lock in the
ledger, writes its intent, switches, reads back, and records a promotion. A switch that was killed half-way is
completed from its intent by whoever comes next.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version as installed_version
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from airmedic_core.errors import ModelError, NoChampionError, RegistryUnavailableError
from airmedic_core.inputs import Inputs, Kind
from airmedic_core.records import Json, Promotion, from_json, to_json
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.ledger import Ledger
    from airmedic_core.profile import Reference

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
_INTENT = "airmedic.switch"
_REFERENCE = "airmedic.reference"
_REQUIREMENTS = ("scikit-learn", "numpy", "pandas", "cloudpickle")
_KINDS: dict[str, Kind] = {
    "double": "number",
    "float": "number",
    "long": "number",
    "integer": "number",
    "string": "category",
}
_GONE = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})
_loaded: dict[tuple[str, str, str], tuple[Any, Inputs]] = {}
_references: dict[tuple[str, str, str, str], Any] = {}


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model."""

    name: str
    version: str
    run_id: str
    created_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)


class Registry:
    """The model versions of one MLflow.

    Parameters
    ----------
    tracking_uri : str
        Address of MLflow: an ``http`` server, or ``sqlite:///…`` for an embedded one.
    ledger : Ledger
        Where promotions are recorded and switches are locked.
    """

    def __init__(self, tracking_uri: str, ledger: Ledger) -> None:
        self.tracking_uri = tracking_uri
        self._ledger = ledger
        # MLflow's own seven retries of two minutes each would hold a task for half an hour where the server is down.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

    @cached_property
    def client(self) -> Any:
        """MLflow's client for this address."""
        with self.answering():
            from mlflow import MlflowClient

            return MlflowClient(self.tracking_uri, self.tracking_uri)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Turn MLflow's errors into those of the engine.

        Raises
        ------
        RegistryUnavailableError
            If MLflow does not answer. A retry helps once it does.
        ModelError
            If MLflow answers that something does not exist. A retry does not help.
        """
        from mlflow.exceptions import MlflowException
        from requests.exceptions import RequestException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except MlflowException as error:
            if error.error_code in _GONE:
                raise ModelError(
                    f"MLflow at {self.address}: {error.message}.", "Check the model and version."
                ) from error
            raise self._unavailable(error) from error
        except (RequestException, SQLAlchemyError, OSError) as error:
            raise self._unavailable(error) from error

    @property
    def address(self) -> str:
        """The address without user and password, for messages."""
        scheme, separator, rest = self.tracking_uri.partition("://")
        return scheme + separator + rest.rpartition("@")[2]

    # Versions

    def by_alias(self, name: str, alias: str) -> ModelVersion | None:
        """Return the version that carries an alias, or None."""
        version = self._aliases(name).get(alias)
        return None if version is None else self.version(name, version)

    def champion(self, name: str) -> ModelVersion:
        """Return the version that serves.

        Raises
        ------
        NoChampionError
            If no version carries the alias. A retry does not help: adopt one first.
        """
        found = self.by_alias(name, CHAMPION)
        if found is None:
            raise NoChampionError(
                f"No version of {name!r} carries the alias {CHAMPION!r} in MLflow at {self.address}.",
                f"Train the first one with 'airmedic adopt --model {name}', or set the alias in MLflow.",
            )
        return found

    def version(self, name: str, version: str) -> ModelVersion:
        """Return one version.

        Raises
        ------
        ModelError
            If it does not exist.
        """
        with self.answering():
            return _version(self.client.get_model_version(name, version))

    def versions(self, name: str) -> list[ModelVersion]:
        """Return all versions, newest first; empty where the model is not registered."""
        with self.answering():
            found = self.client.search_model_versions(f"name='{name}'")
        return sorted(map(_version, found), key=lambda each: int(each.version), reverse=True)

    def find(self, name: str, tag: str, value: str) -> ModelVersion | None:
        """Return the newest version with a tag of this value, or None."""
        return next((each for each in self.versions(name) if each.tags.get(tag) == value), None)

    # Models and references

    def load(self, version: ModelVersion) -> Any:
        """Return the fitted estimator of a version, loaded once per process.

        Only versions of this registry are loaded, by name and version: a path from elsewhere is never unpickled.

        Raises
        ------
        ModelError
            If it does not load. A retry does not help.
        """
        return self._fitted(version)[0]

    def inputs(self, version: ModelVersion) -> Inputs:
        """Return the feature columns of a version, from its signature. Raises as :meth:`load` does."""
        return self._fitted(version)[1]

    def reference(self, version: ModelVersion) -> Reference:
        """Return the reference of a version.

        Raises
        ------
        ModelError
            If the version has none: it was not registered by Airmedic.
        """
        from airmedic_core.profile import Reference

        place = self.version(version.name, version.version).tags.get(_REFERENCE)
        if not place:
            raise ModelError(
                f"Version {version.version} of {version.name!r} has no reference profile.",
                "It was not registered by Airmedic: refresh its reference, or adopt it.",
            )
        key = (self.tracking_uri, version.name, version.version, place)
        if key not in _references:
            run_id, _, path = place.partition("/")
            with TemporaryDirectory() as folder, self.answering():
                _references[key] = Reference.load(Path(self.client.download_artifacts(run_id, path, folder)))
        found: Reference = _references[key]
        return found

    def save_reference(self, version: ModelVersion, reference: Reference, *, name: str = "reference") -> str:
        """Keep a reference with a version, and return its place.

        The place is written to the version's tag last, so that an interrupted call leaves the old reference in use.
        """
        place = self._log_reference(version.run_id, reference, name)
        self.point_reference(version, place)
        return place

    def reference_place(self, version: ModelVersion) -> str:
        """Return the place of a version's reference, to point back to later; empty if it has none."""
        return self.version(version.name, version.version).tags.get(_REFERENCE, "")

    def point_reference(self, version: ModelVersion, place: str) -> None:
        """Make a reference that was saved before the one in use."""
        with self.answering():
            self.client.set_model_version_tag(version.name, version.version, _REFERENCE, place)

    def register(
        self,
        spec: ModelSpec,
        estimator: Any,
        example: pd.DataFrame,
        *,
        run_id: str,
        tags: Mapping[str, str],
        reference: Reference | None,
    ) -> ModelVersion:
        """Register a fitted estimator as a new version; the alias ``challenger`` moves to it.

        The version appears last, when the model and its reference are complete.

        Parameters
        ----------
        spec : ModelSpec
            The model; its name is the registered model's.
        estimator : scikit-learn estimator
            Fitted.
        example : pandas.DataFrame
            A few prepared rows of its inputs, for the signature.
        run_id : str
            The training run it belongs to.
        tags : mapping
            Tags of the version.
        reference : Reference
            What it was accepted on.
        """
        import mlflow
        from mlflow.sklearn import log_model

        logging.getLogger("mlflow.sklearn").setLevel(logging.ERROR)
        with self.answering():
            mlflow.set_tracking_uri(self.tracking_uri)
            mlflow.set_registry_uri(self.tracking_uri)
            with mlflow.start_run(run_id=run_id):
                logged = log_model(
                    estimator,
                    name="model",
                    signature=signature_of(example, estimator.predict(example)),
                    pip_requirements=_requirements(),
                    serialization_format="cloudpickle",
                )
        all_tags = {"airmedic.model": spec.name, **tags}
        if reference is not None:
            all_tags[_REFERENCE] = self._log_reference(run_id, reference, "reference")
        self._ensure_registered(spec)
        with self.answering():
            created = _version(
                self.client.create_model_version(
                    spec.name, logged.model_uri, run_id, tags=all_tags, model_id=logged.model_id
                )
            )
            self.client.set_registered_model_alias(spec.name, CHALLENGER, created.version)
        return created

    # Aliases

    def switch(
        self,
        name: str,
        to_version: str,
        *,
        kind: Literal["adopt", "deploy", "rollback"],
        by: str,
        proposal_hash: str | None = None,
        now: datetime,
    ) -> Promotion:
        """Make a version the champion, and the champion ``previous``.

        Doing it again changes nothing and returns the promotion on record.

        Raises
        ------
        ModelError
            If the version does not exist, or the alias does not read back as written.
        RegistryUnavailableError
            If MLflow does not answer. A retry completes the switch.
        LedgerBusyError
            If another switch of this model is under way, or the ledger does not answer. A retry helps.
        """
        started = perf_counter()
        with self._ledger.lock(f"switch:{name}"):
            self._repair(name)
            self.version(name, to_version)
            current = self._aliases(name).get(CHAMPION)
            last = self._last_promotion(name)
            if current == to_version and last is not None and last.to_version == to_version:
                return last
            intent = Promotion(name, current, to_version, kind, now, by, proposal_hash)
            self._write_intent(name, intent)
            return self._carry_out(intent, started)

    def notice_manual_switch(self, name: str, now: datetime) -> Promotion | None:
        """Record a switch that somebody made past Airmedic, if there was one.

        ``previous`` is set to the version that the ledger knew as champion, so that it can be rolled back to.

        Returns
        -------
        Promotion or None
            The promotion that was recorded; None where champion and ledger agree.
        """
        with self._ledger.lock(f"switch:{name}"):
            self._repair(name)
            aliases = self._aliases(name)
            current, last = aliases.get(CHAMPION), self._last_promotion(name)
            if current is None or (last is not None and last.to_version == current):
                return None
            known = last.to_version if last is not None else None
            if known is not None and any(each.version == known for each in self.versions(name)):
                self._set_alias(name, PREVIOUS, known)
            promotion = Promotion(name, known, current, "manual", now, by="unknown (set in MLflow)")
            self._ledger.record_promotion(promotion)
            return promotion

    def rollback_target(self, name: str) -> ModelVersion:
        """Return the version that served before the champion.

        Raises
        ------
        ModelError
            If there is none.
        """
        aliases = self._aliases(name)
        current = aliases.get(CHAMPION)
        candidates = [aliases.get(PREVIOUS), *(each.from_version for each in self._ledger.promotions(name))]
        known = {each.version: each for each in self.versions(name)}
        for candidate in candidates:
            if candidate is not None and candidate != current and candidate in known:
                return known[candidate]
        raise ModelError(
            f"{name!r} has no version to roll back to: nothing served before version {current}.",
            "Retrain, or register a version and deploy it.",
        )

    # Experiments

    def experiment(self, name: str) -> str:
        """Return the id of the experiment ``airmedic/<name>``, made on first use.

        It is marked as one of model development: MLflow would show it in its pages for language models otherwise.
        """
        title = f"airmedic/{name}"
        with self.answering():
            found = self.client.get_experiment_by_name(title)
            if found is not None:
                return str(found.experiment_id)
            from mlflow.exceptions import MlflowException

            try:
                kind = {"mlflow.experimentKind": "custom_model_development"}
                return str(self.client.create_experiment(title, artifact_location=self._artifacts(), tags=kind))
            except MlflowException:
                # Two tasks of one monitoring run may come here at once: the other one made it.
                found = self.client.get_experiment_by_name(title)
                if found is None:
                    raise
                return str(found.experiment_id)

    def _artifacts(self) -> str | None:
        if not self.tracking_uri.startswith("sqlite:///"):
            return None
        # Without a server MLflow would put artifacts under the current folder, wherever a task happens to run.
        return (Path(self.tracking_uri.removeprefix("sqlite:///")).absolute().parent / "mlartifacts").as_uri()

    def _unavailable(self, error: Exception) -> RegistryUnavailableError:
        reason = str(error).replace(self.tracking_uri, self.address).split("\n", 1)[0][:300]
        return RegistryUnavailableError(
            f"MLflow at {self.address} does not answer: {reason}.", "Start it, or correct MLFLOW_TRACKING_URI."
        )

    def _aliases(self, name: str) -> dict[str, str]:
        try:
            with self.answering():
                aliases = self.client.get_registered_model(name).aliases
        except ModelError:
            return {}
        return {alias: str(version) for alias, version in aliases.items()}

    def _set_alias(self, name: str, alias: str, version: str) -> None:
        with self.answering():
            self.client.set_registered_model_alias(name, alias, version)

    def _write_intent(self, name: str, intent: Promotion) -> None:
        with self.answering():
            self.client.set_registered_model_tag(name, _INTENT, json.dumps(to_json(intent)))

    def _carry_out(self, intent: Promotion, started: float) -> Promotion:
        name = intent.model
        if intent.from_version is not None and intent.from_version != intent.to_version:
            self._set_alias(name, PREVIOUS, intent.from_version)
        self._set_alias(name, CHAMPION, intent.to_version)
        read = self._aliases(name).get(CHAMPION)
        if read != intent.to_version:
            raise ModelError(
                f"The champion of {name!r} reads {read} right after it was set to {intent.to_version}.",
                "Somebody else switched it at the same moment: look at MLflow and decide again.",
            )
        promotion = Promotion(
            name,
            intent.from_version,
            intent.to_version,
            intent.kind,
            intent.at,
            intent.by,
            intent.proposal_hash,
            seconds=perf_counter() - started,
        )
        self._ledger.record_promotion(promotion)
        with self.answering():
            self.client.delete_registered_model_tag(name, _INTENT)
        return promotion

    def _repair(self, name: str) -> None:
        try:
            with self.answering():
                written = self.client.get_registered_model(name).tags.get(_INTENT)
        except ModelError:
            return
        if not written:
            return
        intent = from_json(Promotion, json.loads(written))
        last = self._last_promotion(name)
        recorded = last is not None and (last.at, last.to_version) == (intent.at, intent.to_version)
        if not recorded and self._aliases(name).get(CHAMPION) in {intent.from_version, intent.to_version}:
            self._carry_out(intent, perf_counter())
            return
        with self.answering():
            self.client.delete_registered_model_tag(name, _INTENT)

    def _last_promotion(self, name: str) -> Promotion | None:
        promotions: Sequence[Promotion] = self._ledger.promotions(name)
        return promotions[0] if promotions else None

    def _ensure_registered(self, spec: ModelSpec) -> None:
        from mlflow.exceptions import MlflowException

        with self.answering():
            try:
                self.client.create_registered_model(spec.name, description=spec.description or spec.title or None)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise

    def _log_reference(self, run_id: str, reference: Reference, name: str) -> str:
        with TemporaryDirectory() as folder, self.answering():
            path = Path(folder) / f"{name}.json.gz"
            reference.save(path)
            self.client.log_artifact(run_id, str(path), "airmedic")
        return f"{run_id}/airmedic/{path.name}"

    def _fitted(self, version: ModelVersion) -> tuple[Any, Inputs]:
        key = (self.tracking_uri, version.name, version.version)
        if key not in _loaded:
            _loaded[key] = self._read_model(version)
        return _loaded[key]

    def _read_model(self, version: ModelVersion) -> tuple[Any, Inputs]:
        from mlflow.artifacts import download_artifacts
        from mlflow.models import Model
        from mlflow.sklearn import load_model

        uri = f"models:/{version.name}/{version.version}"
        with TemporaryDirectory() as folder:
            with self.answering():
                path = download_artifacts(
                    artifact_uri=uri, dst_path=folder, tracking_uri=self.tracking_uri, registry_uri=self.tracking_uri
                )
            try:
                estimator = load_model(path)
                return estimator, _inputs(Model.load(path).signature, estimator)
            except Exception as error:
                raise ModelError(
                    f"Version {version.version} of {version.name!r} does not load: {type(error).__name__}: {error}.",
                    "It must be a scikit-learn model whose packages are installed here.",
                ) from error


def signature_of(prepared: pd.DataFrame, predictions: Any) -> Any:
    """Return the MLflow signature of prepared rows.

    MLflow's own inference would take a category that is missing in all rows of the example for a number.
    """
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, DataType, Schema

    kinds = {name: DataType.double if kind == "float64" else DataType.string for name, kind in prepared.dtypes.items()}
    columns = [ColSpec(kind, str(name), required=False) for name, kind in kinds.items()]
    return ModelSignature(Schema(columns), infer_signature(prepared.head(0), predictions).outputs)


def _version(found: Any) -> ModelVersion:
    return ModelVersion(
        name=found.name,
        version=str(found.version),
        run_id=found.run_id or "",
        created_at=datetime.fromtimestamp(found.creation_timestamp / 1000, tz=UTC),
        tags=dict(found.tags or {}),
    )


def _inputs(signature: Any, estimator: Any) -> Inputs:
    columns = list(signature.inputs.to_dict()) if signature is not None and signature.inputs is not None else []
    named: list[Json] = [column for column in columns if column.get("name")]
    if named:
        return Inputs(tuple((str(column["name"]), _KINDS.get(str(column["type"]), "unchanged")) for column in named))
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        raise ModelError("it has neither a signature nor feature names", "log it with a signature")
    return Inputs(tuple((str(name), "unchanged") for name in names))


def _requirements() -> list[str]:
    return [f"{name}=={installed_version(name)}" for name in _REQUIREMENTS]
