"""Profiles as JSON, for files and the ledger, and as Arrow tables, for analysis."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

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
from airmedic_core.profile.profile import FORMAT_VERSION, Profile, ScoreProfile, SegmentProfile
from airmedic_core.records import Json
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pyarrow as pa

_SCALARS = (
    "rows",
    "nulls",
    "non_finite",
    "unreadable",
    "zeros",
    "negatives",
    "minimum",
    "maximum",
    "total",
    "squares",
)
_HEADER = b"airmedic_profile"


def profile_to_json(profile: Profile, *, edges: bool = True) -> Json:
    """Return a profile as plain JSON. Empty bins are left out."""
    scores = profile.scores
    plain: Json = {
        "format_version": FORMAT_VERSION,
        "edges_id": profile.edges.id,
        "rows": profile.rows,
        "window": None if profile.window is None else window_to_json(profile.window),
        "missing": sorted(profile.missing),
        "columns": {name: _column_to_json(column) for name, column in profile.columns.items()},
        "segments": {name: vars(segment) for name, segment in profile.segments.items()},
        "scores": None
        if scores is None
        else {
            "scores": _column_to_json(scores.scores),
            **{key: getattr(scores, key).tolist() for key in _SCORE_SUMS},
        },
    }
    if edges:
        plain["edges"] = profile.edges.to_json()
    return plain


def profile_from_json(plain: Json, edges: Edges | None = None) -> Profile:
    """Return the profile that :func:`profile_to_json` wrote; raises as :meth:`Profile.from_json` does."""
    version = plain.get("format_version")
    if version != FORMAT_VERSION:
        raise ProfileError(
            f"The profile has format {version!r}, this version reads {FORMAT_VERSION}.",
            "Build it again from its rows, or update airmedic.",
        )
    if edges is None:
        if "edges" not in plain:
            raise ProfileError("The profile was stored without edges.", "Give the edges of its reference.")
        edges = Edges.from_json(plain["edges"])
    elif edges.id != plain["edges_id"]:
        raise ProfileError("The profile was built on other edges.", "Give the edges of its own reference.")
    return Profile(
        edges=edges,
        rows=plain["rows"],
        columns={name: _column_from_json(edges, name, column) for name, column in plain["columns"].items()},
        scores=_scores_from_json(edges, plain["scores"]),
        segments={name: SegmentProfile(**segment) for name, segment in plain["segments"].items()},
        missing=frozenset(plain["missing"]),
        window=None if plain["window"] is None else window_from_json(plain["window"]),
    )


def profile_to_arrow(profile: Profile) -> pa.Table:
    """Return a profile as a table with one row for each filled bin, category, unseen value and column total.

    Columns: ``column``, ``kind`` (``bin``, ``category`` or ``unseen``), ``position``, ``name``, ``upper_edge``,
    ``rows``, ``total``. The table's metadata hold the rest, so that :func:`profile_from_arrow` gets all of it back.
    """
    import pyarrow as pa

    records = [record for name, column in profile.columns.items() for record in _arrow_records(name, column)]
    schema = pa.schema(
        [
            ("column", pa.string()),
            ("kind", pa.string()),
            ("position", pa.int32()),
            ("name", pa.string()),
            ("upper_edge", pa.float64()),
            ("rows", pa.int64()),
            ("total", pa.float64()),
        ],
        metadata={_HEADER: json.dumps(profile_to_json(profile)).encode()},
    )
    return pa.Table.from_pylist(records, schema=schema)


def profile_from_arrow(table: pa.Table) -> Profile:
    """Return the profile that :func:`profile_to_arrow` wrote.

    Raises
    ------
    ProfileError
        If the table holds no profile, or one of another format.
    """
    header = (table.schema.metadata or {}).get(_HEADER)
    if header is None:
        raise ProfileError("The table holds no profile.", "Write it with profile_to_arrow.")
    return profile_from_json(json.loads(header))


def window_to_json(window: Window) -> list[str]:
    """Return a window as its two ends."""
    return [window.start.isoformat(), window.end.isoformat()]


def window_from_json(plain: list[str]) -> Window:
    """Return the window that :func:`window_to_json` wrote."""
    return Window(datetime.fromisoformat(plain[0]), datetime.fromisoformat(plain[1]))


_SCORE_SUMS = ("labelled", "label_totals", "score_totals", "loss_totals")


def _column_to_json(column: ColumnProfile) -> Json:
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


def _column_from_json(edges: Edges, name: str, plain: Json) -> ColumnProfile:
    if plain["kind"] == "numeric":
        return _numeric_from_json(edges.numeric[name], plain)
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


def _numeric_from_json(cuts: Floats, plain: Json) -> NumericProfile:
    counts, sums = np.zeros(len(cuts) + 1, np.int64), np.zeros(len(cuts) + 1)
    counts[plain["bins"]] = plain["counts"]
    sums[plain["bins"]] = plain["sums"]
    return NumericProfile(edges=cuts, counts=counts, sums=sums, **{key: plain[key] for key in _SCALARS})


def _scores_from_json(edges: Edges, plain: Json | None) -> ScoreProfile | None:
    if plain is None:
        return None
    if edges.scores is None:
        raise ProfileError("The profile holds scores, its edges do not.", "Give the edges of its own reference.")
    return ScoreProfile(
        scores=_numeric_from_json(edges.scores, plain["scores"]),
        labelled=np.asarray(plain["labelled"], np.int64),
        label_totals=np.asarray(plain["label_totals"], float),
        score_totals=np.asarray(plain["score_totals"], float),
        loss_totals=np.asarray(plain["loss_totals"], float),
    )


def _arrow_records(name: str, column: ColumnProfile) -> list[Json]:
    records: list[Json] = []

    def add(kind: str, position: Any, rows: Any, **more: Any) -> None:
        records.append({"column": name, "kind": kind, "position": int(position), "rows": int(rows), **more})

    if isinstance(column, NumericProfile):
        upper = np.append(column.edges, np.inf)
        for at in np.flatnonzero(column.counts):
            add("bin", at, column.counts[at], upper_edge=float(upper[at]), total=float(column.sums[at]))
    elif isinstance(column, CategoricalProfile):
        for at in np.flatnonzero(column.counts):
            add("category", at, column.counts[at], name=column.categories[at])
        for position, (unseen, rows) in enumerate(column.unseen_names.items()):
            add("unseen", position, rows, name=unseen)
    return records
