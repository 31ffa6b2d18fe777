"""Pictures of a report: the decision trace, the gate's interval, the metric over time, a column's distribution."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from airmedic_core.numbers import measure_name
from airmedic_core.records import GateResult
from airmedic_core.reports.decision_trace import Step, Trace
from airmedic_core.reports.dossier import Dossier, Measured
from airmedic_core.reports.text import line, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _LINE, _GAP = 3.6, 0.19, 0.45
_INK, _GOOD, _BAD, _CALM, _GREY = "#1b1f24", "#2c7a3d", "#b3261e", "#1f6fa8", "#8a94a0"


def draw_trace(trace: Trace, path: Path) -> None:
    """Draw the decision trace from top to bottom."""
    from matplotlib.patches import FancyBboxPatch

    texts = {step.id: _wrapped(step) for rank in trace.ranks for step in rank}
    heights = [max(len(texts[step.id]) for step in rank) * _LINE + 0.25 for rank in trace.ranks]
    columns = max(len(rank) for rank in trace.ranks)
    width = columns * (_WIDTH + _GAP) + _GAP
    figure, axes = _figure(width, sum(heights) + _GAP * (len(heights) + 1))
    places: dict[str, tuple[float, float, float]] = {}
    top = sum(heights) + _GAP * len(heights)
    for rank, height in zip(trace.ranks, heights, strict=True):
        left = (width - len(rank) * (_WIDTH + _GAP) + _GAP) / 2
        for index, step in enumerate(rank):
            x = left + index * (_WIDTH + _GAP)
            fill, stroke = step.colours
            box = FancyBboxPatch(
                (x, top - height), _WIDTH, height, boxstyle="round,pad=0.02,rounding_size=0.08", fc=fill, ec=stroke
            )
            axes.add_patch(box)
            for row, (text, bold) in enumerate(texts[step.id]):
                y = top - 0.12 - (row + 0.5) * _LINE
                weight = "bold" if bold else "normal"
                axes.text(x + 0.12, y, text, va="center", fontsize=8, weight=weight, color=_INK, parse_math=False)
            places[step.id] = (x + _WIDTH / 2, top, top - height)
        top -= height + _GAP
    for source, target in trace.arrows:
        (x_from, _, bottom), (x_to, head, _) = places[source], places[target]
        arrow = {"arrowstyle": "-|>", "color": "#5b6b7f", "lw": 1, "shrinkA": 2, "shrinkB": 2}
        axes.annotate("", (x_to, head), (x_from, bottom), arrowprops=arrow)
    axes.set_xlim(0, width)
    axes.set_ylim(0, sum(heights) + _GAP * (len(heights) + 1))
    axes.axis("off")
    _save(figure, path)


def draw_gate(gate: GateResult, path: Path) -> None:
    """Draw the interval of the difference between challenger and champion against the margin, with its segments."""
    rows = [_Bar("all rows", gate.difference, gate.low, gate.high)]
    rows += [
        _Bar(line(segment.get("segment", "?"), 40), segment.get("difference"), segment.get("low"), segment.get("high"))
        for segment in gate.segments[:15]
    ]
    drawn = [row for row in rows if row.difference is not None]
    figure, axes = _figure(7, 1.6 + 0.32 * len(drawn))
    for place, (_, difference, low, high) in enumerate(drawn):
        worse = low is not None and gate.margin is not None and low < gate.margin
        colour = _BAD if worse else _GOOD
        if low is not None and high is not None:
            axes.plot([low, high], [place, place], color=colour, lw=3, solid_capstyle="round")
        axes.plot([difference], [place], "o", color=colour)
        axes.annotate(
            number(difference), (difference, place), (0, 7), textcoords="offset points", ha="center", fontsize=8
        )
    axes.axvline(0, color=_INK, lw=0.8)
    if gate.margin is not None:
        axes.axvline(gate.margin, color=_BAD, ls="--", lw=1)
        axes.annotate(f" margin {gate.margin:g}", (gate.margin, len(drawn) - 0.4), fontsize=8, color=_BAD)
    axes.set_yticks(range(len(drawn)), [row.name for row in drawn], parse_math=False)
    axes.set_ylim(len(drawn) - 0.3, -0.7)
    axes.set_xlabel(
        f"difference in {measure_name(gate.metric)}, positive is better for the challenger ({gate.rows:,} rows)",
        fontsize=9,
    )
    axes.set_title(f"Gate: {gate.outcome}", loc="left", fontsize=11)
    _save(figure, path)


def draw_history(metric: str, history: Sequence[Measured], dossier: Dossier, path: Path) -> None:
    """Draw the deciding metric by window, the incident's windows and the switches of the champion.

    Parameters
    ----------
    metric : str
        The deciding metric's name.
    history : sequence of Measured
        Its values, by window.
    dossier : Dossier
        The incident, with its windows and the switches of the champion.
    path : Path
        Where the picture is written.
    """
    figure, axes = _figure(8, 3)
    ends = [point.window_end for point in history]
    axes.plot(ends, [point.value for point in history], "o-", color=_CALM, ms=4, lw=1.2)
    for batch in dossier.batches:
        axes.axvspan(batch.window.start, batch.window.end, color=_BAD, alpha=0.12, lw=0)
    first, last = min(ends), max(ends)
    for switch in dossier.promotions:
        if first <= switch.at <= last:
            axes.axvline(switch.at, color=_GOOD, ls="--", lw=1)
            axes.annotate(
                f"v{line(switch.to_version, 12)}", (switch.at, 1), xycoords=("data", "axes fraction"), fontsize=8
            )
    axes.set_ylabel(measure_name(metric), fontsize=9)
    axes.tick_params(labelsize=8)
    figure.autofmt_xdate()
    _save(figure, path)


class _Bar(NamedTuple):
    name: str
    difference: float | None
    low: float | None
    high: float | None


def _figure(width: float, height: float) -> tuple[Figure, Any]:
    # The figure is made without pyplot: nothing global, nothing that outlives the report.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    with _any_glyph():
        figure.savefig(path, dpi=130)


@contextmanager
def _any_glyph() -> Iterator[None]:
    with warnings.catch_warnings():
        # Names may hold characters that the font lacks; they are drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        yield


def _wrapped(step: Step) -> list[tuple[str, bool]]:
    rows = [(text, True) for text in textwrap.wrap(step.title, 46)]
    for about in step.lines:
        rows += [(text, False) for text in textwrap.wrap(about, 52)]
    return rows
