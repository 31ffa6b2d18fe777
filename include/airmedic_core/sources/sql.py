"""Rows in a database: whatever Ibis connects to by URL, such as DuckDB, Postgres, Snowflake, BigQuery or Spark.

``data.connection`` is an Ibis URL, or the id of an Airflow connection that is given as an environment variable
(``AIRFLOW_CONN_<ID>``, in its URI form).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from airmedic_core.errors import AirmedicError, SourceError, SourceUnavailableError, UnreadableDataError
from airmedic_core.reading import duckdb_queries
from airmedic_core.reading.moments import EPOCH_UNITS
from airmedic_core.reading.sample import in_sample
from airmedic_core.reading.window_rows import WindowRows, wanted_columns
from airmedic_core.sources.contract import Source
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    import ibis
    import pandas as pd
    import pyarrow as pa

BATCH_ROWS = 65_536
_PASSWORD = re.compile(r"(://[^:/@]*:)[^@]*@")
_PARTS_OF_MILLISECOND = {"us": 1_000, "ns": 1_000_000}
_EMBEDDED = ("duckdb", "sqlite")


@final
class Sql(Source):
    """Whatever Ibis connects to by URL, such as DuckDB, Postgres, Snowflake, BigQuery or Spark."""

    def origin(self, spec: ModelSpec) -> str:
        """Return the connection with its table or query."""
        return f"{spec.data.connection} {spec.data.table or spec.data.query}".strip()

    def read(self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> pd.DataFrame:
        """Return the rows of a window; see :func:`airmedic_core.sources.read_window`."""
        with open_table(spec) as table:
            rows = WindowRows(spec, window, columns)
            picked = rows.pick(_selected(spec, table, window, columns).to_pyarrow())
            _finish(rows, spec, table)
        return rows.frame([picked])

    def stream(self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a window; see :func:`airmedic_core.sources.iter_window`."""
        import pyarrow as pa

        with open_table(spec) as table:
            rows = WindowRows(spec, window, columns)
            for batch in _batches(_selected(spec, table, window, columns)):
                yield from rows.pick(pa.Table.from_batches([batch])).to_batches()
            _finish(rows, spec, table)

    @contextmanager
    def place(self, spec: ModelSpec, window: Window | None) -> Iterator[ibis.Table]:
        """Give the rows of a window where they are; see :func:`airmedic_core.sources.open_window`."""
        with open_table(spec) as table:
            yield _timed(spec, windowed(spec, table, window))

    def count(self, spec: ModelSpec, window: Window | None) -> int:
        """Return how many rows a window has; see :func:`airmedic_core.sources.count_rows`."""
        with open_table(spec) as table:
            rows = WindowRows(spec, window, [])
            rows.of_window = int(windowed(spec, table, window).count().to_pyarrow().as_py())
            _finish(rows, spec, table)
        return rows.of_window

    def sample(
        self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None, fraction: float
    ) -> pd.DataFrame:
        """Return a share of the rows of a window; see :func:`airmedic_core.sources.read_sample`.

        The rows are numbered in the order of their times and, at equal times, of their values: a table has no order.
        """
        import ibis

        with open_table(spec) as table:
            rows = WindowRows(spec, window, columns)
            part = windowed(spec, table, window)
            others = [name for name in part.columns if name != spec.data.time_column and _sortable(part[name])]
            order = [part[name] for name in (spec.data.time_column, *others)]
            numbered = part.mutate(airmedic_position=ibis.row_number().over(order_by=order))
            chosen = numbered.filter(in_sample(numbered.airmedic_position, fraction))
            picked = rows.pick(chosen.select(*wanted_columns(spec, list(table.columns), columns)).to_pyarrow())
            _finish(rows, spec, table)
        return rows.frame([picked])


@contextmanager
def open_table(spec: ModelSpec) -> Iterator[ibis.Table]:
    """Connect, and give the spec's table or query as an Ibis table while the connection is open.

    Raises
    ------
    SourceUnavailableError
        If the database does not answer. A retry helps once it does.
    SourceError
        If there is no such connection, or the table or query is not valid. A retry does not help.
    """
    url = connection_url(spec.data.connection)
    backend = _connect(url)
    try:
        yield _table(spec, backend)
    except AirmedicError:
        raise
    except Exception as error:  # every database driver raises errors of its own
        raise UnreadableDataError(
            f"{_what(spec)} of {_shown(url)} cannot be read: {_first_line(error)}.", "Check data.table or data.query."
        ) from error
    finally:
        backend.disconnect()


def windowed(spec: ModelSpec, table: ibis.Table, window: Window | None) -> ibis.Table:
    """Return a table's rows of a window, as an expression that runs in the database.

    Parameters
    ----------
    spec : ModelSpec
        The model, for its time column.
    table : ibis.Table
        The table or query.
    window : Window or None
        The window; all rows with a time where it is None.
    """
    time, zoned = _moment(spec, table)
    if window is None:
        return table.filter(time.notnull())
    start, end = (
        moment if zoned else moment.astimezone(UTC).replace(tzinfo=None) for moment in (window.start, window.end)
    )
    return table.filter((time >= start) & (time < end))


def connection_url(connection: str) -> str:
    """Return the Ibis URL of ``data.connection``.

    Raises
    ------
    SourceError
        If it is the id of a connection that the environment does not have.
    """
    if "://" in connection:
        return connection
    variable = f"AIRFLOW_CONN_{connection.upper()}"
    url = os.environ.get(variable, "")
    if "://" not in url:
        raise SourceError(
            f"data.connection {connection!r} is no URL, and {variable} holds none.",
            "Write an Ibis URL such as postgres://user@host/database, or set the variable to one.",
        )
    return url


def _connect(url: str) -> Any:
    import ibis

    scheme, _, rest = url.partition("://")
    place = rest.partition("?")[0]
    if scheme in _EMBEDDED and place and place != ":memory:" and not Path(place).exists():
        raise SourceUnavailableError(f"There is no database {place!r}.", "Check data.connection, or wait for it.")
    if scheme == "duckdb" and place and "read_only" not in rest:
        url += ("&" if "?" in rest else "?") + "read_only=True"
    try:
        return ibis.connect(re.sub(r"^postgresql(\+\w+)?://", "postgres://", url))
    except (ImportError, AttributeError, ValueError) as error:
        raise SourceError(
            f"{_shown(url)} is no database that Ibis knows: {_first_line(error)}.",
            f"Install ibis-framework[{scheme}], or correct data.connection.",
        ) from error
    except Exception as error:  # every database driver raises errors of its own
        raise SourceUnavailableError(
            f"{_shown(url)} does not answer: {_first_line(error)}.", "Try again once it does."
        ) from error


def _table(spec: ModelSpec, backend: Any) -> ibis.Table:
    if spec.data.query and backend.name == "duckdb":
        return duckdb_queries.query_table(backend, spec.data.query)
    if spec.data.query:
        return backend.sql(spec.data.query)
    schema, _, name = spec.data.table.rpartition(".")
    return backend.table(name, database=schema or None)


def _selected(spec: ModelSpec, table: ibis.Table, window: Window | None, columns: Sequence[str] | None) -> ibis.Table:
    names = wanted_columns(spec, list(table.columns), columns)
    return windowed(spec, table, window).select(*names)


def _batches(table: ibis.Table) -> Iterator[pa.RecordBatch]:
    backend = table.get_backend()
    if backend.name == "duckdb":
        return duckdb_queries.stream(backend, table, BATCH_ROWS)
    return iter(table.to_pyarrow_batches(chunk_size=BATCH_ROWS))


def _timed(spec: ModelSpec, table: ibis.Table) -> ibis.Table:
    """Read the times, so that a profile sees moments whatever the table keeps."""
    names = {spec.data.time_column, spec.label_time_column} & set(table.columns)
    return table.mutate(**{name: _moment(spec, table, name)[0] for name in names})


def _sortable(column: Any) -> bool:
    kind = column.type()
    return bool(kind.is_numeric() or kind.is_string() or kind.is_temporal() or kind.is_boolean())


def _moment(spec: ModelSpec, table: ibis.Table, name: str = "") -> tuple[Any, bool]:
    """Return the time column as something that compares with moments, and whether it carries a time zone."""
    wanted_columns(spec, list(table.columns), None)
    name = name or spec.data.time_column
    time, time_format = table[name], spec.data.time_format
    kind = time.type()
    if kind.is_integer():
        unit = EPOCH_UNITS.get(time_format)
        if unit is None:
            raise UnreadableDataError(
                f"The time column {name!r} holds numbers.", "Set data.time_format to unix or unix_ms."
            )
        # Not every database reads finer units, and no window begins within a millisecond.
        if parts := _PARTS_OF_MILLISECOND.get(unit):
            return (time // parts).cast("int64").as_timestamp("ms"), False
        return time.as_timestamp(unit), False
    if kind.is_string():
        return (time.as_timestamp(time_format) if time_format else time.cast("timestamp")), False
    if kind.is_date():
        return time.cast("timestamp"), False
    if not kind.is_timestamp():
        raise UnreadableDataError(f"The time column {name!r} is of type {kind}.", "Name a column of moments.")
    return time, kind.timezone is not None


def _finish(rows: WindowRows, spec: ModelSpec, table: ibis.Table) -> None:
    if not rows.of_window and rows.window is not None:
        newest = _moment(spec, table)[0].max().to_pyarrow().as_py()
        rows.newest = None if newest is None else as_utc(newest)
    rows.finish()


def _what(spec: ModelSpec) -> str:
    return f"The table {spec.data.table!r}" if spec.data.table else "The query"


def _shown(url: str) -> str:
    return repr(_PASSWORD.sub(r"\1***@", url))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
