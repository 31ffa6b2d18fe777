"""Builds profiles from rows in memory, from a stream of Arrow batches in one pass, or in a database."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from airmedic_core.profile.columns import CategoricalProfile, ColumnProfile, NumericProfile, TimeProfile
from airmedic_core.profile.edges import Edges
from airmedic_core.profile.from_values import categorical_profile, numeric_profile
from airmedic_core.profile.profile import Profile, ScoreProfile, SegmentProfile
from airmedic_core.profile.pushdown import build_profile_ibis
from airmedic_core.profile.values import category_codes, category_counts, moments, numbers
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import ibis
    import pandas as pd
    import pyarrow as pa

    Rows: TypeAlias = "pd.DataFrame | pa.Table | pa.RecordBatch"


def build_profile(
    edges: Edges,
    rows: Rows | Iterable[Rows] | ibis.Table,
    *,
    score: str | np.ndarray | None = None,
    label: str | np.ndarray | None = None,
    loss: str | np.ndarray | None = None,
    window: Window | None = None,
) -> Profile:
    """Profile a set of rows.

    Parameters
    ----------
    edges : Edges
        The bins, from the reference.
    rows : pandas.DataFrame, pyarrow.Table, pyarrow.RecordBatch, an iterable of them, or ibis.Table
        An iterable is read once; memory stays bounded by two of its parts. A table stays in its database; see
        :func:`~airmedic_core.profile.pushdown.build_profile_ibis`.
    score, label, loss : str or numpy.ndarray, optional
        A column of the rows, or one value for each row (of rows in memory only). Labels are numbers (1 and 0 for a
        binary task); not-a-number where a label or loss is not known.
    window : Window, optional
        The window that the rows are of.

    Returns
    -------
    Profile
        With one profile for each column of the edges. A column that cannot be read does not hide the others: its
        values count as unreadable, and a column that the rows lack counts as null and is named in ``missing``.
    """
    measures = {"score": score, "label": label, "loss": loss}
    if hasattr(rows, "to_pyarrow"):
        columns = {key: str(name or "") for key, name in measures.items()}
        return build_profile_ibis(edges, rows, **columns, window=window)
    if hasattr(rows, "schema") or hasattr(rows, "iloc"):
        return _profile_part(edges, rows, measures, window)
    return _profile_stream(edges, rows, measures, window)


def empty_profile(edges: Edges, window: Window | None = None) -> Profile:
    """Return the profile of no rows at all."""
    columns: dict[str, ColumnProfile] = {
        **{name: NumericProfile.without_values(cuts) for name, cuts in edges.numeric.items()},
        **{name: CategoricalProfile.without_values(known.top) for name, known in edges.categorical.items()},
        **{name: TimeProfile(0, 0) for name in edges.time},
    }
    return Profile(edges, 0, columns, missing=frozenset(columns), window=window)


def _profile_stream(edges: Edges, parts: Iterable[Rows], measures: dict[str, Any], window: Window | None) -> Profile:
    """Profile one part while the next is read: decoding files releases the interpreter's lock, and so does sorting."""
    whole, pending = empty_profile(edges, window), None
    with ThreadPoolExecutor(1) as profiler:
        for part in parts:
            if pending is not None:
                whole = whole.merge(pending.result())
            pending = profiler.submit(_profile_part, edges, part, measures, window)
        return whole if pending is None else whole.merge(pending.result())


def _profile_part(edges: Edges, part: Any, measures: dict[str, Any], window: Window | None) -> Profile:
    named = list(part.items() if hasattr(part, "iloc") else zip(part.schema.names, part.columns, strict=True))
    given = {str(name): values for name, values in reversed(named)}  # the first of several with one name
    rows = len(part) if hasattr(part, "iloc") else part.num_rows

    def profile(name: str) -> ColumnProfile:
        values = given.get(name)
        if name in edges.numeric:
            cuts = edges.numeric[name]
            if values is None:
                return NumericProfile.without_values(cuts, rows=rows, nulls=rows)
            return numeric_profile(cuts, *numbers(values))
        if name in edges.categorical:
            known = edges.categorical[name]
            if values is None:
                return CategoricalProfile.without_values(known.top, rows)
            return categorical_profile(known, *category_counts(values))
        return TimeProfile(rows, rows) if values is None else moments(values)

    columns = {name: profile(name) for name in edges.columns}
    values = {
        key: numbers(given[measure])[0] if isinstance(measure, str) else measure
        for key, measure in measures.items()
        if measure is not None
    }
    segments = {}
    for name, segment_values in edges.segments.items():
        if name in given:
            segments.update(_segment_profiles(name, segment_values, given[name], values))
    return Profile(
        edges=edges,
        rows=rows,
        columns=columns,
        scores=_score_profile(edges, values),
        segments=segments,
        missing=frozenset(edges.columns) - given.keys(),
        window=window,
    )


def _score_profile(edges: Edges, values: dict[str, np.ndarray]) -> ScoreProfile | None:
    if edges.scores is None or "score" not in values:
        return None
    scores = np.asarray(values["score"], float)
    bins = len(edges.scores) + 1
    label = np.asarray(values.get("label", np.full(len(scores), np.nan)), float)
    loss = np.asarray(values.get("loss", np.full(len(scores), np.nan)), float)
    labelled = np.isfinite(scores) & np.isfinite(label)
    position = np.searchsorted(edges.scores, scores[labelled], side="left")
    known_loss = np.nan_to_num(loss[labelled], nan=0.0)
    return ScoreProfile(
        scores=numeric_profile(edges.scores, scores),
        labelled=np.bincount(position, minlength=bins).astype(np.int64),
        label_totals=np.bincount(position, label[labelled], minlength=bins).astype(float),
        score_totals=np.bincount(position, scores[labelled], minlength=bins).astype(float),
        loss_totals=np.bincount(position, known_loss, minlength=bins).astype(float),
    )


def _segment_profiles(
    name: str, known: tuple[str, ...], column: Any, values: dict[str, np.ndarray]
) -> dict[str, SegmentProfile]:
    target = category_codes(column, known)
    inside = target >= 0
    count = len(known)

    def total(key: str, mask: np.ndarray) -> np.ndarray:
        weights = np.nan_to_num(np.asarray(values.get(key, np.zeros(len(target))), float)[mask], nan=0.0)
        return np.bincount(target[mask], weights, minlength=count)

    label = np.asarray(values.get("label", np.full(len(target), np.nan)), float)
    labelled = inside & np.isfinite(label)
    rows = np.bincount(target[inside], minlength=count)
    known_rows = np.bincount(target[labelled], minlength=count)
    scores, labels, losses = total("score", inside), total("label", labelled), total("loss", labelled)
    return {
        f"{name}={value}": SegmentProfile(
            int(rows[at]), int(known_rows[at]), float(scores[at]), float(labels[at]), float(losses[at])
        )
        for at, value in enumerate(known)
        if rows[at]
    }
