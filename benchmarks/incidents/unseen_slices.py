"""Slices of the real data that no other split has: bookings of one kind with their countries, and days of one kind.

Rows, or whole days of bike hires, are put into a random order and dealt to days, more of them to some weekdays than to
others. Nothing has changed between two windows, by construction. Other splits hold some of the same rows, in other
slices and with other inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from heldout_populations import DAYS, Frames, cut, days_in_random_order, days_of_rows, end_of
from populations import BIKE_FEATURES, DATA, HOTEL_FEATURES, START, Population, _spec, bike_rows

BOOKING_FEATURES = {
    "numeric": HOTEL_FEATURES["numeric"],
    "categorical": [
        "meal", "country", "agent", "distribution_channel", "reserved_room_type", "customer_type",
    ],
}  # fmt: skip
BOOKING_WEEK = np.array([0.95, 0.8, 0.85, 1.1, 1.2, 1.2, 0.9])
SLICES = {
    "online 2016": "market_segment == 'Online TA' and '2016-01-01' <= arrival_date < '2017-01-01'",
    "resort 2016": "hotel == 'Resort Hotel' and '2016-01-01' <= arrival_date < '2017-01-01'",
    "tours": "market_segment in ['Groups', 'Offline TA/TO']",
    "city": "hotel == 'City Hotel'",
    "resort": "hotel == 'Resort Hotel'",
}
"""Which bookings a slice holds."""


@cache
def slice_rows(name: str) -> pd.DataFrame:
    """Return the bookings of a slice without exact duplicates, in order of arrival; an agent is a text."""
    frame = pd.read_csv(DATA / "hotel_bookings" / "hotel_bookings.csv.gz", low_memory=False).drop_duplicates()
    frame = frame.query(SLICES[name])
    agent = frame["agent"].map(lambda number: "none" if pd.isna(number) else f"a{number:.0f}")
    frame = frame.assign(time=pd.to_datetime(frame["arrival_date"], utc=True), agent=agent)
    columns = ["time", *BOOKING_FEATURES["numeric"], *BOOKING_FEATURES["categorical"], "is_canceled"]
    return frame.sort_values("time", kind="stable")[columns].reset_index(drop=True)


def draw_slice(name: str) -> Callable[..., Frames]:
    """Return how to draw the bookings of a slice in random order."""

    def draw(rng: np.random.Generator, rows: int, windows: int, every: str) -> Frames:
        pool = slice_rows(name)
        day = days_of_rows(rng, rows, windows, every, BOOKING_WEEK)
        if len(pool) < len(day):
            raise ValueError(f"{len(pool)} bookings of {name!r} are fewer than {len(day)}: draw less.")
        picked = pool.iloc[rng.permutation(len(pool))[: len(day)]].drop(columns="time").reset_index(drop=True)
        return cut(picked, day, 24 * rng.beta(3, 2, len(day)), windows, every)

    return draw


def draw_days(chosen: Callable[[pd.DataFrame], pd.Series]) -> Callable[..., Frames]:
    """Return how to draw whole days of bike hires in random order; a day has 24 rows."""

    def draw(rng: np.random.Generator, rows: int, windows: int, every: str) -> Frames:
        del rows
        pool = bike_rows()
        pool = pool[chosen(pool)]
        total, past = (end_of(windows + 1, every) - START).days, round(windows * DAYS[every])
        parts = days_in_random_order(pool, total, rng)
        return pd.concat(parts[:past], ignore_index=True), pd.concat(parts[past:], ignore_index=True)

    return draw


_BOOKINGS = _spec("hotel", "binary", "is_canceled", BOOKING_FEATURES)
_HIRES = _spec("bike", "regression", "cnt", BIKE_FEATURES)

UNSEEN_SLICES = {
    name: Population(name, _BOOKINGS, draw_slice(name)) for name in ("online 2016", "resort 2016", "tours")
}
UNSEEN_SLICES |= {
    "bike winters": Population(
        "bike winters", _HIRES, draw_days(lambda rows: rows["time"].dt.month.isin([11, 12, 1, 2, 3]))
    ),
    "bike free days": Population("bike free days", _HIRES, draw_days(lambda rows: rows["workingday"] == 0)),
}
