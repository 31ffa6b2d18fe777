"""The deciding metric by window: values with their interval, the accepted level, deployments and troubled windows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
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
_DOTS = {"incident": "bad", "watch": "warn-dot"}
"""Colour of a window's point by its outcome, where it is not an ordinary one."""


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
    deployed = _switches(canvas, across, switches(points, promotions))
    _levels(canvas, vertical, across, measured)
    for point in measured:
        x = across(point.middle.timestamp())
        if point.low is not None and point.high is not None:
            canvas.line((x, vertical(point.low)), (x, vertical(point.high)), "whisker")
    for piece in _unbroken(points):
        canvas.path([(across(point.middle.timestamp()), vertical(point.value or 0.0)) for point in piece], "now-line")
    for point in measured:
        kind = _DOTS.get(point.outcome or "", "now")
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


def switches(points: Sequence[MetricPoint], promotions: Sequence[Promotion]) -> list[tuple[datetime, str, bool]]:
    """Return when which version took over, and whether it had served before, oldest first.

    Rows may be far older than the clock by which a champion was switched. A version stands where windows begin to be
    judged by it; one that no later window was judged by yet stands where it was switched to.

    Parameters
    ----------
    points : sequence of MetricPoint
        The windows, oldest first.
    promotions : sequence of Promotion
        The switches of the champion, oldest first.
    """
    placed: list[tuple[datetime, str, bool]] = []
    judged = [point for point in points if point.version]
    served = [point.version for point in judged[:1]]
    for before, point in pairwise(judged):
        if point.version != before.version:
            placed.append((point.window.start, point.version, point.version in served))
            served.append(point.version)
    begin, end = (points[0].window.start, points[-1].window.end) if points else (None, None)
    for place, switch in enumerate(promotions):
        if begin is None or end is None or not begin <= switch.at <= end:
            continue
        if any(switch.to_version == point.version for point in judged if point.window.end >= switch.at):
            continue
        again = any(known.to_version == switch.to_version for known in promotions[:place])
        placed.append((switch.at, switch.to_version, again))
    return sorted(placed, key=lambda item: item[0])


def _switches(canvas: Canvas, across: Scale, placed: Sequence[tuple[datetime, str, bool]]) -> bool:
    """Draw the deployments among the windows, and return whether there are any."""
    right_end = -math.inf
    for at, version, again in placed[-_MOST_SWITCHES:]:
        x = across(at.timestamp())
        canvas.line((x, _TOP - 8), (x, _HEIGHT - _BOTTOM), "switch")
        word = short(f"v{version}{' again' if again else ''}", 16)
        width = len(word) * CHARACTER
        if x > right_end:
            left = min(x + 3, _WIDTH - _RIGHT - width)
            canvas.text(left, _TOP - 6, word, kind="good-text")
            right_end = left + width
    return bool(placed)


def _levels(canvas: Canvas, vertical: Scale, across: Scale, measured: Sequence[MetricPoint]) -> None:
    """Draw the accepted level as steps, each with the version whose level it is."""
    known = [point for point in measured if point.limit is not None and math.isfinite(point.limit)]
    steps: list[list[tuple[float, float]]] = []
    before: MetricPoint | None = None
    free_from = -math.inf
    for point in known:
        level = point.limit or 0.0
        left, right = (across(moment.timestamp()) for moment in (point.window.start, point.window.end))
        y = vertical(level)
        if before is None or point.window.start > before.window.end:
            steps.append([])
        steps[-1] += [(left, y), (right, y)]
        if before is not None and before.limit != point.limit:
            word = short(f"level of v{point.version}", 20) if point.version != before.version else "level renewed"
            if left > free_from:
                # On the side that the riser does not cross.
                beside = y + 13 if level < (before.limit or 0.0) else y - 5
                canvas.text(min(left + 4, _WIDTH - _RIGHT - len(word) * CHARACTER), beside, word, kind="bad-text")
                free_from = left + len(word) * CHARACTER
        before = point
    for step in steps:
        canvas.path(step, "limit")


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
        entries.append(("bad faint+dot bad", "incident"))
    if any(point.outcome == "watch" for point in measured):
        entries.append(("dot warn-dot", "watched"))
    if deployed:
        entries.append(("switch", "deployment"))
    canvas.legend(_LEFT, _HEIGHT - 8, entries)
