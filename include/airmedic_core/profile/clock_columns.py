"""Columns that say in other words what the time column says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from airmedic_core.spec import ModelSpec

_TWICE_DAYS = 2 * 365
"""Days that span each time of the year twice, from which a model can learn what comes with it."""
_LEAST_ROWS_PER_DAY = 5
"""Mean number of rows a day from which one value in all rows of each day is no chance."""
_ENOUGH_DAYS = 14
"""Days from which a calendar can be told from chance."""
_MOST_VALUES = 54
"""Values that a part of the year can have: 53 weeks, and one more for what is missing."""
_OF_ITS_TIME = 0.98
"""Share of the rows that must hold a part of their own time: times that lost their zone differ around midnight."""
_BY_CHANCE = 0.7
"""Share of the rows that would agree with such a part by chance, up to which agreement says anything."""
_GLANCED_AT = 2000
"""First rows, in which nearly every column shows that it does not follow from the time, before all rows are counted."""
_FARTHEST_CLOCK = 14
"""Hours by which a local clock differs from UTC at the most: Line Islands, UTC+14."""
_NAMES = re.compile(r"season|quarter|semester|half_?year|week|month|mnth|year|^yr$", re.IGNORECASE)


def telling_the_time(spec: ModelSpec, frame: pd.DataFrame) -> dict[str, str]:
    """Return the columns that are the year, or a part of it, where the rows do not span two years.

    Parameters
    ----------
    spec : ModelSpec
        Names the time column.
    frame : pandas.DataFrame
        Rows of the reference.

    Returns
    -------
    dict of str to str
        Column → why it is no input. Empty where rows are too few to tell a calendar from chance.
    """
    import pandas as pd

    column = spec.data.time_column
    if column not in frame or not pd.api.types.is_datetime64_any_dtype(frame[column].dtype):
        return {}
    times = frame[column]
    days = times.dt.floor("D")
    span = (times.max() - times.min()).days
    distinct = days.nunique()
    if distinct < _ENOUGH_DAYS or times.notna().sum() < _LEAST_ROWS_PER_DAY * distinct:
        return {}
    telling = {}
    for position, name in enumerate(map(str, frame.columns)):
        values = frame.iloc[:, position]
        if name == column or not spec.may_be_feature(name) or not _may_be(values) or not _one_a_day(values, days):
            continue
        what = _said(name, values, times)
        if what == "year" or (what and span < _TWICE_DAYS):
            telling[name] = f"it tells the {what}, as the time column does"
    return telling


def turns_with_the_clock(values: pd.Series, times: pd.Series) -> bool:
    """Return whether a column is the hour, the day of the week or of the month, or follows from them.

    Parameters
    ----------
    values : pandas.Series
        The column, of the reference.
    times : pandas.Series
        When each row was, in UTC.
    """
    for part in (times.dt.dayofweek, times.dt.hour, times.dt.day):
        if not _one_of_each(values.head(_GLANCED_AT), part.head(_GLANCED_AT)):
            continue
        by_part = values.groupby(part)
        # Where each moment has one row, any column follows from the moment.
        if by_part.size().min() >= _LEAST_ROWS_PER_DAY and bool((by_part.nunique() <= 1).all()):
            return True
    return False


def says_its_time(values: pd.Series, times: pd.Series) -> bool:
    """Return whether practically every row holds a part of its own time, such as its month.

    Parameters
    ----------
    values : pandas.Series
        A column of numbers, of the reference.
    times : pandas.Series
        When each row was, in UTC.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.Series(pd.date_range("2026-03-01", periods=90, freq="D"))
    >>> says_its_time(times.dt.month, times), says_its_time(times.dt.month % 3, times)
    (True, False)
    """
    return _part_told(values, times) is not None


def contradicts_its_time(
    values: pd.Series, times: pd.Series, usual: pd.Series, usual_times: pd.Series
) -> NDArray[np.bool_] | None:
    """Return the rows that do not hold the part of their time which the column always told; None where it told none.

    Rows that tell it by another local clock, such as that of summer, do not contradict it. An hour would always be
    right somewhere, so all rows must then agree on one clock.

    Parameters
    ----------
    values, times : pandas.Series
        The column of numbers, and when each row was, in UTC.
    usual, usual_times : pandas.Series
        The same of the reference.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.Series(pd.date_range("2026-03-01", periods=96, freq="h"))
    >>> broken = times.dt.hour.where(times.dt.hour != 5, 0)
    >>> int(contradicts_its_time(broken, times, times.dt.hour, times).sum())
    4
    """
    import numpy as np

    part = _part_told(usual, usual_times)
    if part is None or not _comparable(values, times):
        return None
    told = _read(values)
    # A missing value says nothing of its time.
    known = np.isfinite(told)
    wrong: NDArray[np.bool_] = known & (told != _read(_PARTS[part](times.dt)))
    if part == "minute" or not wrong.any():
        return wrong
    elsewhere = [known & (told != _read(_PARTS[part]((times + hours).dt))) for hours in _other_clocks(part)]
    if part == "hour":
        fewest: NDArray[np.bool_] = min((wrong, *elsewhere), key=lambda rows: int(rows.sum()))
        return fewest
    everywhere: NDArray[np.bool_] = np.all([wrong, *elsewhere], axis=0)
    return everywhere


def _other_clocks(part: str) -> list[pd.Timedelta]:
    """Return by how much a local clock may differ from the usual one, as it does in summer.

    Between two midnights a day stays the same, so the farthest clocks say of a day what all others do.
    """
    import pandas as pd

    farthest = [-_FARTHEST_CLOCK, _FARTHEST_CLOCK]
    hours = range(-_FARTHEST_CLOCK, _FARTHEST_CLOCK + 1) if part == "hour" else farthest
    return [pd.Timedelta(hours=count) for count in hours]


def _part_told(values: pd.Series, times: pd.Series) -> str | None:
    """Return the part of the time that a column tells, beyond what agrees by chance: on a Monday every zero does."""
    if not _comparable(values, times):
        return None
    read = _read(values)
    for name, part in _PARTS.items():
        told = _read(part(times.dt))
        if float((read[:_GLANCED_AT] == told[:_GLANCED_AT]).mean()) < _OF_ITS_TIME:
            continue
        by_chance = values.value_counts(normalize=True).mul(part(times.dt).value_counts(normalize=True)).sum()
        if float((read == told).mean()) >= _OF_ITS_TIME and float(by_chance) <= _BY_CHANCE:
            return name
    return None


def _comparable(values: pd.Series, times: pd.Series) -> bool:
    import pandas as pd

    numeric = pd.api.types.is_numeric_dtype(values.dtype)
    return bool(numeric and pd.api.types.is_datetime64_any_dtype(times.dtype) and len(values))


def _read(values: pd.Series) -> NDArray[np.float64]:
    read: NDArray[np.float64] = values.to_numpy(dtype=float, na_value=float("nan"))
    return read


_PARTS: dict[str, Callable[[Any], pd.Series]] = {
    "month": lambda clock: clock.month,
    "day": lambda clock: clock.day,
    "day of the week from 0": lambda clock: clock.dayofweek,
    "day of the week from 1": lambda clock: clock.dayofweek + 1,
    "hour": lambda clock: clock.hour,
    "minute": lambda clock: clock.minute,
    "quarter": lambda clock: clock.quarter,
    "year": lambda clock: clock.year,
    "day of the year": lambda clock: clock.dayofyear,
    "week": lambda clock: clock.isocalendar().week,
}
"""Parts of a time that a column of numbers may hold."""


def _one_of_each(values: pd.Series, parts: pd.Series) -> bool:
    """Return whether no part of the time has two different values."""
    return bool((values.groupby(parts).nunique() <= 1).all())


def _may_be(values: pd.Series) -> bool:
    try:
        return bool(values.head(5000).nunique() <= _MOST_VALUES)
    except TypeError:  # lists and mappings cannot be counted
        return False


def _one_a_day(values: pd.Series, days: pd.Series) -> bool:
    first, when = values.head(_GLANCED_AT), days.head(_GLANCED_AT)
    return _one_of_each(first, when) and bool((values.groupby(days).nunique(dropna=False) <= 1).all())


def _said(name: str, values: pd.Series, times: pd.Series) -> str:
    """Return what the column says: by its very numbers, or by its name and because it changes in turn."""
    import pandas as pd

    parts = {
        "year": times.dt.year,
        "month": times.dt.month,
        "week": times.dt.isocalendar().week,
        "quarter": times.dt.quarter,
    }
    # A flag that is 1 in every row of a January is no month: a small number alone does not say what it counts.
    says_so = bool(_NAMES.search(name)) or values.nunique(dropna=False) > 1
    if pd.api.types.is_numeric_dtype(values.dtype) and values.notna().all():
        for what, part in parts.items():
            if (says_so or what == "year") and (values.to_numpy() == part.to_numpy()).all():
                return what
    if not _NAMES.search(name):
        return ""
    by_day = values.groupby(times.dt.floor("D")).first()
    in_turn = int((by_day != by_day.shift()).sum()) <= by_day.nunique() + 1
    return "time of the year" if in_turn and by_day.nunique() > 1 else ""
