"""Ask whether one model may replace another, on labelled rows that neither was trained on.

A model is an MLflow URI (models:/name/3, models:/name@champion, runs:/id/model) or a joblib file. Loading a model runs
the code inside it: name only models that you trust.

Exit code 0: passed. 1: refused. 3: inconclusive. 2: not comparable, or an error.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import ModelError, RegistryUnavailableError, SourceError
from airmedic_core.terminal.arguments import add_json, add_model, spec_of
from airmedic_core.terminal.progress import step

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.flavours import FittedModel
    from airmedic_core.inputs import Inputs
    from airmedic_core.records import GateResult
    from airmedic_core.scoring import ScoredBatch
    from airmedic_core.spec import ModelSpec

SUMMARY = "ask whether one model may replace another"

_EXIT = {"passed": 0, "refused": 1, "inconclusive": 3, "not_comparable": 2}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_model(parser)
    parser.add_argument("--champion", required=True, metavar="URI", help="the model that serves")
    parser.add_argument("--challenger", required=True, metavar="URI", help="the model that wants to")
    parser.add_argument("--evaluation", required=True, metavar="FILE", help="labelled rows: csv, csv.gz or parquet")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and judge."""
    from airmedic_core.records import to_json
    from airmedic_core.terminal.output import write_json

    result = judge(spec_of(args.model), args.champion, args.challenger, args.evaluation)
    if args.json:
        write_json(args.json, to_json(result))
    if args.json != "-":
        _print(result)
    return _EXIT[result.outcome]


def judge(spec: ModelSpec, champion: str, challenger: str, evaluation: str) -> GateResult:
    """Return whether a challenger may replace a champion.

    Parameters
    ----------
    spec : ModelSpec
        Names the target, the metric and the margins.
    champion, challenger : str
        An MLflow URI or a joblib file.
    evaluation : str
        A file of labelled rows.

    Raises
    ------
    SourceError
        If the rows cannot be read, or there are none.
    RegistryUnavailableError
        If MLflow does not answer.
    """
    from dataclasses import replace

    from airmedic_core.records import GateResult
    from airmedic_core.sources import read_window
    from airmedic_core.training.gate import compare

    step(f"reads {Path(evaluation).name}")
    frame = read_window(reading(spec, evaluation), None)
    if frame.empty:
        raise SourceError(
            f"{evaluation!r} has no rows.", "Name a file of labelled rows that neither model was trained on."
        )
    empty = GateResult("not_comparable", spec.metric, (), champion, challenger, margin=spec.gate.margin)
    try:
        step(f"asks the champion {champion}")
        old = _scored(spec, champion, _load(spec, champion), frame)
        step(f"asks the challenger {challenger}")
        loaded = _load(spec, challenger)
    except ModelError as error:
        return replace(empty, reasons=(str(error),))
    try:
        new = _scored(spec, challenger, loaded, frame)
    except ModelError as error:
        return replace(empty, outcome="refused", reasons=(f"The challenger cannot be measured: {error}",))
    step("compares their answers")
    return replace(compare(spec, old, new, frame), champion=champion, challenger=challenger)


def reading(spec: ModelSpec, file: str) -> ModelSpec:
    """Return the spec with its rows in another file."""
    data = spec.data.model_copy(update={"source": "file", "path": file, "connection": "", "table": "", "query": ""})
    return spec.model_copy(update={"data": data})


def _scored(spec: ModelSpec, model: str, loaded: tuple[FittedModel, Inputs], frame: pd.DataFrame) -> ScoredBatch:
    from airmedic_core.scoring import ScoredBatch, encode_labels, predict

    fitted, inputs = loaded
    try:
        scores, predicted, classes = predict(spec, fitted, inputs.prepare(frame), truth=frame.get(spec.target))
    except ModelError as error:
        raise ModelError(f"{model!r} does not predict what it should. {error.problem}", error.hint) from error
    except Exception as error:
        raise ModelError(
            f"{model!r} does not predict: {type(error).__name__}: {error}.", "Check its columns."
        ) from error
    return ScoredBatch(scores, predicted, encode_labels(spec, frame, classes), model, classes)


def _load(spec: ModelSpec, model: str) -> tuple[FittedModel, Inputs]:
    import numpy as np
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    from airmedic_core.flavours import as_fitted
    from airmedic_core.inputs import Inputs
    from airmedic_core.registry import inputs_of

    fitted = _from_mlflow(model) if model.startswith(("models:/", "runs:/")) else as_fitted(_from_file(model))
    listed = (*spec.features.numeric, *spec.features.categorical)
    nameless = fitted.signature is None and not fitted.columns()
    if nameless and listed and getattr(fitted.native, "n_features_in_", None) == len(listed):
        # Fitted on an array: the spec says which columns those were.
        return as_fitted(make_pipeline(FunctionTransformer(np.asarray), fitted.native)), Inputs.of(listed, ())
    return fitted, inputs_of(repr(model), fitted)


def _from_file(model: str) -> Any:
    import joblib

    path = Path(model)
    if not path.is_file():
        raise ModelError(
            f"There is no model file {model!r}.", "Name a joblib file, or an MLflow URI such as models:/name/3."
        )
    try:
        return joblib.load(path)
    except Exception as error:
        raise ModelError(
            f"{model!r} does not load: {type(error).__name__}: {error}.", "Is it a joblib file?"
        ) from error


def _from_mlflow(model: str) -> FittedModel:
    from tempfile import TemporaryDirectory

    import mlflow
    from mlflow.exceptions import MlflowException

    from airmedic_core.flavours import opened
    from airmedic_core.reports.runs import probe
    from airmedic_core.settings import Settings

    settings = Settings.from_env()
    probe(settings)
    mlflow.set_tracking_uri(settings.tracking_uri)
    mlflow.set_registry_uri(settings.tracking_uri)
    with TemporaryDirectory() as folder:
        try:
            path = mlflow.artifacts.download_artifacts(artifact_uri=model, dst_path=folder)
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "NOT_FOUND"}:
                raise ModelError(
                    f"MLflow has no model {model!r}: {error.message}.", "Check the name and version."
                ) from error
            raise RegistryUnavailableError(
                f"MLflow does not answer: {error.message}.", "Check that it runs."
            ) from error
        except OSError as error:
            raise ModelError(f"MLflow has no model {model!r}: {error}.", "Check the name and version.") from error
        return opened(Path(path), repr(model))


def _print(result: GateResult) -> None:
    from airmedic_core.reports.text import number
    from airmedic_core.terminal.output import judged, say, show

    judged(result.outcome, " ".join(result.reasons))
    if result.difference is None:
        return
    say(f"{result.rows:,} labelled rows in {result.blocks} blocks of time, margin {number(result.margin)}")
    keys = ("champion", "challenger", "difference", "low", "high")
    whole = (result.champion_value, result.challenger_value, result.difference, result.low, result.high)
    rows = [("all rows", *map(number, whole))]
    rows += [(str(segment.get("segment")), *(number(segment.get(key)) for key in keys)) for segment in result.segments]
    show(result.metric, ("", "Champion", "Challenger", "Difference", "Low", "High"), rows)
