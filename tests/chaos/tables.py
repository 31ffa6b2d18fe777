"""The tables of what came of the trials, in markdown: those of docs/reliability.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from tests.chaos.trials import Row

_LAST = "lost, doubled, unapproved or not meant"


def kills_table(rows: Sequence[Row], title: str) -> list[str]:
    """Return the kills as a table.

    Parameters
    ----------
    rows : sequence of Row
        One for each action.
    title : str
        What was underneath.
    """
    kills, trials, problems = _sums(rows)
    return [
        f"| Killed, {title} | steps | kills | trials | {_LAST} |",
        "|---|---:|---:|---:|---:|",
        *(f"| {row.action} | {row.steps} | {row.events} | {row.trials} | {len(row.problems)} |" for row in rows),
        f"| **all** | | {kills} | {trials} | {problems} |",
        "",
    ]


def outages_table(rows: Iterable[tuple[str, Row]]) -> list[str]:
    """Return the outages as a table: all actions of one kind together.

    Parameters
    ----------
    rows : iterable of (str, Row)
        What was underneath, and what came of one action.
    """
    kinds: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for title, row in rows:
        kinds[title, row.kind].append(row)
    if not kinds:
        return []
    lines = [f"| Outage | actions | trials | met by a process | {_LAST} |", "|---|---:|---:|---:|---:|"]
    for (title, kind), several in sorted(kinds.items()):
        met, trials, problems = _sums(several)
        lines.append(f"| {kind}, {title} | {len(several)} | {trials} | {met} | {problems} |")
    return [*lines, ""]


def _sums(rows: Sequence[Row]) -> tuple[int, int, int]:
    """Return the events, trials and problems of several rows."""
    return sum(row.events for row in rows), sum(row.trials for row in rows), sum(len(row.problems) for row in rows)
