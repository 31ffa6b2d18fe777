"""What the number of rows of the next window should be, from the windows before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_LEAST_SPREAD = 0.02
_RECENT = 28


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
    """
    logs = np.log(np.maximum(np.asarray(counts, dtype=float), 0.5))
    known = int(np.isfinite(logs).sum())
    # A forecast reaches no further ahead than it looks back.
    if not known or logs.size - 1 - int(np.flatnonzero(np.isfinite(logs))[-1]) >= known:
        return None
    candidates = [_Candidate(lag=1, most=_RECENT)]
    if season and logs.size > 2 * season:
        candidates.append(_Candidate(lag=season, most=4))
    fits = [(candidate.predict(logs), candidate.spread(logs)) for candidate in candidates]
    level, spread = min((fit for fit in fits if np.isfinite(fit[0])), key=lambda fit: fit[1])
    expected = float(np.exp(level))
    if not np.isfinite(spread) or known < 4:
        spread = max(0.25, 1.0 / np.sqrt(max(expected, 1.0)))
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
        errors = np.asarray([logs[end] - self.predict(logs[:end]) for end in range(first, logs.size)][-120:])
        errors = errors[np.isfinite(errors)]
        if errors.size < 3:
            known = logs[np.isfinite(logs)]
            return float(np.std(known, ddof=1)) if self.lag == 1 and known.size > 1 else float("inf")
        size = np.abs(errors)
        # The median resists the odd bad window; the mean keeps a regular stream with honest gaps from looking exact.
        return float(max(1.4826 * np.median(size), 0.8 * np.mean(np.sort(size)[: max(int(0.9 * size.size), 1)])))
