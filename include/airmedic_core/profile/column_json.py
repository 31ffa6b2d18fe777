"""Profiles of single columns, and windows, as plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from airmedic_core.profile.columns import (
    CategoricalProfile,
    ColumnProfile,
    Floats,
    NumericProfile,
    ProfileError,
    TimeProfile,
)
from airmedic_core.profile.edges import Edges
from airmedic_core.records import Json
from airmedic_core.windows import Window

_REBUILD = "Build it again from its rows."

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

    Raises
    ------
    ProfileError
        If a number is none, or the counts are of other categories than the edges have. A retry does not help.
    """
    require_numbers(plain, ("rows", "nulls"))
    if plain["kind"] == "numeric":
        return numeric_from_json(edges.numeric[name], plain)
    if plain["kind"] == "categorical":
        require_numbers(plain, ("other", "unseen"))
        if len(plain["counts"]) != len(edges.categorical[name].top):
            raise ProfileError(f"The profile of {name!r} counts other categories than its edges have.", _REBUILD)
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
    require_numbers(plain, _SCALARS)
    counts, sums = np.zeros(len(cuts) + 1, np.int64), np.zeros(len(cuts) + 1)
    counts[plain["bins"]] = plain["counts"]
    sums[plain["bins"]] = plain["sums"]
    return NumericProfile(edges=cuts, counts=counts, sums=sums, **{key: plain[key] for key in _SCALARS})


def require_numbers(plain: Json, names: Sequence[str]) -> None:
    """Raise ProfileError if one of these is not a number: a damaged file may hold any JSON."""
    wrong = [name for name in names if not isinstance(plain[name], int | float | None)]
    if wrong:
        raise ProfileError(f"{wrong[0]!r} of a profile is {plain[wrong[0]]!r}, not a number.", _REBUILD)


def window_to_json(window: Window) -> list[str]:
    """Return a window as its two ends."""
    return [window.start.isoformat(), window.end.isoformat()]


def window_from_json(plain: list[str]) -> Window:
    """Return the window that :func:`window_to_json` wrote."""
    return Window(datetime.fromisoformat(plain[0]), datetime.fromisoformat(plain[1]))
