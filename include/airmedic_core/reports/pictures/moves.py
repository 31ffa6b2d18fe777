"""How far the columns that moved most have moved, as shares of what is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airmedic_core.reports.pictures.canvas import Canvas, short
from airmedic_core.reports.pictures.scale import Scale
from airmedic_core.reports.text import number

_WIDTH, _ROW, _NAMES, _TOP = 720, 22, 190, 48
_MOST_TIMES = 4.0
"""Limits that the picture is wide at the most: a column that moved further would make all others look still."""


@dataclass(frozen=True)
class Move:
    """How far one column has moved."""

    column: str
    share: float
    """Of its limit: 1 is at the limit."""
    usual_share: float | None
    """How far it usually moves from one window to the next."""
    verdict: str


def moves_picture(moves: Sequence[Move]) -> Canvas | None:
    """Draw the moves of columns, the largest first; nothing where none is known.

    Parameters
    ----------
    moves : sequence of Move
        The moves to show.
    """
    if not moves:
        return None
    height = _TOP + _ROW * len(moves) + 24
    largest = min(max(*(move.share for move in moves), 1.25), _MOST_TIMES)
    canvas = Canvas(_WIDTH, height, "Largest moves of inputs, as shares of what is accepted", _about(moves[0]))
    across = Scale(0.0, largest, _NAMES, _WIDTH - 120)
    for place, move in enumerate(moves):
        top = _TOP + place * _ROW
        canvas.text(_NAMES - 8, top + 13, short(move.column, 28), anchor="end")
        if move.usual_share is not None:
            canvas.box((_NAMES, top + 1), (across(move.usual_share) - _NAMES, _ROW - 4), kind="then half")
        kind = {"alert": "bad", "watch": "warn"}.get(move.verdict, "now")
        canvas.box((_NAMES, top + 5), (max(across(move.share) - _NAMES, 1.0), _ROW - 12), kind=kind, told=_about(move))
        beyond = "›" if move.share > largest else ""
        canvas.text(across(move.share) + 6, top + 13, f"{number(round(move.share, 2))}{beyond}", kind="soft")
    foot = _TOP + _ROW * len(moves)
    canvas.line((across(1.0), _TOP - 6), (across(1.0), foot), "limit")
    canvas.text(across(1.0), _TOP - 10, "accepted", kind="bad-text", anchor="middle")
    canvas.line((_NAMES, _TOP - 4), (_NAMES, foot))
    canvas.legend(_NAMES, foot + 16, (("now", "now"), ("then half", "usual from window to window (95 %)")))
    return canvas


def _about(move: Move) -> str:
    usual = f", usually up to {number(round(move.usual_share, 2))}" if move.usual_share is not None else ""
    return f"{move.column}: {number(round(move.share, 2))} of what is accepted{usual}"
