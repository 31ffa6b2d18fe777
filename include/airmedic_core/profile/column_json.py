"""Profiles of single columns, and windows, as plain JSON."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from airmedic_core.profile.columns import CategoricalProfile, ColumnProfile, Floats, NumericProfile, TimeProfile
from airmedic_core.profile.edges import Edges
from airmedic_core.records import Json
from airmedic_core.windows import Window

_SCALARS = (
    "rows", "nulls", "non_finite", "unreadable", "zeros", "negatives", "minimum", "maximum", "total", "squares",
)  # fmt: skip
"""The plain numbers of a column, kept under their own names."""


def column_to_json(column: ColumnProfile) -> Json:
    """Return the profile of a column as plain JSON. Empty bins are left out."""
    if isinstance(column, NumericProfile):
        filled = np.flatnonzero(column.counts)
        return {
            "kind": "numeric",
            **{key: getattr(column, key) for key in _SCALARS},
            "bins": filled.tolist(),
            "counts": column.counts[filled].tolist(),
            "sums": column.sums[filled].tolist(),
        }
    if isinstance(column, CategoricalProfile):
        return {
            "kind": "categorical",
            "rows": column.rows,
            "nulls": column.nulls,
            "counts": column.counts.tolist(),
            "other": column.other,
            "unseen": column.unseen,
            "unseen_names": column.unseen_names,
        }
    ends = {key: moment and moment.isoformat() for key, moment in vars(column).items() if key in ("minimum", "maximum")}
    return {"kind": "time", "rows": column.rows, "nulls": column.nulls, **ends}


def column_from_json(edges: Edges, name: str, plain: Json) -> ColumnProfile:
    """Return the profile of a column that :func:`column_to_json` wrote.

    Parameters
    ----------
    edges : Edges
        The edges that it was built on.
    name : str
        The column.
    plain : dict
        What was written.
    """
    if plain["kind"] == "numeric":
        return numeric_from_json(edges.numeric[name], plain)
    if plain["kind"] == "categorical":
        return CategoricalProfile(
            categories=edges.categorical[name].top,
            rows=plain["rows"],
            nulls=plain["nulls"],
            counts=np.asarray(plain["counts"], np.int64),
            other=plain["other"],
            unseen=plain["unseen"],
            unseen_names=dict(plain["unseen_names"]),
        )
    ends = (plain[key] and datetime.fromisoformat(plain[key]) for key in ("minimum", "maximum"))
    return TimeProfile(plain["rows"], plain["nulls"], *ends)


def numeric_from_json(cuts: Floats, plain: Json) -> NumericProfile:
    """Return the profile of a column of numbers with these cut points."""
    counts, sums = np.zeros(len(cuts) + 1, np.int64), np.zeros(len(cuts) + 1)
    counts[plain["bins"]] = plain["counts"]
    sums[plain["bins"]] = plain["sums"]
    return NumericProfile(edges=cuts, counts=counts, sums=sums, **{key: plain[key] for key in _SCALARS})


def window_to_json(window: Window) -> list[str]:
    """Return a window as its two ends."""
    return [window.start.isoformat(), window.end.isoformat()]


def window_from_json(plain: list[str]) -> Window:
    """Return the window that :func:`window_to_json` wrote."""
    return Window(datetime.fromisoformat(plain[0]), datetime.fromisoformat(plain[1]))
