"""Says what belongs to a version: its fitted model, the columns that it takes, and the reference it was accepted on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import ModelError
from airmedic_core.fitted import REQUIREMENTS, Meaning, Means, PackageGap, package_gaps, requirements_of
from airmedic_core.flavours import FLAVOURS, FittedModel, as_fitted, opened
from airmedic_core.inputs import Inputs, Kind
from airmedic_core.records import Json
from airmedic_core.registry.versions import CHALLENGER, ModelVersion, Versions, version_of
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.profile import Reference

_REFERENCE = "airmedic.reference"
_MEANING = "airmedic.prediction"
_KINDS: dict[str, Kind] = {
    "double": "number",
    "float": "number",
    "long": "number",
    "integer": "number",
    "string": "category",
}
_MOST_SECONDS = 180
"""Longer than MLflow's client may take to give up on the calls that register a version. What takes longer hangs."""
_loaded: dict[tuple[str, str, str], tuple[FittedModel, Inputs]] = {}
_references: dict[tuple[str, str, str, str], Any] = {}


class Models(Versions):
    """Registering and loading models, and keeping their references."""

    def model(self, version: ModelVersion) -> FittedModel:
        """Return the fitted model of a version, loaded once per process.

        Only versions of this registry are loaded, by name and version: a path from elsewhere is never unpickled.

        Raises
        ------
        ModelError
            If it does not load. A retry does not help.
        """
        return self._fitted(version)[0]

    def load(self, version: ModelVersion) -> Any:
        """Return the model of a version as its library knows it. Raises as :meth:`model` does."""
        return self.model(version).native

    def inputs(self, version: ModelVersion) -> Inputs:
        """Return the feature columns of a version, from its signature. Raises as :meth:`model` does."""
        return self._fitted(version)[1]

    def gaps(self, version: ModelVersion) -> tuple[PackageGap, ...]:
        """Return the packages that are not installed as a version wants them, without loading it."""
        from mlflow.artifacts import download_artifacts

        uri = f"models:/{version.name}/{version.version}/{REQUIREMENTS}"
        with TemporaryDirectory() as folder:
            try:
                with self.answering():
                    self.make_current()
                    path = download_artifacts(
                        artifact_uri=uri,
                        dst_path=folder,
                        tracking_uri=self.tracking_uri,
                        registry_uri=self.tracking_uri,
                    )
            except ModelError:
                # A model that lists no packages wants none.
                return ()
            return package_gaps(Path(path).read_text(encoding="utf-8"))

    def keep_meaning(self, version: ModelVersion, meaning: Meaning) -> None:
        """Keep with a version what its answers mean: the next process that loads it need not find out again."""
        self.tag(version.name, version.version, _MEANING, meaning_tag(meaning)[_MEANING])
        model, inputs = self._fitted(version)
        _loaded[self.tracking_uri, version.name, version.version] = (replace(model, meaning=meaning), inputs)

    def reference(self, version: ModelVersion) -> Reference:
        """Return the reference of a version.

        Raises
        ------
        ModelError
            If the version has none: it was not registered by Airmedic.
        """
        from airmedic_core.profile import Reference

        place = self.reference_place(version)
        if not place:
            raise ModelError(
                f"Version {version.version} of {version.name!r} has no reference profile.",
                f"Run 'airmedic adopt --model {version.name}': it makes one from the rows of the spec's reference.",
            )
        key = (self.tracking_uri, version.name, version.version, place)
        if key not in _references:
            run_id, _, path = place.partition("/")
            with TemporaryDirectory() as folder, self.answering():
                _references[key] = Reference.load(Path(self.client.download_artifacts(run_id, path, folder)))
        reference: Reference = _references[key]
        return reference

    def save_reference(self, version: ModelVersion, reference: Reference, *, name: str = "reference") -> str:
        """Keep a reference with a version, and return its place.

        The place is written to the version's tag last, so that an interrupted call leaves the old reference in use.

        Parameters
        ----------
        version : ModelVersion
            The version.
        reference : Reference
            What later windows are to be compared with.
        name : str
            The artifact's name: another one leaves the present reference in place.
        """
        place = self._log_reference(version.run_id or self._run_for(version), reference, name)
        self.point_reference(version, place)
        return place

    def reference_place(self, version: ModelVersion) -> str:
        """Return the place of a version's reference, to point back to later; empty if it has none."""
        return self.version(version.name, version.version).tags.get(_REFERENCE, "")

    def point_reference(self, version: ModelVersion, place: str) -> None:
        """Make a reference that was saved before the one in use."""
        self.tag(version.name, version.version, _REFERENCE, place)

    def register(
        self,
        spec: ModelSpec,
        model: Any,
        example: pd.DataFrame,
        *,
        run_id: str,
        tags: Mapping[str, str],
        reference: Reference | None,
        once: str = "",
        shadow: bool = False,
    ) -> ModelVersion:
        """Register a fitted model as a new version; the alias ``challenger`` moves to it.

        The version appears last, when the model and its reference are complete.

        Parameters
        ----------
        spec : ModelSpec
            The model; its name is the registered model's.
        model : object
            Fitted, of any flavour.
        example : pandas.DataFrame
            A few prepared rows of its inputs, for the signature.
        run_id : str
            The training run it belongs to.
        tags : mapping
            Tags of the version.
        reference : Reference
            What it was accepted on.
        once : str
            A tag of which no two versions may have the same value: the version that has it already is returned.
        shadow : bool
            Whether no alias moves: it is only tried.

        Raises
        ------
        LedgerBusyError
            If this process was taken for dead, and another one goes on with its work. A retry finds what that has done.
        """
        import mlflow

        model = as_fitted(model)
        flavour = FLAVOURS.member(model.flavour)
        signature = signature_of(example, flavour.predict(model.native, example))
        library = [flavour.package] if flavour.package else []
        with self.answering():
            self.make_current()
            # A training function of the team's own may have left another experiment or a run active.
            mlflow.set_experiment(experiment_id=self.client.get_run(run_id).info.experiment_id)
            with mlflow.start_run(run_id=run_id, nested=True):
                packages = requirements_of(model.native, library)
                logged = flavour.log(
                    model.native, {"name": "model", "signature": signature, "pip_requirements": packages}
                )
        return self._created(spec, logged.model_uri, logged.model_id, run_id, tags, reference, once, shadow)

    def register_again(
        self,
        spec: ModelSpec,
        version: ModelVersion,
        *,
        run_id: str,
        tags: Mapping[str, str],
        reference: Reference | None,
        once: str = "",
    ) -> ModelVersion:
        """Register the model of a version as a version of its own, which is what a training delivers.

        Parameters
        ----------
        spec : ModelSpec
            The model; its name is the registered model's.
        version : ModelVersion
            The version whose model it is.
        run_id : str
            The training run that the new version belongs to.
        tags : mapping
            Tags of the new version.
        reference : Reference
            What it was accepted on.
        once : str
            A tag of which no two versions may have the same value: the version that has it already is returned.
        """
        with self.answering():
            known = self.client.get_model_version(version.name, version.version)
        # A server does not say the model's id of a version, and refuses its source without it.
        model_id = getattr(known, "model_id", None) or _model_id_in(known.source)
        return self._created(spec, known.source, model_id, run_id, tags, reference, once)

    def _created(
        self,
        spec: ModelSpec,
        source: str,
        model_id: str | None,
        run_id: str,
        tags: Mapping[str, str],
        reference: Reference | None,
        once: str,
        shadow: bool = False,
    ) -> ModelVersion:
        all_tags = {"airmedic.model": spec.name, **tags}
        if reference is not None:
            all_tags[_REFERENCE] = self._log_reference(run_id, reference, "reference")
        self._ensure_registered(spec)
        with self._ledger.hold(f"register {spec.name}", most_seconds=_MOST_SECONDS) as hold, self.answering():
            version = self.find(spec.name, once, tags[once]) if once else None
            hold.require()
            if version is None:
                version = version_of(
                    self.client.create_model_version(spec.name, source, run_id, tags=all_tags, model_id=model_id)
                )
            if not shadow:
                self.client.set_registered_model_alias(spec.name, CHALLENGER, version.version)
        return version

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

    def _run_for(self, version: ModelVersion) -> str:
        """Return a new run for what belongs to a version that was registered without one."""
        title = f"reference of version {version.version}"
        with self.answering():
            run_id = str(self.client.create_run(self.experiment(version.name), run_name=title).info.run_id)
            self.client.set_terminated(run_id)
        return run_id

    def _fitted(self, version: ModelVersion) -> tuple[FittedModel, Inputs]:
        key = (self.tracking_uri, version.name, version.version)
        if key not in _loaded:
            _loaded[key] = self._read_model(version)
        return _loaded[key]

    def _read_model(self, version: ModelVersion) -> tuple[FittedModel, Inputs]:
        told = f"Version {version.version} of {version.name!r}"
        with self.files(version) as folder:
            model = opened(folder, told, _meaning_in(version.tags))
        return model, inputs_of(told, model)

    @contextmanager
    def files(self, version: ModelVersion) -> Iterator[Path]:
        """Give the files of a version, as MLflow keeps them, in a folder that is there as long as the block runs."""
        from mlflow.artifacts import download_artifacts

        uri = f"models:/{version.name}/{version.version}"
        with TemporaryDirectory() as folder:
            with self.answering():
                self.make_current()
                path = download_artifacts(
                    artifact_uri=uri, dst_path=folder, tracking_uri=self.tracking_uri, registry_uri=self.tracking_uri
                )
            yield Path(path)


def meaning_tag(meaning: Meaning) -> dict[str, str]:
    """Return the tag of a version that says what its answers mean."""
    said = {"means": meaning.means, "classes": meaning.classes, "output": meaning.output, "own": meaning.own}
    return {_MEANING: json.dumps(said, default=str)}


def _meaning_in(tags: Mapping[str, str]) -> Meaning | None:
    if _MEANING not in tags:
        return None
    said = json.loads(tags[_MEANING])
    return Meaning(Means(said["means"]), tuple(said["classes"]), said["output"], tuple(said["own"]))


def signature_of(prepared: pd.DataFrame, predictions: Any) -> Any:
    """Return the MLflow signature of prepared rows.

    MLflow's own inference would take a category that is missing in all rows of the example for a number.
    """
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, DataType, Schema

    kinds = {name: DataType.double if kind == "float64" else DataType.string for name, kind in prepared.dtypes.items()}
    columns = [ColSpec(kind, str(name), required=False) for name, kind in kinds.items()]
    return ModelSignature(Schema(columns), infer_signature(prepared.head(0), predictions).outputs)


def inputs_of(told: str, model: FittedModel) -> Inputs:
    """Return the feature columns of a fitted model: from its MLflow signature, else the names it was fitted with.

    Parameters
    ----------
    told : str
        What to call it in a message.
    model : FittedModel
        The model.

    Raises
    ------
    ModelError
        If neither says which columns it takes.
    """
    signature = model.signature
    columns = list(signature.inputs.to_dict()) if signature is not None and signature.inputs is not None else []
    named: list[Json] = [column for column in columns if column.get("name")]
    if named:
        return Inputs(tuple((str(column["name"]), _KINDS.get(str(column["type"]), "unchanged")) for column in named))
    names = model.columns()
    if not names:
        raise ModelError(
            f"{told} does not say which columns it takes.", "Fit it on a DataFrame, or log it with a signature."
        )
    return Inputs(tuple((name, "unchanged") for name in names))


def _model_id_in(source: str) -> str | None:
    """Return the id of a logged model from its URI, ``models:/m-…``; None where the source is a path or a run."""
    name = source.removeprefix("models:/")
    return name if name != source and name.startswith("m-") and "/" not in name else None
