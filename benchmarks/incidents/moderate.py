"""Tuning cases near the limit of what one window shows: moderate losses, and real windows in their own order of time.

Each loss comes with several seeds, so that a share detected can be told from luck. It costs a tenth of the loss at the
least: less is of no interest to the engine either. A real day is ordinary if all its hours were counted, it is no
public holiday, and at most three of its hours were wet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from faults import exchange_labels, grow_target, invert_labels, nothing, resample
from populations import DATA, POPULATIONS, bike_rows, hotel_rows

if TYPE_CHECKING:
    from tuning import Make

SEEDS = 3
EVERY = "3D"
"""Of real days: every third meets each weekday."""
Chosen = Callable[[pd.DataFrame], Any]
_MEASURED_DAYS = frozenset({"2011-06-15", "2011-07-20", "2012-06-20", "2012-07-11", "2012-08-17"})
_STUCK_SENSOR = pd.Timestamp("2012-08-17", tz="UTC")
_STABLE = (("2011-06-04", "2011-10-10"), ("2012-06-04", "2012-10-10"))
"""Months in which demand neither grows nor falls by much."""
_MOST_WET_HOURS = 3


def moderate_cases(make: Make) -> Iterator[Any]:
    """Yield every case."""
    yield from _groups(make)
    yield from _weaker(make)
    yield from _demand(make)
    yield from _harder_rows(make)
    if DATA.exists():
        yield from _ordinary_days(make)
        yield from _ordinary_weeks(make)
        yield from _growth(make)
        yield from _hotel_months(make)


def _seeds(make: Make, population: str, name: str, *given: Any, **sizes: Any) -> Iterator[Any]:
    for seed in range(SEEDS):
        yield make(population, f"{name}, {sizes.get('rows', '24')} rows #m{seed}", *given, **sizes)


def _groups(make: Make) -> Iterator[Any]:
    """Turn the relation around for a tenth to a quarter of the rows."""
    cases: tuple[tuple[str, str, Chosen, tuple[int, ...]], ...] = (
        ("churn", "old customers turn", lambda f: f["age"] > 55, (400, 900)),
        ("churn", "dear contracts turn", lambda f: f["monthly_fee"] > 50, (600, 2000)),
        ("hotel", "long stays turn", lambda f: f["stays_in_week_nights"] > 4, (500, 1100)),
        ("hotel", "early bookings turn", lambda f: f["lead_time"] > 200, (500, 1100)),
        ("payments", "dear payments turn", lambda f: f["amount"] > 15, (400, 1200)),
        ("payments", "French payments turn", lambda f: f["country"] == "fr", (700, 2000)),
    )
    for population, name, chosen, sizes in cases:
        for rows in sizes:
            fault = invert_labels(POPULATIONS[population].target, chosen)
            yield from _seeds(make, population, name, fault, "concept_drift", rows=rows)


def _weaker(make: Make) -> Iterator[Any]:
    """Let the labels of a share of the rows no longer follow the inputs."""
    for population, share, rows in (
        ("churn", 0.5, 700), ("churn", 0.7, 400), ("hotel", 0.4, 500), ("hotel", 0.4, 1200), ("payments", 0.6, 900),
    ):  # fmt: skip
        fault = exchange_labels(POPULATIONS[population].target, lambda f: f["time"].notna(), share)
        yield from _seeds(make, population, f"{share:.0%} by chance", fault, "concept_drift", rows=rows)


def _demand(make: Make) -> Iterator[Any]:
    both = ("concept_drift", "label_shift")
    for factor, windows, every in (
        (1.35, 50, "day"), (1.5, 30, "day"), (0.6, 50, "day"),
        (1.25, 14, "week"), (1.4, 10, "week"), (0.75, 14, "week"),
    ):  # fmt: skip
        yield from _seeds(make, "bike", f"demand × {factor}, {every}", grow_target("cnt", factor), *both,
                          windows=windows, every=every)  # fmt: skip
    mornings = grow_target("cnt", 1.7, lambda f: f["hr"].between(5, 11))
    yield from _seeds(make, "bike", "mornings × 1.7, week", mornings, *both, windows=12, every="week")
    evenings = grow_target("cnt", 0.5, lambda f: f["hr"] >= 18)
    yield from _seeds(make, "bike", "evenings × 0.5, week", evenings, *both, windows=14, every="week")


def _harder_rows(make: Make) -> Iterator[Any]:
    """More of the rows that were hard to predict all along."""
    harm = "harmful_covariate_shift"

    def more(times: float, chosen: Chosen) -> Any:
        return resample(lambda frame: np.where(chosen(frame), times, 1.0))

    def undecided(power: float) -> Any:
        def weight(frame: pd.DataFrame) -> np.ndarray:
            logit = (
                -1.1 - 0.035 * (frame["tenure_months"] - 24) + 0.6 * (frame["support_calls"] - 0.8)
                + 1.1 * frame["failed_payments"] - 0.5 * np.log(frame["usage_gb"] / 12)
                + 0.4 * (frame["channel"] == "partner")
            )  # fmt: skip
            return np.asarray(np.exp(-power * np.abs(np.clip(logit, -4, 4))))

        return resample(weight)

    for rows, power in ((500, 2.0), (1000, 1.5), (2000, 1.2)):
        yield from _seeds(make, "churn", f"undecided customers ^{power}", undecided(power), harm, rows=rows)
    online = more(12.0, lambda f: (f["market_segment"] == "Online TA") & (f["lead_time"] > 40) & (f["adr"] > 90))
    for rows in (500, 1200):
        yield from _seeds(make, "hotel", "more of early online bookings", online, harm, rows=rows)
    rush = more(6.0, lambda f: f["hr"].isin([8, 16, 17, 18, 19]))
    yield from _seeds(make, "bike", "rush hours, week", rush, harm, windows=14, every="week")


def _ordinary() -> dict[pd.Timestamp, bool]:
    rows = bike_rows()
    moments = {}
    for day, hours in rows.groupby(rows["time"].dt.floor("D")):
        holiday = day.dayofweek < 5 and (hours["workingday"] == 0).any()
        moments[day] = len(hours) == 24 and (hours["weathersit"] >= 3).sum() <= _MOST_WET_HOURS and not holiday
    return moments


def _ordinary_days(make: Make) -> Iterator[Any]:
    ordinary = _ordinary()
    for first, end in _STABLE:
        for day in pd.date_range(first, end, freq=EVERY, tz="UTC"):
            if ordinary.get(day) and f"{day:%Y-%m-%d}" not in _MEASURED_DAYS:
                yield _real(make, "bike", f"ordinary day {day:%Y-%m-%d}", day - pd.Timedelta(days=60), day,
                            day + pd.Timedelta(days=1), "day", "healthy")  # fmt: skip


def _ordinary_weeks(make: Make) -> Iterator[Any]:
    ordinary = _ordinary()
    for first, end in _STABLE:
        for monday in pd.date_range(first, end, freq="W-MON", tz="UTC"):
            days = [ordinary.get(monday + pd.Timedelta(days=day), False) for day in range(7)]
            # One wet day is part of an ordinary week.
            if sum(days) >= 6 and not monday <= _STUCK_SENSOR < monday + pd.Timedelta(weeks=1):
                yield _real(make, "bike", f"ordinary week {monday:%Y-%m-%d}", monday - pd.Timedelta(weeks=10), monday,
                            monday + pd.Timedelta(weeks=1), "week", "healthy")  # fmt: skip


def _growth(make: Make) -> Iterator[Any]:
    """Demand of 2012 beside a model of 2011, with few windows of baseline."""
    for first, start, every in (
        ("2011-05-01", "2012-05-14", "week"), ("2011-06-01", "2012-06-04", "week"),
        ("2011-08-01", "2012-03-19", "week"), ("2011-09-05", "2012-03-26", "week"),
        ("2011-07-01", "2012-04-01", "month"), ("2011-03-01", "2012-06-01", "month"),
        ("2011-05-01", "2012-09-01", "month"),
    ):  # fmt: skip
        begin, current = pd.Timestamp(first, tz="UTC"), pd.Timestamp(start, tz="UTC")
        step = pd.DateOffset(months=1) if every == "month" else pd.Timedelta(days=7)
        yield _real(make, "bike", f"growth {start} after {first} by {every}", begin, current, current + step, every,
                    "concept_drift", "label_shift", "harmful_covariate_shift",
                    until=pd.Timestamp("2012-01-01", tz="UTC"))  # fmt: skip


def _hotel_months(make: Make) -> Iterator[Any]:
    """Months of bookings beside a model of the year before; which share is whose is not known from outside."""
    causes = ("concept_drift", "harmful_covariate_shift", "label_shift")
    for first, until, months in (
        ("2015-07-01", "2016-02-01", ("2016-05-01", "2016-09-01", "2016-11-01", "2017-04-01")),
        ("2015-09-01", "2016-05-01", ("2016-08-01", "2016-12-01", "2017-05-01", "2017-07-01")),
    ):
        for month in months:
            name, begin = f"month {month[:7]} after {first} … {until}", pd.Timestamp(month, tz="UTC")
            yield _real(make, "hotel", name, pd.Timestamp(first, tz="UTC"), begin, begin + pd.DateOffset(months=1),
                        "month", *causes, until=pd.Timestamp(until, tz="UTC"))  # fmt: skip


def _real(
    make: Make, population: str, name: str, first: Any, start: Any, end: Any, every: str, *accept: str,
    until: Any = None,
) -> Any:  # fmt: skip
    """Return a case whose windows are cut out of the real rows in their own order."""
    case = make(population, f"real: {name}", nothing(), *accept, every=every, harmful=accept != ("healthy",))

    def build() -> tuple[pd.DataFrame, pd.DataFrame]:
        rows = bike_rows() if population == "bike" else hotel_rows()
        reference = rows[(rows["time"] >= first) & (rows["time"] < (until or start))]
        current = rows[(rows["time"] >= start) & (rows["time"] < end)]
        return reference.reset_index(drop=True), current.reset_index(drop=True)

    spec = {**case.spec, "window": {"every": every, "min_rows": 1} if population == "bike" else {"every": every}}
    return replace(case, spec=spec, build=build)
