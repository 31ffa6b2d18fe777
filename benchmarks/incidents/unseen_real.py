"""Unseen cases that keep the real order of time: ordinary days, weeks and months, and real decay.

Their dates were taken in fixed steps and kept where a rule finds the window ordinary, which ``truth.py`` verifies
again: :func:`strangest_of_bookings` for bookings, :func:`heldout_real.strangest` for bike hires, and for both a plain
model that loses no more than it usually does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
from case import Case
from populations import POPULATIONS, bike_rows
from unseen_slices import BOOKING_FEATURES, UNSEEN_SLICES, slice_rows

ORDINARY_BIKE_DAYS = ("2011-06-10", "2012-01-05", "2012-04-24", "2012-10-06")
ORDINARY_BIKE_WEEKS = ("2011-11-14", "2012-11-12")
ORDINARY_BOOKINGS = (
    ("city", "2015-10-11", "day"), ("city", "2016-10-05", "day"), ("city", "2017-06-22", "day"),
    ("resort", "2016-01-09", "day"), ("resort", "2016-12-19", "day"), ("city", "2017-02-27", "week"),
    ("resort", "2017-03-13", "week"), ("city", "2017-03-01", "month"),
)  # fmt: skip
"""Slice, first day and length of the window."""
DECAY = (
    ("city", "2017-01-01", "2016-04-01"), ("resort", "2017-01-01", "2016-04-01"),
    ("online 2016", "2016-09-01", "2016-04-01"),
)  # fmt: skip
"""Slice, month of the window, and the end of its reference."""
REFERENCE_DAYS = {"day": 80, "week": 119, "month": 275}
FREQUENT = 0.1
"""Share from which a category is looked at."""


def real_cases() -> Iterator[Case]:
    """Yield every case."""
    for day in ORDINARY_BIKE_DAYS:
        yield bike(day, "day", "healthy")
    for day in ORDINARY_BIKE_WEEKS:
        yield bike(day, "week", "healthy")
    for name, day, every in ORDINARY_BOOKINGS:
        yield booking(name, day, every, "healthy")
    # Inputs and relation both move; which share is whose is not known from outside.
    decay = ("concept_drift", "harmful_covariate_shift", "label_shift")
    for name, month, end in DECAY:
        yield booking(name, month, "month", *decay, end=end)


def strangest_of_bookings(reference: pd.DataFrame, current: pd.DataFrame, every: str) -> tuple[str, float]:
    """Return what is least like earlier windows in a window of bookings, and its rank from 0 to 1.

    Ranked are the mean of each number and of the label, the share of each category that a tenth of the reference has,
    and the number of rows, that of a day among the same weekdays. The rank is the share of windows that are as extreme
    or more so on that side, doubled.
    """
    first = current["time"].min().floor("D")
    times = reference["time"]
    if every == "month":
        window = times.dt.year * 12 + times.dt.month
    else:
        window = (times - first).dt.days // (7 if every == "week" else 1)
    reference, current = _shares(reference, reference), _shares(current, reference)
    past, now = reference.groupby(window).mean(), current.mean()
    ranks = {name: 2 * float(min((past[name] <= now[name]).mean(), (past[name] >= now[name]).mean())) for name in past}
    sizes = reference.groupby(window).size()
    if every == "day":
        sizes = sizes[sizes.index % 7 == 0]  # whole weeks before the window
    ranks["rows"] = 2 * float(min((sizes <= len(current)).mean(), (sizes >= len(current)).mean()))
    worst = min(ranks, key=lambda name: ranks[name])
    return worst, ranks[worst]


def _shares(rows: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    numbers = rows[[*BOOKING_FEATURES["numeric"], "is_canceled"]].astype(float)
    for column in BOOKING_FEATURES["categorical"]:
        shares = reference[column].value_counts(normalize=True)
        numbers = numbers.assign(
            **{f"{column} {name}": rows[column] == name for name in shares.index[shares >= FREQUENT]}
        )
    return numbers.astype(float)


def bike(day: str, every: str, *accept: str) -> Case:
    """Make a case of bike hires: the days before a window, and the window."""
    return _case(f"bike/real unseen: {every} of {day}", POPULATIONS["bike"].spec, bike_rows, day, every, *accept)


def booking(name: str, day: str, every: str, *accept: str, end: str = "") -> Case:
    """Make a case of the bookings of a slice: a period, and a later window."""
    label = f"hotel/real unseen: {name}, {every} of {day}"
    return _case(label, UNSEEN_SLICES["tours"].spec, lambda: slice_rows(name), day, every, *accept, end=end)


def _case(
    label: str, spec: dict[str, Any], rows_of: Callable[[], pd.DataFrame], day: str, every: str, *accept: str,
    end: str = "",
) -> Case:  # fmt: skip
    def build() -> tuple[pd.DataFrame, pd.DataFrame]:
        rows, first = rows_of(), pd.Timestamp(day, tz="UTC")
        start = "2015-07-01" if end else first - pd.Timedelta(days=REFERENCE_DAYS[every])
        if every == "month" and not end:
            start = first - pd.DateOffset(months=9)
        past = first + {"day": pd.Timedelta(days=1), "week": pd.Timedelta(days=7)}.get(every, pd.DateOffset(months=1))
        reference = rows[(rows["time"] >= start) & (rows["time"] < (end or first))]
        current = rows[(rows["time"] >= first) & (rows["time"] < past)]
        return reference.reset_index(drop=True), current.reset_index(drop=True)

    harmful = accept != ("healthy",)
    spec = {**spec, "window": {"every": every, "min_rows": 1} if spec["name"] == "bike" else {"every": every}}
    return Case(label, "unseen", frozenset(accept), harmful, spec, build)
