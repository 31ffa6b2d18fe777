"""The one picture that decides an approval, of letters: Airflow's page shows no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.decide.deciding_picture import deciding_picture
from airmedic_core.numbers import measure_name
from airmedic_core.records import Proposal
from airmedic_core.reports.gate_words import short

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_WIDTH = 12
"""Letters of the longest bar: with its number and the interval it fits one line of Airflow's page."""
_REST = "░"
_FULL = "█"


def picture(workspace: Workspace, proposal: Proposal) -> list[str]:
    """Return the lines of a picture: what the gate compared, or the metric before and after the fault.

    Nothing where neither was measured.

    Parameters
    ----------
    workspace : Workspace
        The model's workspace.
    proposal : Proposal
        What is to be approved.
    """
    drawn = deciding_picture(workspace.ledger, workspace.spec, proposal)
    if drawn is None:
        return []
    rows = [(bar.label, bar.value) for bar in drawn.bars]
    full = drawn.full if drawn.has_lengths else None
    first, *others, last = bars(rows, measure_name(drawn.metric), full)
    first = f"{first}, on {drawn.rows}" if drawn.note else first
    return [first, *others, f"{last}: {drawn.note}" if drawn.note else last]


def bars(rows: Sequence[tuple[str, float]], name: str, full: float | None) -> list[str]:
    """Return a line for each row: bar, name, number, label. Bars begin at zero, so that their lengths may be compared.

    The page's letters are of different widths: where the bars stand first, they all begin at one edge.

    >>> bars([("before", 4.0), ("now", 2.0)], "MAE", 4.0)
    ['████████████ MAE 4, before', '██████░░░░░░ MAE 2, now']

    Parameters
    ----------
    rows : sequence of (str, float)
        Label and value of each bar.
    name : str
        The metric's name.
    full : float or None
        The value of a bar of full length; nothing where lengths may not be compared.
    """
    drawn = ["" if full is None else _bar(value / full) for _, value in rows]
    return [f"{bar} {name} {short(value)}, {label}".strip() for bar, (label, value) in zip(drawn, rows, strict=True)]


def _bar(share: float) -> str:
    whole = min(_WIDTH, round(share * _WIDTH))
    return _FULL * whole + _REST * (_WIDTH - whole)
