"""Says what the number of rows of the next window should be, from the windows before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_LEAST_SPREAD = 0.02
"""Standard deviation of the logarithm of rows at the least: a stream that never varied may gain or lose 2 % of its rows
before a forecast calls it unusual."""
_UNKNOWN_SPREAD = 0.25
"""The same where fewer than four windows are known: rows may then vary by a quarter, or by what chance gives them."""
_RECENT = 28
"""Windows whose median is the level: four weeks of days."""
_SEASONS = 4
"""The same for windows a whole number of seasons back."""
_MOST_ERRORS = 120
"""Errors that the spread is taken from: older ones say little of the stream as it is now."""
_SD_PER_MEDIAN = 1.4826
"""Standard deviations of a normal distribution in the median of its absolute values (Hampel 1974)."""
_SD_PER_TRIMMED_MEAN = 0.8
"""The least standard deviation for a mean of the absolute errors, the largest tenth left out."""


@dataclass(frozen=True)
class Forecast:
    """Expected rows of a window, and how far healthy windows lie from it."""

    expected: float
    spread: float
    """Standard deviation of the logarithm of rows over expected."""
    windows: int

    def z(self, rows: float) -> float:
        """Return the signed distance of a count from the forecast, in spreads."""
        return float(np.log(max(rows, 0.5) / max(self.expected, 0.5)) / self.spread)


def forecast(counts: Sequence[float], season: int | None = None) -> Forecast | None:
    """Forecast the next count.

    Each count is predicted by the median of the recent ones, or of those a whole number of seasons before it, whichever
    has predicted better so far.

    Parameters
    ----------
    counts : sequence of float
        Rows of earlier windows, oldest first; not-a-number where a window does not count.
    season : int, optional
        Windows in a season: 7 for days, 12 for months, 24 for hours.

    Returns
    -------
    Forecast or None
        None where there are no earlier windows, or more unknown ones since the last of them than there are of them.

    Examples
    --------
    >>> weekdays = [900, 1000, 1000, 1000, 1000, 500, 400] * 6
    >>> tomorrow = forecast(weekdays[:-1], season=7)
    >>> round(tomorrow.expected), tomorrow.z(400) < 1 < abs(tomorrow.z(1000))
    (400, True)
    """
    logs = np.log(np.maximum(np.asarray(counts, dtype=float), 0.5))
    known = int(np.isfinite(logs).sum())
    # A forecast reaches no further ahead than it looks back.
    if not known or logs.size - 1 - int(np.flatnonzero(np.isfinite(logs))[-1]) >= known:
        return None
    candidates = [_Candidate(lag=1, most=_RECENT)]
    if season and logs.size > 2 * season:
        candidates.append(_Candidate(lag=season, most=_SEASONS))
    fits = [(candidate.predict(logs), candidate.spread(logs)) for candidate in candidates]
    level, spread = min((fit for fit in fits if np.isfinite(fit[0])), key=lambda fit: fit[1])
    expected = float(np.exp(level))
    if not np.isfinite(spread) or known < 4:
        spread = max(_UNKNOWN_SPREAD, 1.0 / np.sqrt(max(expected, 1.0)))
    return Forecast(expected, max(float(spread), _LEAST_SPREAD), known)


@dataclass(frozen=True)
class _Candidate:
    lag: int
    most: int

    def predict(self, logs: np.ndarray) -> float:
        like = logs[::-1] if self.lag == 1 else self._like(logs)
        like = like[np.isfinite(like)][: self.most]
        return float(np.median(like)) if like.size else float("nan")

    def _like(self, logs: np.ndarray) -> np.ndarray:
        return logs[logs.size - self.lag :: -self.lag]

    def spread(self, logs: np.ndarray) -> float:
        first = max(self.lag, 3)
        errors = np.asarray([logs[end] - self.predict(logs[:end]) for end in range(first, logs.size)][-_MOST_ERRORS:])
        errors = errors[np.isfinite(errors)]
        if errors.size < 3:
            known = logs[np.isfinite(logs)]
            return float(np.std(known, ddof=1)) if self.lag == 1 and known.size > 1 else float("inf")
        size = np.abs(errors)
        # The median resists the odd bad window; the mean keeps a regular stream with honest gaps from looking exact.
        most = np.sort(size)[: max(int(0.9 * size.size), 1)]
        return float(max(_SD_PER_MEDIAN * np.median(size), _SD_PER_TRIMMED_MEAN * np.mean(most)))
