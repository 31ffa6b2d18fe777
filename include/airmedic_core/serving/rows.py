"""Says what a request may hold: rows of plain values that happened about now, of which the spec's columns are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import MissingColumnError, SourceError, closest
from airmedic_core.reading.moments import ISO, epoch_of, read_times

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.records import Json
    from airmedic_core.serving.following import Active
    from airmedic_core.workspace import Workspace

OLDEST, NEWEST = timedelta(days=31), timedelta(days=1)
"""Says how far from now a row may have happened: what waited in a queue for a month is still taken, and a clock that is
a time zone off. Other times are mistakes, and each of their days would be a file of the log.
"""
_LARGEST = 2**63 - 1
"""The largest whole number that parquet, SQL and pandas hold."""
_LONGEST = 32_768
"""Characters of a text: longer ones are documents, and the log keeps each as often as it comes."""
_LONGEST_NAME, _MOST_NAMES = 100, 200
"""Of the columns among which the nearest is looked for where one is missing."""


class RowsError(SourceError):
    """Rows of a request cannot be answered as they are. A retry does not help."""


def rows_of(ws: Workspace, active: Active, given: Sequence[Json]) -> pd.DataFrame:
    """Return the rows of a request, with the columns that the spec or a version names.

    Others are left out, so that nobody fills the memory or the log with columns of their own. The target and its time
    are left out as well: a client that sent them would say what monitoring takes for the truth.

    Parameters
    ----------
    ws : Workspace
        The model.
    active : Active
        The versions that answer.
    given : sequence of dict
        The rows. One without a time happened now.

    Raises
    ------
    RowsError
        If a value is no number, text, boolean or null, or a time is none or is far from now.
    MissingColumnError
        If no row has a column that the champion takes.
    """
    import pandas as pd

    kept = _columns(ws, active)
    for at, row in enumerate(given):
        for name in kept & row.keys():
            if problem := _problem(row[name]):
                raise RowsError(f"Row {at}: {name!r} is {problem}.", "Send a number, a text, true, false or null.")
    frame = pd.DataFrame([{name: value for name, value in row.items() if name in kept} for row in given])
    for name in ws.registry.inputs(active.champion).columns:
        if name not in frame.columns:
            columns = dict.fromkeys(column for row in given for column in row if len(column) <= _LONGEST_NAME)
            sent = list(islice(columns, _MOST_NAMES))
            raise MissingColumnError(f"The model takes the column {name!r}, which no row has.", closest(name, sent))
    now, time_column = datetime.now(UTC), ws.spec.data.time_column
    frame[time_column] = _times(frame[time_column], ws.spec.data.time_format, now) if time_column in frame else now
    return frame


def _columns(ws: Workspace, active: Active) -> set[str]:
    spec = ws.spec
    kept = {spec.data.time_column, spec.entity_column, *spec.segments, *spec.exclude}
    kept |= {*spec.features.numeric, *spec.features.categorical}
    for version in (active.champion, active.tried):
        if version is not None:
            kept |= set(ws.registry.inputs(version).columns)
    return kept - {"", spec.target, spec.label_time_column}


def _problem(value: Any) -> str:
    """Return what is wrong with a value; nothing where all is well."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"a text of more than {_LONGEST:,} characters"
    if isinstance(value, float) and not isfinite(value):
        return "not finite"
    return "too large a number" if isinstance(value, int) and abs(value) > _LARGEST else ""


def _times(given: pd.Series, form: str, now: datetime) -> pd.Series:
    times = read_times(given, form or epoch_of(given) or ISO)
    unread = times.isna() & given.notna()
    far = (times < now - OLDEST) | (times > now + NEWEST)
    if (wrong := unread | far).any():
        at = int(wrong.to_numpy().argmax())
        told = "no time" if unread.iloc[at] else f"further from now than {OLDEST.days} days back or {NEWEST.days} ahead"
        raise RowsError(f"Row {at}: {given.name!r} is {given.iloc[at]!r:.100}, which is {told}.", "Leave it out: now.")
    return times.fillna(now)
