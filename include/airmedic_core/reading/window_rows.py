"""Picks the rows of one window out of the tables of a source."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.errors import MissingBatchError, MissingColumnError, closest
from airmedic_core.reading.moments import as_moments
from airmedic_core.reading.tables import stack, to_frame, with_unique_names
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_log = logging.getLogger(__name__)


class WindowRows:
    """Picks the rows of one window out of the tables of a source, and remembers what it saw.

    Parameters
    ----------
    spec : ModelSpec
        It names the time column.
    window : Window or None
        The window; everything where None.
    columns : sequence of str, optional
        Columns to keep, beside the time column; all where not given.
    """

    def __init__(self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> None:
        self.spec = spec
        self.window = window
        self.columns = columns
        self.of_window = 0
        """Rows of the window."""
        self.without_time = 0
        """Rows left out because their time is missing or unreadable: they belong to no window."""
        self.newest: datetime | None = None
        """Time of the newest row, in the window or not."""

    def pick(self, table: pa.Table) -> pa.Table:
        """Return a table's rows of the window with their moments in UTC.

        Raises
        ------
        MissingColumnError
            If the time column, or a column that is asked for, is not there.
        UnreadableDataError
            If the times cannot be read.
        """
        import pyarrow.compute as pc

        table = with_unique_names(table)
        data = self.spec.data
        table = table.select(self.wanted(table.column_names))
        for name in (data.time_column, self.spec.label_time_column):
            if name and name in table.column_names:
                moments = as_moments(table[name], data.time_format, name)
                table = table.set_column(table.column_names.index(name), name, moments)
        times = table[data.time_column]
        self.without_time += times.null_count
        self.saw(pc.max(times).as_py())
        inside = pc.is_valid(times)
        if self.window is not None:
            start, end = (pc.cast(moment, times.type) for moment in (self.window.start, self.window.end))
            inside = pc.and_kleene(inside, pc.and_(pc.greater_equal(times, start), pc.less(times, end)))
        if not pc.all(inside).as_py():
            table = table.filter(inside)
        self.of_window += table.num_rows
        return table

    def wanted(self, names: Sequence[str]) -> list[str]:
        """Return the columns to read, of those that there are. Raises as :func:`wanted_columns`."""
        return wanted_columns(self.spec, names, self.columns)

    def saw(self, moment: datetime | None) -> None:
        """Remember the time of a row, whether it is of the window or not."""
        if moment is not None:
            self.newest = moment if self.newest is None else max(moment, self.newest)

    def finish(self, *, arrived: bool = False) -> None:
        """Decide what an empty window means.

        Parameters
        ----------
        arrived : bool
            Whether the source says by itself that the window is there, as a file of its own does.

        Raises
        ------
        MissingBatchError
            If there is no row of the window or later. A retry helps once there is.
        """
        if self.without_time:
            _log.warning("%d rows have no readable %r and are left out.", self.without_time, self.spec.data.time_column)
        if self.of_window or arrived or self.window is None:
            return
        if self.newest is None or self.newest < self.window.end:
            last = f"The newest row is of {self.newest:%Y-%m-%d %H:%M}." if self.newest else "There are no rows at all."
            raise MissingBatchError(
                f"The batch {self.window} of {self.spec.name!r} has not arrived. {last}",
                "Try again once it has; if it never comes, look at the upstream pipeline.",
            )

    def frame(self, tables: Iterable[pa.Table]) -> pd.DataFrame:
        """Return picked tables as one frame, sorted by time."""
        frame = to_frame(stack(list(tables)))
        frame = frame.sort_values(self.spec.data.time_column, kind="stable", ignore_index=True)
        frame.attrs["rows_without_time"] = self.without_time
        return frame


def wanted_columns(spec: ModelSpec, names: Sequence[str], columns: Sequence[str] | None) -> list[str]:
    """Return the columns to keep, in the order of the source: all, or the time column and those asked for.

    Parameters
    ----------
    spec : ModelSpec
        The model, for its time columns.
    names : sequence of str
        The columns that the source has.
    columns : sequence of str or None
        The columns that are asked for; all where none are named.

    Raises
    ------
    MissingColumnError
        If one of them is not there. The message names the closest.
    """
    for name in (spec.data.time_column, *(columns or ())):
        if name not in names:
            what = "time column" if name == spec.data.time_column else "column"
            raise MissingColumnError(f"The data of {spec.name!r} have no {what} {name!r}.", closest(name, names))
    keep = None if columns is None else {spec.data.time_column, *columns}
    return [name for name in names if (keep is None or name in keep) and not name.startswith("__index_level_")]
