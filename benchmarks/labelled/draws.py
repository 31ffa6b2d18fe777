"""Ways to draw two windows of a table between which nothing has changed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelled.case import Rows
from labelled.tables import TIME

YEAR = pd.Timedelta(days=364)
"""Until the same season comes back on the same weekdays."""
_START = pd.Timestamp("2024-01-01")
"""Says where the clock of shuffled rows starts; which day it is does not matter."""


def shuffled(rows: pd.DataFrame, rng: np.random.Generator, before: int, now: int) -> Rows:
    """Put rows into random order, a minute apart: a table that was shuffled before it was stored."""
    picked = rows.iloc[rng.permutation(len(rows))[: before + now]].reset_index(drop=True)
    picked[TIME] = _START + pd.to_timedelta(np.arange(len(picked)), unit="min")
    return picked[:before].copy(), picked[before:].reset_index(drop=True)


def halves(rows: pd.DataFrame, rng: np.random.Generator, most: int) -> Rows:
    """Throw a coin for each row of a stretch of time: two samples of one time."""
    first = int(rng.integers(0, max(len(rows) - most, 0) + 1))
    stretch = rows.iloc[first : first + most]
    coin = rng.random(len(stretch)) < 0.5
    return stretch[coin].reset_index(drop=True), stretch[~coin].reset_index(drop=True)


def following(rows: pd.DataFrame, start: pd.Timestamp, step: pd.Timedelta, windows: int) -> Rows:
    """Take some windows that follow each other, and the one after them."""
    cut = start + windows * step
    return _between(rows, start, cut), _between(rows, cut, cut + step)


def season_later(rows: pd.DataFrame, start: pd.Timestamp, step: pd.Timedelta, windows: int) -> Rows:
    """Take some windows, and one that is a year later than the first of them; the windows span a year at most."""
    later = start + YEAR
    return _between(rows, start, start + windows * step), _between(rows, later, later + step)


def _between(rows: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    return rows[(rows[TIME] >= start) & (rows[TIME] < end)].reset_index(drop=True)
