"""Says whether the labels of two sets of rows can be used: there, of the task, and of the same values on both sides."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from airmedic_core.columns import category_name
from airmedic_core.errors import MissingColumnError, SourceError, closest
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict
from airmedic_core.scoring import class_name, positive_class

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

_SHOWN = 40
"""Characters of a label that a message shows. Bounds its length."""
_UNKNOWN_FRACTION = 0.05
_MOST_CLASSES = 200
"""A default model weighs each class in each tree: with more, a check takes minutes, and each class has few rows."""
_LEAST_UNKNOWN = 3
"""Rows: fewer labels of a class that is rare are chance."""


def compare_labels(spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame) -> list[Finding]:
    """Refuse labels that no model could learn from, and tell if the current ones are not those of the reference.

    Parameters
    ----------
    spec : ModelSpec
        Names the target and the task.
    reference, current : pandas.DataFrame
        Rows. They may lack the target: labels often come later.

    Returns
    -------
    list of Finding
        Empty where practically all labels can be used, or there is nothing to compare.

    Raises
    ------
    SourceError, SpecError
        If the labels of the reference are none of the task, or labels are lists. A retry does not help.
    """
    target = spec.target
    before, now = (frame[target].dropna() if target in frame else None for frame in (reference, current))
    for labels, where in ((before, "the reference"), (now, "the rows in question")):
        _refuse_nested(target, labels, where)
    if before is None or not len(before):
        return []
    _refuse_unusable(spec, before)
    return [] if now is None or not len(now) else _unknown(spec, before, now)


def refuse_no_target(spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame) -> None:
    """Refuse a target that neither set of rows has: its name is more likely wrong than all labels to come.

    Parameters
    ----------
    spec : ModelSpec
        It names the target.
    reference, current : DataFrame
        The two sets of rows.

    Raises
    ------
    MissingColumnError
        The message names the closest column. A retry does not help.
    """
    target = spec.target
    if target not in reference and target not in current:
        raise MissingColumnError(
            f"Neither set of rows has the column {target!r}, which the spec names as target.",
            closest(target, map(str, reference.columns)),
        )


def _refuse_nested(target: str, labels: pd.Series | None, where: str) -> None:
    """Refuse labels that hold several values each: no model of this kind answers with them."""
    if labels is None or labels.dtype != object:
        return
    nested = labels[[not isinstance(label, Hashable) for label in labels]]
    if len(nested):
        raise SourceError(
            f"The target {target!r} holds lists or mappings in {where}, such as {str(nested.iloc[0])[:_SHOWN]}; a "
            "label must be one value.",
            "Name a target of single values, or take the value out of the list before the rows are stored.",
        )


def _refuse_unusable(spec: ModelSpec, labels: pd.Series) -> None:
    if spec.task == "regression":
        wrong = labels[_no_numbers(labels)]
        if len(wrong):
            raise SourceError(
                f"The target {spec.target!r} of a regression holds text in the reference, such as {_shown(wrong)}.",
                "Set task to binary or multiclass, or name a target of numbers.",
            )
        return
    names = len(set(map(class_name, labels.unique())))
    if spec.task == "multiclass" and names > _MOST_CLASSES:
        raise SourceError(
            f"The target {spec.target!r} of a multiclass model has {names:,} values in the reference, such as "
            f"{_shown(labels)}; at most {_MOST_CLASSES} can be compared.",
            "Name a target of fewer classes, or set task to regression if they are numbers.",
        )
    if spec.task == "binary" and names > 2:
        raise SourceError(
            f"The target {spec.target!r} of a binary model has {names} values in the reference, such as "
            f"{_shown(labels)}.",
            "Set task to multiclass or regression, or name a target of two values.",
        )
    if spec.task == "binary" and names == 2:
        positive_class(spec, tuple(labels.unique().tolist()))


def _unknown(spec: ModelSpec, before: pd.Series, now: pd.Series) -> list[Finding]:
    if spec.task == "regression":
        unknown, usual = now[_no_numbers(now)], "numbers"
    else:
        names, known = _names(now), set(_names(before))
        # A reference of one class alone does not say what the other one is called.
        either = spec.task == "binary" and len(known | set(names)) <= 2
        unknown, usual = now[~names.isin(known) & (not either)], _shown(before)
    share = len(unknown) / len(now)
    if share <= _UNKNOWN_FRACTION or len(unknown) < min(_LEAST_UNKNOWN, len(now)):
        return []
    return [
        Finding(
            "pair", spec.target, "unknown_labels", Verdict.ALERT, value=share, baseline=0.0, limit=_UNKNOWN_FRACTION,
            effect=share, sample_size=len(now), unit="fraction", suggests=(Cause.SCHEMA_CHANGE,), role=Role.DATA_FAULT,
            message=(
                f"{percent(share)} of the labels in {spec.target} are none that the reference knows: {_shown(unknown)} "
                f"where {usual} is usual."
            ),
        )
    ]  # fmt: skip


def _no_numbers(labels: pd.Series) -> pd.Series[bool]:
    import pandas as pd

    return pd.to_numeric(labels, errors="coerce").isna()


def _names(labels: pd.Series) -> pd.Series:
    return labels.map({label: class_name(label) for label in labels.unique()})


def _shown(labels: pd.Series) -> str:
    names = sorted({category_name(label)[:40] for label in labels.drop_duplicates().head(1000)})
    return ", ".join(map(repr, names[:3])) + (", …" if len(names) > 3 else "")
