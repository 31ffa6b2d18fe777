"""Finds out on rows what a model is: what its answers mean, and whether its signature holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.errors import ModelError, TrainingError
from airmedic_core.fitted import Meaning, Means, packages_told
from airmedic_core.flavours import FittedModel
from airmedic_core.inputs import Inputs
from airmedic_core.scoring import class_name, meaning_of

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.registry import ModelVersion
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

_PROBED_ROWS = 2000
"""Rows on which it is found out what answers mean: enough to meet each class that is not rare."""
_MOSTLY = 0.5
"""Share of a column's values that must be numbers where the signature says that it holds numbers."""
_NO_RANKING = 0.5
"""Area under the ROC curve of a score that knows nothing of the classes."""
_SHOWN = 5
"""Classes that are named in a message."""


def understood(
    spec: ModelSpec, model: FittedModel, inputs: Inputs, rows: pd.DataFrame
) -> tuple[FittedModel, Meaning | None]:
    """Return a model with what its answers mean, found out on rows, and that meaning where it has to be kept.

    Where the library says it, nothing has to be kept.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    model : FittedModel
        The fitted model.
    inputs : Inputs
        The inputs that it was fitted on.
    rows : pandas.DataFrame
        Rows whose labels are known, as far as possible.

    Raises
    ------
    ModelError
        If the answers are neither numbers nor classes, or the model knows none of the target's classes.
    """
    probed = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _PROBED_ROWS)).astype(int))]
    truth = probed[spec.target]
    answer = model.answer(inputs.prepare(probed))
    meaning = meaning_of(spec, answer, truth)
    known = {class_name(name) for name in meaning.classes}
    present = {class_name(label): label for label in truth.dropna().unique()}
    if spec.task != "regression" and present and not known & present.keys():
        own, wanted = (_listed(names) for names in (meaning.classes, tuple(present.values())))
        raise ModelError(
            f"The model knows the classes {own}, and {spec.target!r} holds {wanted}.",
            "Name the target's classes under prediction.classes in the spec, in the order of the model's.",
        )
    if answer.means is not None and not answer.columns:
        return model, None
    return replace(model, meaning=meaning), meaning


def check_signature(told: str, inputs: Inputs, frame: pd.DataFrame) -> None:
    """Refuse a model whose signature says of a column that it holds numbers, where the rows hold something else.

    Parameters
    ----------
    told : str
        What to call the model in a message.
    inputs : Inputs
        Its columns.
    frame : pandas.DataFrame
        The rows.

    Raises
    ------
    MissingColumnError
        If a column is not there.
    ModelError
        If a column holds no numbers. A retry does not help.
    """
    prepared = inputs.prepare(frame)
    for name in inputs.numeric:
        given = frame[name].notna()
        lost = given & prepared[name].isna()
        if lost.sum() > _MOSTLY * max(given.sum(), 1):
            example = frame.loc[lost, name].iloc[0]
            raise ModelError(
                f"{told} takes {name!r} as a number, by its signature; the rows hold others, such as {example!r}.",
                "Log it with the signature of the rows that it was trained on, or correct the source.",
            )


def described(ws: Workspace, version: ModelVersion) -> list[str]:
    """Return what a version is, in sentences: its library, what its answers mean, whether it can be refitted."""
    from airmedic_core.training.methods import cloned

    if ws.spec.only_logged:
        return _described_logged(ws)
    model, inputs = ws.registry.model(version), ws.registry.inputs(version)
    lines = [f"It is a model of {model.flavour} and takes {len(inputs.columns)} columns."]
    meaning = model.meaning
    if meaning is not None:
        lines.append(f"{_MEANT[meaning.means]}{_named(meaning)}.")
    if ws.spec.retrain.using == "clone":
        try:
            cloned(ws, version)
        except TrainingError as error:
            lines.append(f"{error} Everything else works.")
        else:
            lines.append("It can be refitted with its own settings (retrain: clone).")
    lines += _wrong_way(ws, version)
    wanted, todo = packages_told(model.gaps)
    if wanted:
        lines.append(f"{wanted} {todo}")
    return lines


def _described_logged(ws: Workspace) -> list[str]:
    logged = ws.spec.prediction
    lines = [f"It is in no registry and watched by the column {(logged.score or logged.label)!r}."]
    if not logged.version:
        lines.append(
            "No version is logged with the rows (prediction.version): nobody can tell when another one serves."
        )
    if not ws.spec.retrain.using.startswith("dag:"):
        lines.append("The spec names no DAG that retrains it (retrain: dag:<dag_id>): that is left to people.")
    if not ws.spec.rollout.dag:
        lines.append("The spec names no DAG that rolls it back (rollout: dag:<dag_id>): that is left to people.")
    return lines


def _wrong_way(ws: Workspace, version: ModelVersion) -> list[str]:
    """Return a warning where a score is surely the other class's."""
    if ws.spec.task != "binary" or not ws.registry.reference_place(version):
        return []
    ranked = ws.registry.reference(version).performance.get("roc_auc")
    if ranked is None or not ranked.high < _NO_RANKING:
        return []
    told = f"On the reference rows it ranks the classes the wrong way round (roc_auc {ranked.value:.2f})."
    return [f"{told} If its score is that of the other class, name that one under positive in the spec."]


_MEANT = {
    Means.SCORE: "Its answer is taken for the probability of",
    Means.LABEL: "Its answer is taken for the predicted class, one of",
    Means.CLASSES: "Its answers are taken for the probabilities of",
    Means.NUMBER: "Its answer is taken for the predicted value",
}


def _named(meaning: Meaning) -> str:
    if meaning.means is Means.NUMBER:
        return ""
    return " " + _listed(meaning.classes[-1:] if meaning.means is Means.SCORE else meaning.classes)


def _listed(classes: Sequence[Any]) -> str:
    more = f" and {len(classes) - _SHOWN} more" if len(classes) > _SHOWN else ""
    return ", ".join(repr(str(name)) for name in classes[:_SHOWN]) + more
