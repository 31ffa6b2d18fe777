"""Profiles as Arrow tables, for analysis."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.profile.columns import CategoricalProfile, ColumnProfile, NumericProfile, ProfileError
from airmedic_core.profile.profile import Profile
from airmedic_core.records import Json

if TYPE_CHECKING:
    import pyarrow as pa

_HEADER = b"airmedic_profile"
"""Key of the table's metadata under which the whole profile stands."""


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
        metadata={_HEADER: json.dumps(profile.to_json()).encode()},
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
    return Profile.from_json(json.loads(header))


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
