"""Categories whose letters were replaced: names that were never seen, and are known ones but for a character or two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks.corruption.broken_shares import broken_finding
from airmedic_core.checks.corruption.options import LIMITS, Options
from airmedic_core.measures.stand_in_values import is_stand_in
from airmedic_core.numbers import percent
from airmedic_core.repair import RenameValues, repairable

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.records import Finding

_UNREADABLE = "\ufffd"
"""Says what programs write for a letter that they cannot read (Unicode's replacement character)."""

_Words = dict[int, tuple[list[str], NDArray[np.int_]]]
"""Length of names → these names, and their characters, shape (names, length)."""


def damaged_names(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    """Yield the finding on names that are known ones with other characters in them.

    A name is damaged for certain where it holds a sign that no name of the column has, and is a known name without it,
    or with another character in its place; or where it is a known name whose bytes were read in another encoding.
    Where it differs by a few letters, it counts if hardly any two known names lie so near each other: codes do, and
    words do not. Numbers that differ are other numbers.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        A column of categories.
    options : Options
        Of the check.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> damaged = {"branch": "br�nch", "web": "wxb"}
    >>> def a_tenth(day):
    ...     return day.assign(channel=day["channel"].where(day.index % 10 > 0, day["channel"].replace(damaged)))
    >>> [finding.message for finding in damaged_names(example_context(a_tenth), "channel", Options())]
    ["4 % of channel hold names with replaced characters, such as 'br�nch' for 'branch'; usual are 0.0 %."]
    """
    from airmedic_core.measures.unseen_categories import usual_unseen
    from airmedic_core.profile.values import category_counts

    known = context.reference.edges.categorical[name].positions
    counts, _ = category_counts(context.frame[name])
    new = {value: rows for value, rows in counts.items() if value not in known and not is_stand_in(value)}
    values = sum(counts.values())
    if not new or sum(new.values()) < LIMITS.new_value_rows or not known:
        return
    names = [value for value in known if len(value) <= LIMITS.longest_name][: LIMITS.most_names]
    meant = _meant(list(new), names)
    rows = sum(new[value] for value in meant)
    share, usual = rows / max(values, 1), usual_unseen(context, name)
    if rows >= LIMITS.new_value_rows and share - usual.most(values) >= options.unseen_fraction:
        example = max(meant, key=lambda value: new[value])
        text = (
            f"{percent(share)} of {name} hold names with replaced characters, such as {example!r} for "
            f"{meant[example]!r}; usual are {percent(usual.share, 1)}."
        )
        details = repairable(RenameValues(name, tuple(sorted(meant.items()))))
        yield broken_finding(
            context, name, "damaged_names", share, usual.share, options.unseen_fraction, text, details=details
        )
        return
    # Where new names are usual, the sign that stands for a letter that nobody could read still is not.
    unreadable = {value: count for value, count in new.items() if _UNREADABLE in value}
    rows = sum(unreadable.values())
    share = rows / max(values, 1)
    if any(_UNREADABLE in value for value in known) or rows < LIMITS.new_value_rows or share < options.unseen_fraction:
        return
    example = max(unreadable, key=lambda value: unreadable[value])
    text = f"{percent(share)} of {name} hold letters that could not be read, such as {example!r}; usual are none."
    yield broken_finding(context, name, "damaged_names", share, 0.0, options.unseen_fraction, text)


def _meant(new: list[str], known: list[str]) -> dict[str, str]:
    """Return the known name that each damaged one stands for."""
    signs = set("".join(known))
    meant = {value: name for value in new if (name := _by_its_signs(value, known, signs)) is not None}
    by_length = _by_length(known)
    compared = known[:: max(len(known) // LIMITS.names_compared, 1)]
    alike = sum(len(_near(value, by_length)) > 1 for value in compared)
    if alike > LIMITS.alike_fraction * len(compared):
        return meant
    for value in new[: LIMITS.names_compared]:
        near = _near(value, by_length)
        if value not in meant and len(near) == 1:
            meant[value] = near[0]
    return meant


def _by_its_signs(value: str, known: list[str], signs: set[str]) -> str | None:
    """Return the known name behind one that holds signs of no known name; None where there is not exactly one."""
    read_again = _read_again(value)
    if read_again in known:
        return read_again
    foreign = [sign for sign in value if sign not in signs and not sign.isalnum()]
    if not foreign or len(foreign) > max(len(value) // 2, 1):
        return None
    anything = "|".join(re.escape(sign) for sign in set(foreign))
    parts = re.split(f"(?:{anything})", value)
    # A sign stands for the character that it replaced, or came in addition.
    pattern = re.compile(".?".join(re.escape(part) for part in parts))
    fitting = [name for name in known if pattern.fullmatch(name)]
    if len(fitting) == 1:
        return fitting[0]
    return fitting[0] if fitting and _UNREADABLE in value else None


def _read_again(value: str) -> str:
    for wrong in ("cp1252", "latin-1"):
        try:
            return value.encode(wrong).decode("utf-8")
        except UnicodeError:
            continue
    return ""


def _by_length(known: list[str]) -> _Words:
    """Return the known names by their length, each with its characters as a row of numbers."""
    names: dict[int, list[str]] = {}
    for value in known:
        names.setdefault(len(value), []).append(value)
    return {length: (group, np.array([list(map(ord, value)) for value in group])) for length, group in names.items()}


def _near(value: str, by_length: _Words) -> list[str]:
    """Return the known names that differ from a name in a few places, of which none is a digit in both."""
    most = min(len(value) // LIMITS.letters_for_each, LIMITS.most_replaced)
    if not most or len(value) not in by_length:
        return []
    names, characters = by_length[len(value)]
    own = np.array(list(map(ord, value)))
    differ = characters != own
    digits = _is_digit(characters) & _is_digit(own)
    near = (differ.sum(axis=1) <= most) & ~(differ & digits).any(axis=1)
    return [names[at] for at in np.flatnonzero(near)]


def _is_digit(characters: NDArray[np.int_]) -> NDArray[np.bool_]:
    return (characters >= ord("0")) & (characters <= ord("9"))
