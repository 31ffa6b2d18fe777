"""Values as JSON takes them: moments as text, numbers without those that JSON does not know."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from datetime import datetime

from airmedic_core.windows import as_utc

_LARGEST = sys.float_info.max
_DIGITS = 5
"""Significant digits of a number on a page. More would only make the answer longer."""


def moment(at: datetime | None) -> str | None:
    """Return a moment in ISO 8601, in UTC and to the second.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 1, 31, 6, tzinfo=UTC))
    '2026-01-31T06:00:00Z'
    """
    return None if at is None else f"{as_utc(at):%Y-%m-%dT%H:%M:%SZ}"


def rounded(value: object) -> float | None:
    """Return a number with five significant digits; nothing for what is no finite number.

    >>> rounded(0.123456789), rounded(1234567.0), rounded(float("nan")), rounded("0.5")
    (0.12346, 1234600.0, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}")


def rounded_all(values: Iterable[float | None]) -> list[float | None]:
    """Return numbers as :func:`rounded` does: a fleet has sixty thousand of them.

    >>> rounded_all([0.123456789, None, float("inf")])
    [0.12346, None, None]
    """
    return [
        float(f"{value:.{_DIGITS}g}") if value is not None and -_LARGEST < value < _LARGEST else None
        for value in values
    ]


def words(name: str) -> str:
    """Return a name of the engine's as people read it."""
    return name.replace("_", " ")
