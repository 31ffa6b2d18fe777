"""Held-out cases that keep the real order of time: ordinary days and weeks, known faults, and real decay.

An ordinary window is one that a rule finds ordinary, not a person: see :func:`strangest`. The dates were taken in
steps of 19 days (or five weeks) and kept where the rule holds, which ``truth.py`` verifies again.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from case import Case
from heldout_populations import ONE_HOTEL_FEATURES, bookings
from populations import BIKE_FEATURES, POPULATIONS, bike_rows

LEAST_RANK = 0.1
"""An ordinary day is in every column between the 5th and the 95th percentile of earlier days."""
ORDINARY_DAYS = (
    "2011-08-04", "2011-11-26", "2011-12-15", "2012-02-10", "2012-04-26", "2012-06-03", "2012-07-30", "2012-10-14",
)  # fmt: skip
ORDINARY_WEEKS = ("2011-07-04", "2011-08-08", "2012-01-30", "2012-07-23")


def real_cases() -> Iterator[Case]:
    """Yield every case."""
    healthy = partial(_bike, harmful=False)
    for day in ORDINARY_DAYS:
        yield healthy(f"ordinary day {day}", _before(day, 75), day, "healthy")
    for day in ORDINARY_WEEKS:
        yield healthy(f"ordinary week of {day}", _before(day, 112), day, "healthy", every="week")

    for start, day, hours in (
        ("2011-01-01", "2011-01-18", "12"),
        ("2011-01-01", "2011-01-26", "16"),
        ("2011-01-01", "2011-02-22", "18"),
        ("2011-05-01", "2011-08-27", "18"),
        ("2011-05-01", "2011-08-28", "17"),
    ):
        yield _bike(f"{hours} hours on {day}", start, day, "volume_anomaly")
    # Growth at the same inputs moves both the relation and the level of demand.
    for start, end, day in (
        ("2011-05-01", "2011-10-01", "2012-05-14"),
        ("2011-06-01", "2011-11-01", "2012-08-20"),
        ("2011-03-01", "2011-09-01", "2012-06-04"),
    ):
        yield _bike(f"growth by {day}", start, day, "concept_drift", "label_shift", every="week", end=end)

    # The real rise of a category that says nothing: none is Undefined in the reference.
    yield _hotel("Resort Hotel", "meals Undefined in 2015-12", "2015-07-01", "2015-11-01", "2015-12-01",
                 "data_corruption")  # fmt: skip
    # Inputs and relation both move; which share is whose is not known from outside.
    decay = ("concept_drift", "harmful_covariate_shift", "label_shift")
    for hotel, month in (("City Hotel", "2016-11-01"), ("City Hotel", "2017-05-01"), ("Resort Hotel", "2017-05-01")):
        yield _hotel(hotel, month[:7], "2015-07-01", "2016-04-01", month, *decay)


def strangest(reference: pd.DataFrame, current: pd.DataFrame, every: str) -> tuple[str, float]:
    """Return the column in which a window of bike hires is least like earlier ones, and its rank from 0 to 1.

    A window's daily mean of each number and of the label is ranked among the reference's windows, days among days
    that are working days as well (or not). The rank is the share of windows that are more extreme on that side,
    doubled: 1 is the middle, 0 is beyond all.
    """
    columns = [*(name for name in BIKE_FEATURES["numeric"] if name != "hr"), "cnt"]
    if every == "day":
        reference = reference[reference["workingday"] == current["workingday"].iloc[0]]
        window = reference["time"].dt.floor("D")
    else:
        window = (reference["time"] - current["time"].min().floor("D")).dt.days // 7
    means, now = reference.groupby(window)[columns].mean(), current[columns].mean()
    ranks = {
        name: 2 * float(min(np.mean(means[name] < now[name]), np.mean(means[name] > now[name]))) for name in columns
    }
    worst = min(ranks, key=lambda name: ranks[name])
    return worst, ranks[worst]


def _before(day: str, days: int) -> str:
    return f"{pd.Timestamp(day) - pd.Timedelta(days=days):%Y-%m-%d}"


def _bike(
    name: str, start: str, day: str, *accept: str, every: str = "day", end: str = "", harmful: bool = True
) -> Case:
    """Make a case of bike hires: a reference up to the window, or to an earlier ``end``."""

    def build() -> tuple[pd.DataFrame, pd.DataFrame]:
        rows = bike_rows()
        first = pd.Timestamp(day, tz="UTC")
        past = first + pd.Timedelta(days=7 if every == "week" else 1)
        reference = rows[(rows["time"] >= start) & (rows["time"] < (end or first))]
        current = rows[(rows["time"] >= first) & (rows["time"] < past)]
        return reference.reset_index(drop=True), current.reset_index(drop=True)

    spec = {**POPULATIONS["bike"].spec, "window": {"every": every, "min_rows": 1}}
    return Case(f"bike/real held out: {name}", "heldout", frozenset(accept), harmful, spec, build)


def _hotel(hotel: str, name: str, start: str, end: str, month: str, *accept: str) -> Case:
    """Make a case of the bookings of one hotel: a period, and a later month."""

    def build() -> tuple[pd.DataFrame, pd.DataFrame]:
        past = f"{pd.Timestamp(month) + pd.DateOffset(months=1):%Y-%m-%d}"
        reference, current = bookings(start, end, hotel), bookings(month, past, hotel)
        return reference.reset_index(drop=True), current.reset_index(drop=True)

    spec = {**POPULATIONS["hotel"].spec, "features": ONE_HOTEL_FEATURES, "window": {"every": "month"}}
    return Case(f"hotel/real held out: {hotel}, {name}", "heldout", frozenset(accept), True, spec, build)
