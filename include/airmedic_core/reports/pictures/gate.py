"""The interval of the difference between challenger and champion, with its segments, against the margin."""

from __future__ import annotations

from typing import NamedTuple

from airmedic_core.numbers import measure_name
from airmedic_core.records import GateResult
from airmedic_core.reports.pictures.canvas import Canvas, short
from airmedic_core.reports.pictures.scale import scale_of
from airmedic_core.reports.text import number

_WIDTH, _ROW, _NAMES, _TOP = 720, 26, 210, 62
_MOST_SEGMENTS = 15


class _Bar(NamedTuple):
    name: str
    difference: float
    low: float | None
    high: float | None


def gate_picture(gate: GateResult) -> Canvas | None:
    """Draw a gate's result; nothing where no difference was measured."""
    rows = [("all rows", gate.difference, gate.low, gate.high)]
    rows += [
        (str(segment.get("segment", "?")), segment.get("difference"), segment.get("low"), segment.get("high"))
        for segment in gate.segments[:_MOST_SEGMENTS]
    ]
    bars = [_Bar(name, difference, low, high) for name, difference, low, high in rows if difference is not None]
    if not bars:
        return None
    height = _TOP + _ROW * len(bars) + 44
    about = f"difference in {measure_name(gate.metric)} {number(gate.difference)}"
    canvas = Canvas(_WIDTH, height, f"Gate: {gate.outcome.replace('_', ' ')}", about)
    canvas.text(
        8, 34, f"Challenger minus champion in {measure_name(gate.metric)}, turned so that right is better", kind="soft"
    )
    values = [value for bar in bars for value in (bar.difference, bar.low, bar.high) if value is not None]
    across = scale_of([*values, 0.0, *([gate.margin] if gate.margin is not None else [])], _NAMES, _WIDTH - 24)
    foot = _TOP + _ROW * len(bars)
    for tick in across.ticks():
        canvas.line((across(tick), _TOP - 4), (across(tick), foot), "grid")
        canvas.text(across(tick), foot + 15, number(tick), kind="soft", anchor="middle")
    canvas.line((across(0.0), _TOP - 4), (across(0.0), foot))
    if gate.margin is not None:
        canvas.line((across(gate.margin), _TOP - 4), (across(gate.margin), foot), "limit")
        canvas.text(
            across(gate.margin), _TOP - 8, f"accepted down to {number(gate.margin)}", kind="bad-text", anchor="end"
        )
    for place, bar in enumerate(bars):
        y = _TOP + place * _ROW + _ROW / 2
        worse = bar.low is not None and gate.margin is not None and bar.low < gate.margin
        canvas.text(_NAMES - 8, y + 4, short(bar.name, 32), anchor="end")
        if bar.low is not None and bar.high is not None:
            canvas.line((across(bar.low), y), (across(bar.high), y), "bad-line" if worse else "good-line")
        told = f"{bar.name}: {number(bar.difference)} ({number(bar.low)} … {number(bar.high)})"
        canvas.dot((across(bar.difference), y), "bad" if worse else "good", told)
        canvas.text(across(bar.difference), y - 6, number(bar.difference), kind="soft", anchor="middle")
    canvas.text(
        _NAMES, foot + 34, f"{gate.rows:,} rows that neither was trained on; lines are 95 % intervals", kind="soft"
    )
    return canvas
