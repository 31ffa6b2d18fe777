"""Compares the column names of two sets of rows, so that an error can say what is wrong with their files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from airmedic_core.errors import SourceError

_SEPARATORS = {";": "semicolons", "\t": "tabs"}
_MOST_NAMES = 5
_MOST_LETTERS = 40


def refuse_strangers(reference: Iterable[object], current: Iterable[object]) -> None:
    """Refuse two sets of rows that have no column in common.

    Parameters
    ----------
    reference, current : iterable
        The names of their columns.

    Raises
    ------
    SourceError
        If no name is in both. It names some of each side, and what may have happened. A retry does not help.
    """
    before, now = list(map(str, reference)), list(map(str, current))
    if set(before) & set(now):
        return
    separated = (("The reference", looks_separated(before)), ("The current file", looks_separated(now)))
    hints = [f"{side} {hint}" for side, hint in separated if hint] or [_alike(before, now)]
    raise SourceError(
        "The two sets of rows have no column in common. "
        f"Those of the reference: {_some(before)}. Those in question: {_some(now)}.",
        " ".join(hints),
    )


def looks_separated(names: Sequence[str]) -> str:
    """Return the end of a sentence on a file whose columns were read as one; empty where they were not."""
    separator = next((word for mark, word in _SEPARATORS.items() if len(names) == 1 and mark in names[0]), "")
    return f"looks separated by {separator}: write it with commas, or as parquet." if separator else ""


def _alike(before: Sequence[str], now: Sequence[str]) -> str:
    folded = {_folded(name): name for name in before}
    alike = [(folded[_folded(name)], name) for name in now if _folded(name) in folded]
    if not alike:
        return "Check that both belong to the model."
    pairs = ", ".join(f"{_quoted(old)} and {_quoted(new)}" for old, new in alike[:_MOST_NAMES])
    more = ", …" if len(alike) > _MOST_NAMES else ""
    return f"Only case or spaces around the name tell these apart: {pairs}{more}. Write them alike."


def _folded(name: str) -> str:
    return name.strip().casefold()


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(_quoted, names[:_MOST_NAMES])) + (", …" if len(names) > _MOST_NAMES else "")


def _quoted(name: str) -> str:
    return repr(name if len(name) <= _MOST_LETTERS else name[: _MOST_LETTERS - 1] + "…")
