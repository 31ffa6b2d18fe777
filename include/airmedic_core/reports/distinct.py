"""Evidence without what only says again what other evidence says."""

from __future__ import annotations

from collections.abc import Iterable

from airmedic_core.records import Evidence


def distinct(items: Iterable[Evidence]) -> list[Evidence]:
    """Return evidence in its order, without items whose statement holds that of an earlier one, or lies in it.

    The assessment of a batch, for one, quotes the finding that decides it.

    Examples
    --------
    >>> def said(name, statement):
    ...     return Evidence(id=name, kind="finding", collector="findings", subject="batch", statement=statement)
    >>> items = [said("E1", "It fell."), said("E2", "The relation has changed: it fell."), said("E3", "All is usual.")]
    >>> [item.id for item in distinct(items)]
    ['E1', 'E3']
    """
    kept: list[Evidence] = []
    told: list[str] = []
    for item in items:
        statement = " ".join(item.statement.split()).rstrip(". ").casefold()
        if statement and any(statement in earlier or earlier in statement for earlier in told):
            continue
        kept.append(item)
        told += [statement] if statement else []
    return kept
