"""The deciding metric by window: values with their interval, the accepted level, deployments and troubled windows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from airmedic_core.numbers import measure_name
from airmedic_core.reports.pictures.canvas import CHARACTER, Canvas, short
from airmedic_core.reports.pictures.scale import Scale, scale_of
from airmedic_core.reports.points import MetricPoint
from airmedic_core.reports.text import day, number

if TYPE_CHECKING:
    from airmedic_core.records import Promotion

_WIDTH, _HEIGHT = 720, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 44, 42
_MOST_DAYS = 7
"""Dates below the picture: more would run into each other."""
_MOST_SWITCHES = 12
"""Deployments with a line of their own, the newest ones."""


def metric_picture(
    metric: str, points: Sequence[MetricPoint], promotions: Sequence[Promotion] = (), *, unit: str = ""
) -> Canvas | None:
    """Draw a metric over its windows; nothing where it was measured in fewer than two.

    Parameters
    ----------
    metric : str
        The metric's name.
    points : sequence of MetricPoint
        The windows, oldest first.
    promotions : sequence of Promotion
        The switches of the champion.
    unit : str
        The metric's unit, where it has one.
    """
    measured = [point for point in points if point.value is not None and math.isfinite(point.value)]
    if len(measured) < 2:
        return None
    better = next((point.higher_is_better for point in measured if point.higher_is_better is not None), None)
    side = "" if better is None else ", higher is better" if better else ", lower is better"
    in_unit = f" in {unit}" if unit else ""
    first, last = measured[0], measured[-1]
    about = f"{number(first.value)} in {day(first.window)}, {number(last.value)} in {day(last.window)}"
    canvas = Canvas(_WIDTH, _HEIGHT, f"{measure_name(metric)}{in_unit} by window{side}", about)
    vertical = scale_of(list(_shown(measured)), _HEIGHT - _BOTTOM, _TOP)
    begin, end = (moment.timestamp() for moment in (points[0].window.start, points[-1].window.end))
    across = Scale(begin, end, _LEFT, _WIDTH - _RIGHT)
    _frame(canvas, vertical, across, points)
    _troubled(canvas, across, points)
    deployed = _promotions(canvas, across, promotions)
    _limits(canvas, vertical, across, measured)
    for point in measured:
        x = across(point.middle.timestamp())
        if point.low is not None and point.high is not None:
            canvas.line((x, vertical(point.low)), (x, vertical(point.high)), "whisker")
    for piece in _unbroken(points):
        canvas.path([(across(point.middle.timestamp()), vertical(point.value or 0.0)) for point in piece], "now-line")
    for point in measured:
        kind = "bad" if point.outcome == "incident" else "now"
        canvas.dot((across(point.middle.timestamp()), vertical(point.value or 0.0)), kind, _told(metric, point))
    _legend(canvas, measured, points, deployed=deployed)
    return canvas


def _shown(measured: Sequence[MetricPoint]) -> Iterator[float]:
    for point in measured:
        for value in (point.value, point.low, point.high, point.limit):
            if value is not None and math.isfinite(value):
                yield value


def _frame(canvas: Canvas, vertical: Scale, across: Scale, points: Sequence[MetricPoint]) -> None:
    for tick in vertical.ticks():
        y = vertical(tick)
        canvas.line((_LEFT, y), (_WIDTH - _RIGHT, y), "grid")
        canvas.text(_LEFT - 6, y + 4, number(tick), kind="soft", anchor="end")
    every = math.ceil(len(points) / _MOST_DAYS)
    for point in points[::every]:
        x = across(point.middle.timestamp())
        canvas.line((x, _HEIGHT - _BOTTOM), (x, _HEIGHT - _BOTTOM + 4))
        canvas.text(x, _HEIGHT - _BOTTOM + 17, day(point.window), kind="soft", anchor="middle")
    canvas.line((_LEFT, _HEIGHT - _BOTTOM), (_WIDTH - _RIGHT, _HEIGHT - _BOTTOM))


def _troubled(canvas: Canvas, across: Scale, points: Sequence[MetricPoint]) -> None:
    for point in points:
        if point.outcome == "incident":
            left, right = across(point.window.start.timestamp()), across(point.window.end.timestamp())
            canvas.box((left, _TOP), (right - left, _HEIGHT - _BOTTOM - _TOP), kind="bad faint")


def _promotions(canvas: Canvas, across: Scale, promotions: Sequence[Promotion]) -> bool:
    """Draw the deployments among the windows, and return whether there are any."""
    right_end = -math.inf
    within = [switch for switch in promotions if across.low <= switch.at.timestamp() <= across.high]
    for switch in within[-_MOST_SWITCHES:]:
        x = across(switch.at.timestamp())
        canvas.line((x, _TOP - 8), (x, _HEIGHT - _BOTTOM), "switch")
        again = any(known.to_version == switch.to_version and known.at < switch.at for known in promotions)
        word = short(f"v{switch.to_version}{' again' if again else ''}", 16)
        width = len(word) * CHARACTER
        if x > right_end:
            left = min(x + 3, _WIDTH - _RIGHT - width)
            canvas.text(left, _TOP - 6, word, kind="good-text")
            right_end = left + width
    return bool(within)


def _limits(canvas: Canvas, vertical: Scale, across: Scale, measured: Sequence[MetricPoint]) -> None:
    for point in measured:
        if point.limit is not None and math.isfinite(point.limit):
            left, right = across(point.window.start.timestamp()), across(point.window.end.timestamp())
            canvas.line((left, vertical(point.limit)), (right, vertical(point.limit)), "limit")


def _unbroken(points: Sequence[MetricPoint]) -> Iterator[list[MetricPoint]]:
    """Yield the runs of windows without a gap: no line leads over windows of which nothing is known."""
    piece: list[MetricPoint] = []
    for point in points:
        gap = bool(piece) and point.window.start - piece[-1].window.end > timedelta(0)
        if point.value is None or gap:
            yield piece
            piece = []
        if point.value is not None:
            piece.append(point)
    yield piece


def _told(metric: str, point: MetricPoint) -> str:
    interval = f" ({number(point.low)} … {number(point.high)})" if point.low is not None else ""
    limit = f", accepted {number(point.limit)}" if point.limit is not None else ""
    return f"{point.window}: {measure_name(metric)} {number(point.value)}{interval}{limit}"


def _legend(canvas: Canvas, measured: Sequence[MetricPoint], points: Sequence[MetricPoint], *, deployed: bool) -> None:
    whiskers = any(point.low is not None for point in measured)
    entries = [("now", "measured, with its interval" if whiskers else "measured")]
    if any(point.limit is not None for point in measured):
        entries.append(("limit", "accepted level"))
    if any(point.outcome == "incident" for point in points):
        entries.append(("bad faint", "incident"))
    if deployed:
        entries.append(("switch", "deployment"))
    canvas.legend(_LEFT, _HEIGHT - 8, entries)
