"""Says how two sets of rows lie in time, and how the reference is split into windows like the one in question."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.spec import ModelSpec, WindowSection
from airmedic_core.windows import Every, Window

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.profile import Reference

_DAY, _HOUR = Every(1, "day"), Every(1, "hour")
"""Says what a window of days, and a shorter one, begins and ends on where it is not the calendar's."""
_SHARED_FRACTION = 0.5
"""Share of the rows, and of the reference's time, above which two sets are samples of one time."""
_WHOLE_FRACTION = 0.9
"""Share of a window's time: rows that span less are a part of a window, unless they come in such windows."""
_FEW_ROWS = 10
"""Rows expected: from fewer nobody can tell how thick they come."""
_LEAST_RATE, _GREATEST_RATE = 0.5, 2.0
"""Rows against those expected in the time that they span: between these, they come as thick as the reference's."""
_ENOUGH_WINDOWS = 4
"""Windows: of fewer, none can be left out."""
_SHORT_FRACTION = 0.7
"""Share of the usual rows: a first or last window with fewer, of which the reference covers only a part, is left
out."""
_SLACK_FRACTION = 1 / 20
"""Share of a window's time that may be missing before it counts as covered only in part."""

Span = tuple[datetime, datetime]
"""The first and the last moment of rows."""


def span_of(spec: ModelSpec, rows: pd.DataFrame) -> Span:
    """Return the first and the last moment of rows, which are in the order of their times."""
    times = rows[spec.data.time_column]
    return times.iloc[0].to_pydatetime(warn=False), times.iloc[-1].to_pydatetime(warn=False)


def window_of(spec: ModelSpec, current: pd.DataFrame) -> Window:
    """Return the whole steps that the rows in question lie in.

    They are those of the calendar, unless the spec says how long windows are and the rows lie across a boundary of
    the calendar without filling what is on both sides: the last seven days, asked for on a Sunday, are no two weeks.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    current : pandas.DataFrame
        The rows in question, in the order of their times.
    """
    step = spec.window.step
    first, last = span_of(spec, current)
    window = Window(step.floor(first), step.shift(step.floor(last), 1))
    steps = len(step.split(window))
    if steps < 2 or "every" not in spec.window.model_fields_set:
        return window
    finer = _DAY if step.unit in {"week", "month"} or step.shift(first, 1) - first > timedelta(days=1) else _HOUR
    begin, end = finer.floor(first), finer.shift(finer.floor(last), 1)
    own = step.shift(end, 1 - steps)
    # Months are not of one length: the last 30 days may be more than one, or less.
    longest = end - own if step.unit != "month" else (steps - 1) * step.count * timedelta(days=31)
    return Window(min(own, begin), end) if end - begin <= longest else window


def of_one_time(spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame) -> bool:
    """Return whether the rows in question are spread over the time of the reference, as a sample of it would be.

    Parameters
    ----------
    spec : ModelSpec
        The model, for its time column.
    reference : pandas.DataFrame
        Rows that are known to be good, in the order of their times.
    current : pandas.DataFrame
        The rows in question, in the order of their times.
    """
    column = spec.data.time_column
    before, now = reference[column], current[column]
    inside = ((now >= before.iloc[0]) & (now <= before.iloc[-1])).mean()
    shared = min(before.iloc[-1], now.iloc[-1]) - max(before.iloc[0], now.iloc[0])
    return bool(inside > _SHARED_FRACTION and shared >= _SHARED_FRACTION * (before.iloc[-1] - before.iloc[0]))


def part_of_window(spec: ModelSpec, window: Window, reference: pd.DataFrame, current: pd.DataFrame) -> bool:
    """Return whether the rows in question are a part of a window, so that nobody knows how many it should hold.

    They are if the reference ends in the same window, or if they come as thick as the reference's do but span a part of
    a window only, and the spec does not say that rows come in such windows.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    window : Window
        What :func:`window_of` says of the rows in question.
    reference, current : pandas.DataFrame
        Rows in the order of their times.
    """
    column, step = spec.data.time_column, spec.window.step
    before, now = reference[column], current[column]
    if window.start <= before.iloc[-1].to_pydatetime(warn=False) < step.shift(window.start, 1):
        return True
    spanned_before, spanned = (times.iloc[-1] - times.iloc[0] for times in (before, now))
    dates_only = bool((now == now.dt.floor("D")).all())
    if "every" in spec.window.model_fields_set or not spanned_before or dates_only:
        return False
    expected = len(before) * (spanned / spanned_before)
    as_thick = expected > _FEW_ROWS and _LEAST_RATE < len(now) / expected < _GREATEST_RATE
    return bool(as_thick and spanned < _WHOLE_FRACTION * (window.end - window.start))


def windows_before(spec: ModelSpec, step: Every, reference: pd.DataFrame) -> list[Window]:
    """Split the reference into whole windows as long as the one in question, counted back from its own end.

    On a fixed calendar, 28 days of February would cut the January before it in two.

    Parameters
    ----------
    spec : ModelSpec
        The model; its ``window.every`` is as long as the window in question.
    step : Every
        The step in time that the windows begin and end on.
    reference : pandas.DataFrame
        Rows in the order of their times.

    Returns
    -------
    list of Window
        Oldest first.
    """
    (first, last), length = span_of(spec, reference), spec.window.step
    end, begin = step.shift(step.floor(last), 1), step.floor(first)
    windows: list[Window] = []
    # Each is counted from the end: month by month, the 31st would become the 28th and stay it.
    for number in count():
        window = Window(length.shift(end, -number - 1), length.shift(end, -number))
        if window.start < begin:
            return windows[::-1]
        windows.append(window)
    raise AssertionError


def in_windows_of(spec: ModelSpec, window: Window, rows: int) -> ModelSpec:
    """Return the spec with windows like the one in question: as long, and with half its rows at the least.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    window : Window
        The window in question.
    rows : int
        How many rows it has.
    """
    step = spec.window.step
    longer = Every(step.count * _whole_steps(step, window), step.unit)
    if months := _whole_months(window):
        longer = Every(months, "month")
    least = min(spec.window.min_rows, max(rows // 2, 1))
    return spec.model_copy(update={"window": WindowSection(every=str(longer), min_rows=least)})


def _whole_steps(step: Every, window: Window) -> int:
    """Return how many steps a window holds, wherever it begins; one where it is shorter."""
    return next(steps for steps in count(1) if step.shift(window.start, steps + 1) > window.end)


def whole_windows(reference: Reference) -> Reference:
    """Leave out windows that the reference covers in part only: its first and its last, if they are short of rows."""
    windows = list(reference.windows)
    if len(windows) < _ENOUGH_WINDOWS or reference.window is None:
        return reference
    enough = _SHORT_FRACTION * float(np.median([window.profile.rows for window in windows]))
    slack = (windows[0].window.end - windows[0].window.start) * _SLACK_FRACTION
    if reference.window.start - windows[0].window.start > slack and windows[0].profile.rows < enough:
        windows = windows[1:]
    if windows[-1].window.end - reference.window.end > slack and windows[-1].profile.rows < enough:
        windows = windows[:-1]
    return replace(reference, windows=tuple(windows))


def _whole_months(window: Window) -> int:
    """Return how many months a window is, or none if it is not whole months."""
    if any((moment.day, moment.hour, moment.minute) != (1, 0, 0) for moment in (window.start, window.end)):
        return 0
    return (window.end.year - window.start.year) * 12 + window.end.month - window.start.month
