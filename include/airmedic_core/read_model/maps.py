"""Maps of columns and windows: what was found of each column in each window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from airmedic_core.assess import share_of_limit
from airmedic_core.assess.signs import WHOLE
from airmedic_core.ledger.overview import Cell
from airmedic_core.read_model.plain import rounded
from airmedic_core.records import Json, Verdict

MOST_CELLS = 20_000
"""Cells of the map of columns at the most, some 2 MB: 60 windows of 300 columns. The worst columns are kept."""
_MOST_QUALITY = 100
"""Lines of the map of quality at the most."""
_BADNESS = {verdict.value: place for place, verdict in enumerate(Verdict)}


def columns_map(
    cells: Sequence[Cell], batch_ids: Sequence[str], *, hides: Callable[[str], bool]
) -> tuple[list[Json], int]:
    """Return how far each column had moved in each window, worst column first, and how many columns are left out.

    Parameters
    ----------
    cells : sequence of Cell
        The findings on inputs.
    batch_ids : sequence of str
        The windows, oldest first.
    hides : callable
        Whether a column is private.
    """
    strongest: dict[str, dict[str, tuple[tuple[int, float], Cell]]] = defaultdict(dict)
    for cell in cells:
        if cell.subject == WHOLE:
            continue
        share = share_of_limit(cell.value, cell.baseline, cell.limit, cell.effect)
        weight = (_BADNESS[cell.verdict], share or 0.0)
        windows = strongest[cell.subject]
        known = windows.get(cell.batch_id)
        if known is None or weight > known[0]:
            windows[cell.batch_id] = (weight, cell)
    ranked = sorted((name for name in strongest if not hides(name)), key=lambda name: _rank(name, strongest[name]))
    kept = ranked[: max(1, MOST_CELLS // max(len(batch_ids), 1))]
    columns = [
        {"name": name, "windows": [_cell(strongest[name].get(batch_id)) for batch_id in batch_ids]} for name in kept
    ]
    return columns, len(ranked) - len(kept)


def quality_map(
    noted: Sequence[Cell], batch_ids: Sequence[str], assessed: Collection[str], *, hides: Callable[[str], bool]
) -> list[Json]:
    """Return what was wrong with the rows in each window, most often first.

    Parameters
    ----------
    noted : sequence of Cell
        The findings on rows that are not in order.
    batch_ids : sequence of str
        The windows, oldest first.
    assessed : collection of str
        The windows that were checked: where nothing was noted in them, all was in order.
    hides : callable
        Whether a column is private.
    """
    lines: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for cell in noted:
        windows = lines[cell.subject, cell.statistic]
        windows[cell.batch_id] = max(windows.get(cell.batch_id, "ok"), cell.verdict, key=_BADNESS.__getitem__)
    shown = sorted((key for key in lines if not hides(key[0])), key=lambda key: (-len(lines[key]), key))
    return [
        {
            "subject": subject,
            "statistic": statistic,
            "windows": [
                lines[subject, statistic].get(batch_id, "ok" if batch_id in assessed else None)
                for batch_id in batch_ids
            ],
        }
        for subject, statistic in shown[:_MOST_QUALITY]
    ]


def _rank(name: str, windows: dict[str, tuple[tuple[int, float], Cell]]) -> tuple[int, float, str]:
    noted = sum(badness > _BADNESS["unknown"] for (badness, _), _ in windows.values())
    return -noted, -max(share for (_, share), _ in windows.values()), name


def _cell(known: tuple[tuple[int, float], Cell] | None) -> Json | None:
    if known is None:
        return None
    (_, share), cell = known
    return {
        "verdict": cell.verdict,
        "effect": rounded(cell.effect),
        "value": rounded(cell.value),
        "limit": rounded(cell.limit),
        "share": rounded(share),
        "statistic": cell.statistic,
    }
