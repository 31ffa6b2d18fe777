"""Says how far the columns that moved most have moved, measured by how far they usually do."""

from __future__ import annotations

from collections.abc import Sequence

from airmedic_core.reports.pictures.canvas import Canvas, short
from airmedic_core.reports.pictures.scale import Scale
from airmedic_core.reports.points import Move
from airmedic_core.reports.text import number

_WIDTH, _ROW, _NAMES, _TOP = 720, 22, 190, 48
_MOST_TIMES = 4.0
"""Usual ranges that the picture is wide at the most: a column that moved further would make all others look still."""


def moves_picture(moves: Sequence[Move]) -> Canvas | None:
    """Draw the moves of columns, the largest first; nothing where none is known.

    Parameters
    ----------
    moves : sequence of Move
        The moves to show.
    """
    if not moves:
        return None
    height = _TOP + _ROW * len(moves) + 10
    largest = min(max(*(move.of_usual for move in moves), 1.25), _MOST_TIMES)
    canvas = Canvas(_WIDTH, height, "Largest moves of inputs, as shares of their usual range", _about(moves[0]))
    across = Scale(0.0, largest, _NAMES, _WIDTH - 120)
    left, right = _NAMES, across(1.0)
    canvas.box((left, _TOP - 2), (right - left, _ROW * len(moves)), kind="then faint", told="the usual range")
    for place, move in enumerate(moves):
        top = _TOP + place * _ROW
        canvas.text(_NAMES - 8, top + 13, short(move.column, 28), anchor="end")
        kind = {"alert": "bad", "watch": "warn"}.get(move.verdict, "now")
        end = across(move.of_usual)
        canvas.box((_NAMES, top + 4), (max(end - _NAMES, 1.0), _ROW - 12), kind=kind, told=_about(move))
        beyond = "›" if move.of_usual > largest else ""
        word = f"{number(round(move.of_usual, 2))}{beyond}{_judged(move)}"
        canvas.text(end + 6, top + 13, word, kind="soft")
    foot = _TOP + _ROW * len(moves)
    canvas.line((right, _TOP - 6), (right, foot), "limit")
    canvas.text(right, _TOP - 10, "usual up to here", kind="bad-text", anchor="middle")
    canvas.line((_NAMES, _TOP - 4), (_NAMES, foot))
    return canvas


def _judged(move: Move) -> str:
    """Return what a move beyond the usual range means: of many columns, some lie there in any window."""
    if move.of_usual <= 1.0:
        return ""
    return {"alert": " · alarm", "watch": " · watched", "ok": " · no alarm"}.get(move.verdict, "")


def _about(move: Move) -> str:
    return f"{move.column}: {number(round(move.of_usual, 2))} of its usual range"
