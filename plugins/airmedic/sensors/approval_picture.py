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
_EIGHTHS = " ▏▎▍▌▋▊▉"
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
    *others, last = bars([(bar.label, bar.value) for bar in drawn.bars], measure_name(drawn.metric))
    return [*others, f"{last}: {drawn.note}" if drawn.note else last]


def bars(rows: Sequence[tuple[str, float]], name: str) -> list[str]:
    """Return a line for each row: bar, name, number, label. Bars begin at zero, so that their lengths may be compared.

    The page's letters are of different widths: where the bars stand first, they all begin at one edge.

    >>> bars([("before", 4.0), ("now", 2.0)], "MAE")
    ['████████████ MAE 4, before', '██████ MAE 2, now']
    """
    most = max((abs(value) for _, value in rows), default=0.0) or 1.0
    return [f"{_bar(abs(value) / most)} {name} {short(value)}, {label}".strip() for label, value in rows]


def _bar(share: float) -> str:
    whole, rest = divmod(round(share * _WIDTH * 8), 8)
    return _FULL * whole + (_EIGHTHS[rest] if rest else "")
