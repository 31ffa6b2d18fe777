"""Says how a column was distributed then, and how it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airmedic_core.reports.pictures.canvas import Canvas, short
from airmedic_core.reports.pictures.scale import Scale
from airmedic_core.reports.text import number

_WIDTH, _HEIGHT = 360, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 34, 46
_NAMES, _WORDS = 120, 112
"""Room for the name of a category, and for its two shares."""
_BAR = 20
"""Height of a category with its two bars."""

Bars = Mapping[str, Any] | None
"""Shares of bins, as :func:`airmedic_core.profile.bars.compare` returns them."""


def distribution_picture(column: str, then: Bars, now: Bars) -> Canvas | None:
    """Draw the shares of a column's values in the reference and now; nothing where neither is known.

    Parameters
    ----------
    column : str
        The column's name.
    then, now : mapping or None
        The shares on the same bins.
    """
    known = then or now
    if known is None:
        return None
    sides = [_fractions(then, len(known["bins"])), _fractions(now, len(known["bins"]))]
    if known["kind"] == "numeric":
        return _numbers(column, known["bins"], sides)
    return _categories(column, known["bins"], sides)


def _fractions(bars: Bars, bins: int) -> list[float]:
    return [float(place["fraction"] or 0.0) for place in bars["bins"]] if bars else [0.0] * bins


def _numbers(column: str, bins: Sequence[Mapping[str, Any]], sides: Sequence[Sequence[float]]) -> Canvas:
    canvas = Canvas(_WIDTH, _HEIGHT, short(column, 30), "share of the rows by value, in the reference and now")
    canvas.text(_WIDTH - _RIGHT, 18, "share of the rows", kind="soft", anchor="end")
    tallest = max(max(side, default=0.0) for side in sides) or 1.0
    vertical = Scale(0.0, tallest * 1.05, _HEIGHT - _BOTTOM, _TOP)
    width = (_WIDTH - _LEFT - _RIGHT) / max(len(bins), 1)
    for tick in vertical.ticks(4):
        canvas.line((_LEFT, vertical(tick)), (_WIDTH - _RIGHT, vertical(tick)), "grid")
        canvas.text(_LEFT - 5, vertical(tick) + 4, number(tick, "fraction"), kind="soft", anchor="end")
    for side, kind, word in zip(sides, ("then half", "now half"), ("reference", "now"), strict=True):
        for place, (span, fraction) in enumerate(zip(bins, side, strict=True)):
            top = vertical(fraction)
            told = f"{_span(span)}: {number(fraction, 'fraction')} ({word})"
            canvas.box((_LEFT + place * width, top), (width - 0.6, _HEIGHT - _BOTTOM - top), kind=kind, told=told)
    canvas.line((_LEFT, _HEIGHT - _BOTTOM), (_WIDTH - _RIGHT, _HEIGHT - _BOTTOM))
    for place in sorted({1, len(bins) // 2, len(bins) - 1}):
        if 0 < place < len(bins):
            x = _LEFT + place * width
            canvas.text(x, _HEIGHT - _BOTTOM + 15, number(bins[place]["from"]), kind="soft", anchor="middle")
    canvas.legend(_LEFT, _HEIGHT - 8, (("then half", "reference"), ("now half", "now")))
    return canvas


def _span(span: Mapping[str, Any]) -> str:
    if span["from"] is None:
        return f"up to {number(span['to'])}"
    return f"above {number(span['from'])}" if span["to"] is None else f"{number(span['from'])} to {number(span['to'])}"


def _categories(column: str, bins: Sequence[Mapping[str, Any]], sides: Sequence[Sequence[float]]) -> Canvas:
    height = _TOP + _BAR * len(bins) + 26
    canvas = Canvas(_WIDTH, height, short(column, 30), "share of the rows by category, in the reference and now")
    canvas.text(_WIDTH - _RIGHT, 18, "share of the rows", kind="soft", anchor="end")
    tallest = max(max(side, default=0.0) for side in sides) or 1.0
    across = Scale(0.0, tallest, 0, _WIDTH - _NAMES - _WORDS)
    for place, span in enumerate(bins):
        top = _TOP + place * _BAR
        canvas.text(_NAMES - 6, top + 12, short(span["label"], 18), kind="soft", anchor="end")
        for side, kind, offset in zip(sides, ("then", "now"), (0, 8), strict=True):
            told = f"{short(span['label'], 60)}: {number(side[place], 'fraction')}"
            canvas.box((_NAMES, top + offset), (across(side[place]), 7), kind=kind, told=told)
        words = f"{number(sides[0][place], 'fraction')} → {number(sides[1][place], 'fraction')}"
        longest = across(max(sides[0][place], sides[1][place]))
        canvas.text(_NAMES + longest + 5, top + 12, words, kind="soft")
    canvas.legend(_NAMES, height - 6, (("then", "reference"), ("now", "now")))
    return canvas
