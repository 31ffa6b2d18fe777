"""The decision trace as a picture: boxes from top to bottom, and the arrows between them."""

from __future__ import annotations

import textwrap

from airmedic_core.reports.decision_trace import Step, Trace
from airmedic_core.reports.pictures.canvas import Canvas

_WIDTH, _LINE, _GAP, _PAD = 320.0, 15.0, 26.0, 10.0
_TITLE_CHARACTERS, _CHARACTERS = 44, 50


def trace_picture(trace: Trace) -> Canvas:
    """Draw a decision trace."""
    texts = {step.id: _wrapped(step) for rank in trace.ranks for step in rank}
    heights = [max(len(texts[step.id]) for step in rank) * _LINE + 2 * _PAD for rank in trace.ranks]
    columns = max((len(rank) for rank in trace.ranks), default=1)
    width = columns * (_WIDTH + _GAP) + _GAP
    canvas = Canvas(width, sum(heights) + _GAP * (len(heights) + 1) + 20, "Decision trace", _about(trace))
    places: dict[str, tuple[float, float, float]] = {}
    top = _GAP + 10
    for rank, height in zip(trace.ranks, heights, strict=True):
        left = (width - len(rank) * (_WIDTH + _GAP) + _GAP) / 2
        for index, step in enumerate(rank):
            x = left + index * (_WIDTH + _GAP)
            places[step.id] = (x + _WIDTH / 2, top, top + height)
        top += height + _GAP
    for source, target in trace.arrows:
        (x_from, _, bottom), (x_to, head, _) = places[source], places[target]
        canvas.line((x_from, bottom), (x_to, head))
        canvas.path([(x_to - 4, head - 7), (x_to, head), (x_to + 4, head - 7)], "axis")
    for step in (step for rank in trace.ranks for step in rank):
        middle, above, below = places[step.id]
        fill, stroke = step.colours
        colours = f" fill='{fill}' stroke='{stroke}'"
        canvas.box((middle - _WIDTH / 2, above), (_WIDTH, below - above), fill=f" rx='5'{colours}")
        for row, (text, bold) in enumerate(texts[step.id]):
            # The boxes are light on any page, and so their letters are dark.
            kind = "on-box strong" if bold else "on-box"
            canvas.text(middle - _WIDTH / 2 + _PAD, above + _PAD + (row + 0.75) * _LINE, text, kind=kind)
    return canvas


def _about(trace: Trace) -> str:
    return " → ".join(step.title for rank in trace.ranks for step in rank)


def _wrapped(step: Step) -> list[tuple[str, bool]]:
    rows = [(text, True) for text in textwrap.wrap(step.title, _TITLE_CHARACTERS)]
    for about in step.lines:
        rows += [(text, False) for text in textwrap.wrap(about, _CHARACTERS)]
    return rows
