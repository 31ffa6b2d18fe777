"""Says what Ibis 12.0 does on DuckDB through methods that DuckDB 2.0 no longer has: queries and streams.

Remove this file, and its two uses, once Ibis calls the new ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa


def query_table(backend: Any, query: str) -> ibis.Table:
    """Return a query as an Ibis table, as ``backend.sql`` does."""
    import ibis

    empty = backend.con.sql(f"SELECT * FROM ({query.strip().rstrip(';')}) LIMIT 0")  # noqa: S608  the spec's own query
    return backend.sql(query, schema=ibis.Schema.from_pyarrow(empty.to_arrow_table().schema))


def stream(backend: Any, table: ibis.Table, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield a table's rows, as ``table.to_pyarrow_batches`` does.

    Parameters
    ----------
    backend : object
        Ibis' backend of the database.
    table : ibis.Table
        The rows, as an expression.
    rows : int
        Rows of one batch at the most.
    """
    yield from backend.con.sql(backend.compile(table)).to_arrow_reader(rows)
