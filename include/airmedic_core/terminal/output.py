"""Says how commands speak: tables and lines for people on the terminal, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import AirmedicError, SpecError
from airmedic_core.terminal.progress import out_of_the_way

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

STYLES = {
    **dict.fromkeys(("ok", "healthy", "passed", "resolved"), "green"),
    **dict.fromkeys(("watch", "unknown", "inconclusive", "warning"), "yellow"),
    **dict.fromkeys(("alert", "incident", "refused", "failed", "not_comparable"), "bold red"),
}
"""Colour of a word of judgement."""


def say(text: str = "", style: str = "") -> None:
    """Print one line for people. Text from outside is printed as it is, never as markup."""
    _print(_text(text, style))


def judged(word: str, text: str) -> None:
    """Print a line that begins with a word of judgement in its colour."""
    from rich.text import Text

    _print(Text.assemble((word, STYLES.get(word, "bold")), "  ", _text(text)))


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table. Cells are printed as they are, never as markup.

    Parameters
    ----------
    title : str
        Stands above the table; may be empty.
    header : sequence of str
        The columns' headings.
    rows : iterable of sequence
        The cells, row by row.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    if not _console().is_terminal:
        _show_plainly(title, header, rows)
        return
    table = Table(title=_text(title, "bold") if title else None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_text(str(cell), STYLES.get(str(cell), "")) for cell in row))
    _put(table)


def show_under(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows whose first cell, such as an incident's id, stands whole in a line of its own above the others.

    To a program or a file they are a table, as :func:`show` prints it.

    Parameters
    ----------
    header : sequence of str
        The columns' headings. On a terminal the cells speak for themselves.
    rows : iterable of sequence
        The cells, row by row. The last one is a text, which may take several lines.
    """
    from rich.padding import Padding
    from rich.text import Text

    if not _console().is_terminal:
        _show_plainly("", header, rows)
        return
    for first, *others, text in rows:
        say(str(first), "bold")
        words = [_text(str(cell), STYLES.get(str(cell), "")) for cell in others if str(cell)]
        if words:
            _put(Padding(Text("  ").join(words), (0, 0, 0, 2)))
        if str(text):
            _put(Padding(_text(str(text)), (0, 0, 0, 2)))


def _show_plainly(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table for a program or a file: a line for each row, and columns that no width cuts."""
    lines = [[" ".join(str(cell).split()) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if title:
        say(title)
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def problem(error: AirmedicError) -> None:
    """Print an error and what to do about it, on standard error."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    with out_of_the_way():
        console.print(_text(error.problem, "bold red"), soft_wrap=True)
        if error.hint:
            console.print(_text(error.hint), soft_wrap=True)


def write_json(place: str, plain: Any) -> None:
    """Write JSON to a file, or to standard output where the place is ``-``."""
    text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"
    if place == "-":
        write_out(text)
    else:
        write_text(Path(place), text)


def write_out(text: str) -> None:
    """Write a text to standard output as it is, such as a file's content that a program reads."""
    with out_of_the_way():
        sys.stdout.write(text)


def write_text(path: Path, text: str) -> None:
    """Write a file.

    Raises
    ------
    SpecError
        If it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SpecError(f"{str(path)!r} cannot be written: {error.strerror}.", "Name another file.") from error


def _print(text: Text) -> None:
    """Print text with its lines broken between words: ids and addresses that are wider than a terminal stay whole."""
    console = _console()
    widest = max(map(len, text.plain.split()), default=0)
    _put(text, soft_wrap=not console.is_terminal or widest > console.width)


def _put(renderable: Any, *, soft_wrap: bool = False) -> None:
    with out_of_the_way():
        _console().print(renderable, soft_wrap=soft_wrap)


def _console() -> Console:
    from rich.console import Console

    # Made anew each time: tests and callers may have replaced standard output meanwhile.
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)


def _text(text: str, style: str = "") -> Any:
    from rich.text import Text

    printable = "".join(character if character.isprintable() or character == "\n" else " " for character in text)
    return Text(printable, style=style)
