"""Builds the same profile inside a database, through Ibis: only sums and counts travel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.columns import category_name
from airmedic_core.profile.columns import CategoricalProfile, ColumnProfile, Floats, NumericProfile, TimeProfile
from airmedic_core.profile.edges import Edges
from airmedic_core.profile.from_values import categorical_profile
from airmedic_core.profile.profile import Profile, ScoreProfile, SegmentProfile
from airmedic_core.profile.pushdown_columns import (
    by_bin,
    category_counts,
    float_literal,
    is_finite,
    number_of,
    numeric_column,
    profile_of_bins,
    records,
    time_column,
)
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import ibis


def build_profile_ibis(
    edges: Edges, table: ibis.Table, *, score: str = "", label: str = "", loss: str = "", window: Window | None = None
) -> Profile:
    """Profile the rows of an Ibis table where they are.

    Parameters
    ----------
    edges : Edges
        The bins, from the reference.
    table : ibis.Table
        The rows, such as :func:`airmedic_core.sources.open_window` gives.
    score, label, loss : str
        Columns with the model's scores, the labels as numbers, and the losses; null where not known.
    window : Window, optional
        The window that the rows are of.

    Returns
    -------
    Profile
        Equal to that of :func:`~airmedic_core.profile.build.build_profile` on the same rows, up to the order in which
        the database adds floats.
    """
    present = set(table.columns)
    rows = int(table.count().to_pyarrow().as_py())
    columns: dict[str, ColumnProfile] = {}
    for name, cuts in edges.numeric.items():
        if name in present:
            columns[name] = numeric_column(table, name, cuts)
        else:
            columns[name] = NumericProfile.without_values(cuts, rows=rows, nulls=rows)
    for name, known in edges.categorical.items():
        if name in present:
            columns[name] = categorical_profile(known, *category_counts(table, name))
        else:
            columns[name] = CategoricalProfile.without_values(known.top, rows)
    for name in edges.time:
        columns[name] = time_column(table, name) if name in present else TimeProfile(rows, rows)
    measures = {"score": score, "label": label, "loss": loss}
    segments: dict[str, SegmentProfile] = {}
    for name, values in edges.segments.items():
        if name in present:
            segments.update(_segments(table, name, values, measures))
    return Profile(
        edges=edges,
        rows=rows,
        columns=columns,
        scores=_scores(table, edges.scores, measures) if score and edges.scores is not None else None,
        segments=segments,
        missing=frozenset(edges.columns) - present,
        window=window,
    )


def _label_sums(table: ibis.Table, measures: dict[str, str]) -> dict[str, Any]:
    """Return, for each row, what is added up over the rows with a finite score and a known label."""
    import ibis

    zero = float_literal(0.0)
    score, label, loss = (number_of(table, name)[0] if name else ibis.null("float64") for name in measures.values())
    labelled = label.notnull() & (is_finite(score) if measures["score"] else ibis.literal(value=True))
    sums = {"labelled": float_literal(1.0), "label": label, "score": score, "loss": loss}
    return {
        key: ibis.ifelse(labelled.fill_null(ibis.literal(value=False)), value.fill_null(zero), zero)
        for key, value in sums.items()
    }


def _scores(table: ibis.Table, cuts: Floats, measures: dict[str, str]) -> ScoreProfile:
    groups = by_bin(table, measures["score"], cuts, _label_sums(table, measures))
    sums = {key: np.zeros(len(cuts) + 1) for key in ("labelled", "label", "score", "loss")}
    for group in groups:
        if group["airmedic_bin"] >= 0:
            for key, total in sums.items():
                total[group["airmedic_bin"]] = group[f"sum_{key}"]
    return ScoreProfile(
        scores=profile_of_bins(cuts, groups),
        labelled=sums["labelled"].astype(np.int64),
        label_totals=sums["label"],
        score_totals=sums["score"],
        loss_totals=sums["loss"],
    )


def _segments(
    table: ibis.Table, name: str, values: tuple[str, ...], measures: dict[str, str]
) -> dict[str, SegmentProfile]:
    import ibis

    score = number_of(table, measures["score"])[0] if measures["score"] else ibis.null("float64")
    all_scores = score.fill_null(float_literal(0.0))
    part = table.select(value=table[name], all_scores=all_scores, **_label_sums(table, measures))
    keys = ("all_scores", "labelled", "label", "loss")
    groups = records(
        part.group_by("value").aggregate(rows=part.count(), **{f"sum_{key}": part[key].sum() for key in keys})
    )
    profiles: dict[str, SegmentProfile] = {}
    for group in groups:
        value = category_name(group["value"])
        if value in values:
            mine = SegmentProfile(
                int(group["rows"]),
                int(group["sum_labelled"]),
                float(group["sum_all_scores"]),
                float(group["sum_label"]),
                float(group["sum_loss"]),
            )
            key = f"{name}={value}"
            profiles[key] = profiles.get(key, SegmentProfile()).merge(mine)
    return profiles
