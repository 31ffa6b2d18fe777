"""Values that programs put where none is known: words for "missing", and numbers that nothing measures."""

from __future__ import annotations

import re

_CERTAIN = re.compile(
    r"\s*|\W*(un(defined|known|set|specified)|null|nan|n[/.]a|missing|no[ _](value|data)|placeholder"
    r"|not[ _](available|set|specified|given|known))\W*|<na>|#(n/a|ref!?)|\?+",
    re.IGNORECASE,
)
_POSSIBLE = re.compile(
    r"\W*(none|na|nil|empty|blank|invalid|default|not[ _]applicable|dummy|test|tbd|error|-+)?\W*", re.IGNORECASE
)
_NINES = re.compile(r"9{3,}(\.9+)?")
"""Three nines and more, with any number of decimals that are nines, too."""
_POWERS_OF_TEN = frozenset(10.0**power for power in range(6, 20))
"""Powers of ten that programs write for "missing": from a million, below which they are too often just numbers, to the
largest that fits into 64 bits."""
_LIMITS = frozenset(
    float(limit) for bits in (16, 32, 64) for limit in (2**bits - 1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)))
)


def is_stand_in(category: str) -> bool:
    """Say whether a category may be a word for "missing": NA, none, default and test name real things too.

    Examples
    --------
    >>> [is_stand_in(category) for category in ("n/a", "NA", "none", "Namibia")]
    [True, True, True, False]
    """
    return is_certain_stand_in(category) or _POSSIBLE.fullmatch(category) is not None


def is_certain_stand_in(category: str) -> bool:
    """Say whether a category hardly means anything but "missing", such as unknown, n/a, null or an empty text.

    Examples
    --------
    >>> [is_certain_stand_in(category) for category in ("n/a", "", "not available", "NA")]
    [True, True, True, False]
    """
    return _CERTAIN.fullmatch(category) is not None


def is_typical_number(value: float, *, least: float) -> bool:
    """Say whether a number is one that programs write for "missing", in a column without it.

    Those are 0 and what is negative where all was above; three nines and more; powers of ten from a million; and the
    limits of integers of 16 bits and more. 99, 127 and 255 are too often just numbers.

    Parameters
    ----------
    value : float
        The number.
    least : float
        The smallest value that the column had.

    Examples
    --------
    >>> [is_typical_number(value, least=1.0) for value in (-999.0, 0.0, 9999.0, 65535.0, 99.0)]
    [True, True, True, True, False]
    """
    size = f"{abs(value):.15g}"
    return (
        value <= 0.0 < least
        or value < 0.0 <= least
        or _NINES.fullmatch(size) is not None
        or abs(value) in _POWERS_OF_TEN
        or value in _LIMITS
    )
