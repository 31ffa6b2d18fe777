"""The table at the end: what was tried, what came of it, how long it took, and what each process took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table

from airmedic_local.cluster.part import Part
from airmedic_local.cluster.verdicts import Verdict

_MEGABYTE = 1_000_000


def tried_table(rows: Iterable[tuple[str, str, str, bool]]) -> Table:
    """Return what was tried, how long it took, and whether it went well.

    Parameters
    ----------
    rows : iterable of (str, str, str, bool)
        What, the time, what came of it, and whether that is as it should be.
    """
    table = Table(title="What was tried", title_justify="left")
    for heading in ("What", "Time", "What came of it", ""):
        table.add_column(heading)
    for what, took, told, well in rows:
        table.add_row(what, took, told, "[green]✔[/]" if well else "[red]✘[/]")
    return table


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """Return what has to hold, and whether it does."""
    table = Table(title="What has to hold", title_justify="left")
    for heading in ("What", "Counted", ""):
        table.add_column(heading)
    for verdict in verdicts:
        told = "; ".join(verdict.problems)[:300] or verdict.told
        table.add_row(verdict.what, told, "[red]✘[/]" if verdict.problems else "[green]✔[/]")
    return table


def parts_table(parts: Iterable[Part], took: dict[str, float]) -> Table:
    """Return what each service took.

    Parameters
    ----------
    parts : iterable of Part
        The services.
    took : dict
        Service → seconds from its start until it was well.
    """
    table = Table(title="Services", title_justify="left")
    table.add_column("Service")
    for heading in (
        "Well after (s)",
        "Memory (MB)",
        "Limit (MB)",
        "Started again",
        "Looks",
        "CPU each (s)",
        "Failed",
    ):
        table.add_column(heading, justify="right")
    total = 0.0
    for part in parts:
        total += part.most_memory
        cost = f"{part.look_seconds / part.looks:.2f}" if part.looks else "–"
        memory = f"{part.most_memory / _MEGABYTE:,.0f}"
        restarts, looks, failed = str(part.restarts), str(part.looks), str(part.unhealthy_looks)
        limit = f"{part.service.most_memory / _MEGABYTE:,.0f}" if part.service.most_memory else "–"
        table.add_row(part.name, f"{took.get(part.name, 0):.0f}", memory, limit, restarts, looks, cost, failed)
    table.add_row("all", "", f"{total / _MEGABYTE:,.0f}", *[""] * 5)
    return table
