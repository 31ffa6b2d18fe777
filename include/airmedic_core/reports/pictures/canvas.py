"""Says what pictures are drawn on: shapes and texts of an SVG, whose colours follow the reader's light or dark page."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Literal

from airmedic_core.reports.text import line

STYLE = """
.picture { --ink: #1b1f24; --soft: #5b6570; --grid: #dfe4ea; --paper: #ffffff; --now: #1f6fa8; --then: #8a94a0;
  --good: #2c7a3d; --bad: #b3261e; --warn: #8a5d00; --warn-dot: #d9861a; font: 12px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { .picture { --ink: #e6e9ed; --soft: #a3adb8; --grid: #38414b; --paper: #15191e;
  --now: #6cb4e8; --then: #7b8794; --good: #6cc381; --bad: #ff8a80; --warn: #e0b04c;
  --warn-dot: #e8a33a; } }
.picture text { fill: var(--ink); } .picture .title { font-weight: 600; font-size: 13px; }
.picture .soft { fill: var(--soft); font-size: 11px; } .picture .bad-text { fill: var(--bad); font-size: 11px; }
.picture .warn-dot { fill: var(--warn-dot); }
.picture .good-text { fill: var(--good); font-size: 11px; } .picture .strong { font-weight: 600; }
.picture .paper { fill: var(--paper); } .picture .grid { stroke: var(--grid); }
.picture .axis { stroke: var(--soft); } .picture .now { fill: var(--now); } .picture .then { fill: var(--then); }
.picture .bad { fill: var(--bad); } .picture .good { fill: var(--good); } .picture .warn { fill: var(--warn); }
.picture .faint { opacity: .13; } .picture .half { opacity: .55; }
.picture .now-line { stroke: var(--now); stroke-width: 1.6; fill: none; }
.picture .good-line { stroke: var(--good); stroke-width: 1.6; fill: none; }
.picture .bad-line { stroke: var(--bad); stroke-width: 1.6; fill: none; }
.picture .whisker { stroke: var(--now); stroke-width: 1.2; opacity: .6; }
.picture .limit { stroke: var(--bad); stroke-width: 1.2; stroke-dasharray: 5 4; fill: none; }
.picture .on-box { fill: #1b1f24; } .picture polyline.axis { fill: none; }
.picture .switch { stroke: var(--good); stroke-width: 1.2; stroke-dasharray: 2 3; }
"""
"""Colours and strokes of all pictures. A page holds it once, a file of its own in itself."""

Anchor = Literal["start", "middle", "end"]
CHARACTER = 6.4
"""Width of a character of a label, in units of the picture: the mean of common sans-serif fonts at 12 pixels."""

_LINES = frozenset({"limit", "switch"})
"""Classes that a legend shows as the line that they draw."""
_DOT = "dot "
"""In front of a class that a legend shows as a point."""
_OVER = "+"
"""Between two classes of a legend, the second of which is drawn over the first."""


class Canvas:
    """An SVG that grows by shapes.

    Parameters
    ----------
    width, height : float
        Its size, in pixels where it is shown at its own size.
    title : str
        What it shows: the picture's own heading, and its name for a screen reader.
    about : str
        What a screen reader says of it beyond the title.
    """

    def __init__(self, width: float, height: float, title: str, about: str = "") -> None:
        self.width, self.height = width, height
        self._told = ". ".join(part for part in (_text(title), _text(about, 600)) if part)
        self._shapes: list[str] = [f"<rect class='paper' width='{width:g}' height='{height:g}' rx='4'/>"]
        if title:
            self.text(8, 18, title, kind="title")

    def text(self, x: float, y: float, text: object, *, kind: str = "", anchor: Anchor = "start") -> None:
        """Write one line of text.

        Parameters
        ----------
        x, y : float
            Where its base line begins, is in the middle, or ends.
        text : object
            The text, whoever wrote it.
        kind : str
            Its class in the style.
        anchor : str
            Which of its points stands at ``x``.
        """
        where = f" text-anchor='{anchor}'" if anchor != "start" else ""
        self._shapes.append(f"<text x='{x:.1f}' y='{y:.1f}'{_class(kind)}{where}>{_text(text)}</text>")

    def line(self, start: tuple[float, float], end: tuple[float, float], kind: str = "axis") -> None:
        """Draw a straight line.

        Parameters
        ----------
        start, end : tuple of float
            Its ends.
        kind : str
            Its class in the style.
        """
        (x1, y1), (x2, y2) = start, end
        self._shapes.append(f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}'{_class(kind)}/>")

    def box(
        self, corner: tuple[float, float], size: tuple[float, float], *, kind: str = "", told: str = "", fill: str = ""
    ) -> None:
        """Draw a filled rectangle.

        Parameters
        ----------
        corner : tuple of float
            Its upper left corner.
        size : tuple of float
            Width and height.
        kind : str
            Its class in the style.
        told : str
            What is shown where the pointer rests on it.
        fill : str
            Fill and line colour, where no class says them.
        """
        (x, y), (width, height) = corner, size
        if width <= 0 or height <= 0:
            return
        shape = f"x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}'{_class(kind)}{fill}"
        self._shapes.append(f"<rect {shape}>{_told(told)}</rect>" if told else f"<rect {shape}/>")

    def dot(self, place: tuple[float, float], kind: str, told: str = "") -> None:
        """Draw a point.

        Parameters
        ----------
        place : tuple of float
            Its middle.
        kind : str
            Its class in the style.
        told : str
            What is shown where the pointer rests on it.
        """
        self._shapes.append(
            f"<circle cx='{place[0]:.1f}' cy='{place[1]:.1f}' r='3'{_class(kind)}>{_told(told)}</circle>"
        )

    def path(self, places: Sequence[tuple[float, float]], kind: str) -> None:
        """Draw a line through several points."""
        if len(places) > 1:
            told = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            self._shapes.append(f"<polyline points='{told}'{_class(kind)}/>")

    def legend(self, x: float, y: float, entries: Iterable[tuple[str, str]]) -> None:
        """Write what colours stand for, side by side.

        Parameters
        ----------
        x, y : float
            Where the base line of the first word begins.
        entries : iterable of pairs
            The class of each colour or stroke, and the word for it. A class behind ``dot`` is shown as a point, and one
            behind a plus is drawn over the one before it.
        """
        for kinds, word in entries:
            for kind in kinds.split(_OVER):
                if kind in _LINES:
                    self.line((x, y - 4), (x + 10, y - 4), kind)
                elif kind.startswith(_DOT):
                    self.dot((x + 5, y - 4), kind.removeprefix(_DOT))
                else:
                    self.box((x, y - 9), (10, 10), kind=kind)
            self.text(x + 14, y, word, kind="soft")
            x += 26 + len(word) * CHARACTER

    def svg(self) -> str:
        """Return the picture to stand in a page that holds the style."""
        return self._svg("")

    def file(self) -> str:
        """Return the picture as a file of its own."""
        name = "xmlns='http://www.w3.org/2000/svg'"
        return self._svg(f" {name}", f"<style>{STYLE}</style>")

    def _svg(self, attributes: str, style: str = "") -> str:
        size = f"viewBox='0 0 {self.width:g} {self.height:g}' width='{self.width:g}' height='{self.height:g}'"
        shapes = "".join(self._shapes)
        opening = f"<svg{attributes} class='picture' {size} role='img' aria-label='{self._told}'>"
        return f"{opening}{style}{shapes}</svg>"


def short(text: object, characters: int) -> str:
    """Return a text that takes no more than so many characters."""
    return line(text, characters)


def _text(text: object, most: int = 200) -> str:
    return html.escape(line(text, most), quote=True)


def _class(kind: str) -> str:
    return f" class='{kind}'" if kind else ""


def _told(told: str) -> str:
    return f"<title>{_text(told)}</title>" if told else ""
