"""Maps of columns and windows: what was found of each column in each window."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from airmedic_core.assess import share_of_limit
from airmedic_core.assess.signs import WHOLE
from airmedic_core.ledger.overview import Cell
from airmedic_core.read_model.plain import rounded
from airmedic_core.records import ABNORMAL, Json, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger

MOST_CELLS = 20_000
"""Cells of the map of columns at the most, some 2 MB: 60 windows of 300 columns. The worst columns are kept."""
_RANKED_WINDOWS = 60
"""Windows whose moves rank the columns that have never been noted: to read two years of all columns takes a second."""
_MOST_QUALITY = 100
"""Lines of the map of quality at the most."""
_BADNESS = {verdict.value: place for place, verdict in enumerate(Verdict)}


def columns_map(
    ledger: Ledger, noted: Sequence[Cell], batch_ids: Sequence[str], *, hides: Callable[[str], bool]
) -> tuple[list[Json], int]:
    """Return how far each column had moved in each window, worst column first, and how many columns are left out.

    Parameters
    ----------
    ledger : Ledger
        Holds the findings.
    noted : sequence of Cell
        The findings in these windows that are not in order.
    batch_ids : sequence of str
        The windows, oldest first.
    hides : callable
        Whether a column is private.
    """
    recent = ledger.cells(batch_ids[-_RANKED_WINDOWS:], {Role.INPUT_MOVED})
    times = Counter(cell.subject for cell in noted if cell.role is Role.INPUT_MOVED and cell.verdict in ABNORMAL)
    farthest: dict[str, float] = defaultdict(float)
    for cell in recent:
        farthest[cell.subject] = max(farthest[cell.subject], _share(cell))
    names = {name for name in (*times, *farthest) if name != WHOLE and not hides(name)}
    ranked = sorted(names, key=lambda name: (-times[name], -farthest[name], name))
    kept = ranked[: max(1, MOST_CELLS // max(len(batch_ids), 1))]
    cells = recent
    if len(batch_ids) > _RANKED_WINDOWS:
        cells = ledger.cells(batch_ids, {Role.INPUT_MOVED}, subjects=kept)
    strongest: dict[tuple[str, str], Cell] = {}
    for cell in cells:
        place = cell.subject, cell.batch_id
        known = strongest.get(place)
        if known is None or _weight(cell) > _weight(known):
            strongest[place] = cell
    columns = [
        {"name": name, "windows": [_cell(strongest.get((name, batch_id))) for batch_id in batch_ids]} for name in kept
    ]
    return columns, len(ranked) - len(kept)


def quality_map(
    noted: Sequence[Cell], batch_ids: Sequence[str], assessed: Collection[str], *, hides: Callable[[str], bool]
) -> list[Json]:
    """Return what was wrong with the rows in each window, most often first.

    Parameters
    ----------
    noted : sequence of Cell
        The findings in these windows that are not in order.
    batch_ids : sequence of str
        The windows, oldest first.
    assessed : collection of str
        The windows that were checked: where nothing was noted in them, all was in order.
    hides : callable
        Whether a column is private.
    """
    lines: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for cell in noted:
        if cell.role is not Role.DATA_FAULT:
            continue
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


def _share(cell: Cell) -> float:
    return share_of_limit(cell.value, cell.baseline, cell.limit, cell.effect) or 0.0


def _weight(cell: Cell) -> tuple[int, float]:
    return _BADNESS[cell.verdict], _share(cell)


def _cell(cell: Cell | None) -> Json | None:
    if cell is None:
        return None
    return {
        "verdict": cell.verdict,
        "effect": rounded(cell.effect),
        "value": rounded(cell.value),
        "limit": rounded(cell.limit),
        "share": rounded(_share(cell)),
        "statistic": cell.statistic,
    }
