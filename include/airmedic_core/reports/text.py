"""Text that other people wrote, made safe for markdown, Mermaid and HTML pages.

Column names, category values, runbook lines and comments reach the reports from outside. Here they become single,
bounded lines that cannot break a table, open a link or run a script.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from airmedic_core import numbers
from airmedic_core.windows import Window

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Not those of the process's language: reports are in English."""
_TITLE_CHARACTERS = 60
"""Length of a heading that MLflow shows on one line."""
_MONTH_DAYS = 28
"""A window that is so long is told by its month."""
_INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]+"
)
"""Control characters, marks of direction, and what takes no room: tags (U+E0000 and on) can hold whole sentences that
only a machine reads."""
_IN_CODE = str.maketrans({"`": "'", "|": "\\|", "<": "‹", ">": "›"})
_MARKDOWN = re.compile(r"([\\`*\[\]|~])")


def line(text: object, most: int = 300) -> str:
    """Return text as one line without control characters, shortened to a number of characters."""
    flat = " ".join(_INVISIBLE.sub(" ", str(text)).split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


def prose(text: object, most: int = 600) -> str:
    """Return text for running markdown: one line in which no markup, link or HTML is left."""
    safe = _MARKDOWN.sub(r"\\\1", line(text, most)).replace("<", "&lt;").replace(">", "&gt;")
    return safe.replace("://", ":&#47;/")


def code(text: object, most: int = 120) -> str:
    """Return text as a markdown code span, also inside a table."""
    # Markdown shows a code span as it is, but not every reader of these files is a markdown reader.
    flat = line(text, most).translate(_IN_CODE)
    return f"`{flat}`" if flat else ""


def page(text: object, most: int = 300) -> str:
    """Return text for an HTML page, in an element or a quoted attribute."""
    return html.escape(line(text, most), quote=True)


def number(value: float | None, unit: str = "") -> str:
    """Return a number with four significant digits and its unit, or a dash where there is none."""
    if value is None:
        return "–"
    return numbers.number(value, unit) if math.isfinite(value) else str(value)


def moment(when: datetime | None) -> str:
    """Return a moment in UTC to the second, or a dash where there is none."""
    return "–" if when is None else f"{when:%Y-%m-%d %H:%M:%S} UTC"


def first_day(window: Window) -> str:
    """Return the begin of a window, for names that must be short."""
    return str(window).partition(" … ")[0]


def day(window: Window) -> str:
    """Return when a window was, in as few letters as tell it: its month, its day, or its hour.

    >>> day(Window(datetime(2026, 2, 7), datetime(2026, 2, 8))), day(Window(datetime(2026, 2, 1), datetime(2026, 3, 1)))
    ('7 Feb', 'Feb 2026')
    """
    start, length = window.start, window.end - window.start
    if length >= timedelta(days=_MONTH_DAYS):
        return f"{_MONTHS[start.month - 1]} {start.year}"
    date = f"{start.day} {_MONTHS[start.month - 1]}"
    return date if length >= timedelta(days=1) else f"{date} {start:%H:%M}"


def heading(headline: str) -> tuple[str, bool]:
    """Return a heading that MLflow shows on one line, and whether it leaves something out.

    MLflow prints the second line of a heading over the first, so that a long headline has to stand below.
    """
    title = headline.partition(":")[0]
    return line(title, _TITLE_CHARACTERS), title != headline or len(title) > _TITLE_CHARACTERS


def duration(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a markdown table of cells that are already safe; empty where there are no rows."""
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(header) + " |", "|" + "---|" * len(header), *lines])
