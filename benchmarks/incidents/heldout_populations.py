"""Populations of the held-out cases: two generated ones of another structure, and other slices of the real data.

``loans`` and ``deliveries`` are generated. Loans have a week (fewer and more often online at weekends), columns that
are tied to each other (rate to score, instalment to amount, rate and term) and missing values that are usual.
Deliveries are a regression whose spread grows with the distance and whose days share their weather. The real slices
are bookings of 2015 and 2017 and days of 2011: no row of them is in a population of the other splits. They are put
into a random order, as all populations are, so that nothing has changed between two windows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from populations import BIKE_FEATURES, HOTEL_FEATURES, START, Population, _dated, _spec, bike_rows, hotel_rows

Frames = tuple[pd.DataFrame, pd.DataFrame]

LOAN_FEATURES = {
    "numeric": [
        "income", "credit_score", "amount", "term_months", "rate", "instalment", "debt_ratio", "age",
        "years_employed", "enquiries",
    ],
    "categorical": ["purpose", "channel", "home"],
}  # fmt: skip
DELIVERY_FEATURES = {
    "numeric": ["distance_km", "items", "basket", "prep_minutes", "courier_load", "rain_mm", "temperature", "hour"],
    "categorical": ["city", "vehicle"],
}
ONE_HOTEL_FEATURES = {
    "numeric": HOTEL_FEATURES["numeric"],
    "categorical": [name for name in HOTEL_FEATURES["categorical"] if name != "hotel"],
}
LOAN_WEEK = np.array([1.15, 1.1, 1.1, 1.05, 1.1, 0.8, 0.7])
DELIVERY_WEEK = np.array([0.8, 0.85, 0.9, 0.95, 1.15, 1.25, 1.1])
DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375}
"""Says how long a window is."""


def draw_loans(rng: np.random.Generator, rows: int, windows: int, every: str) -> Frames:
    """Generate loan applications whose default follows a fixed rule, with a week of its own."""
    day = days_of_rows(rng, rows, windows, every, LOAN_WEEK)
    n = len(day)
    weekend = day % 7 >= 5
    income = np.round(rng.lognormal(10.4, 0.45, n), -2)
    score = np.clip(np.round(rng.normal(670, 65, n) + 45 * (np.log(income) - 10.4)), 350, 850)
    amount = np.round(income * rng.uniform(0.08, 0.7, n), -2) + 500
    term = rng.choice([12, 24, 36, 48, 60], n, p=[0.1, 0.2, 0.35, 0.2, 0.15])
    rate = np.round(np.clip(3.5 + (850 - score) / 28 + rng.normal(0, 0.6, n), 2.0, None), 2)
    monthly = rate / 1200
    instalment = np.round(amount * monthly / (1 - (1 + monthly) ** -term), 2)
    channel = np.where(
        weekend,
        rng.choice(["online", "branch", "broker"], n, p=[0.8, 0.05, 0.15]),
        rng.choice(["online", "branch", "broker"], n, p=[0.45, 0.33, 0.22]),
    )
    employed = np.round(rng.gamma(1.6, 4.5, n), 1)
    frame = pd.DataFrame(
        {
            "income": income, "credit_score": score, "amount": amount, "term_months": term, "rate": rate,
            "instalment": instalment,
            "debt_ratio": np.round((instalment * 12 + income * rng.beta(2, 9, n)) / income, 3),
            "age": np.clip(np.round(rng.gamma(9, 4.6, n)), 18, 85),
            "years_employed": np.where(rng.random(n) < 0.06, np.nan, employed),
            "enquiries": rng.negative_binomial(2, 0.6, n),
            "purpose": rng.choice(["car", "home", "debt", "studies", "other"], n, p=[0.32, 0.24, 0.22, 0.09, 0.13]),
            "channel": channel,
            "home": rng.choice(["rent", "mortgage", "own"], n, p=[0.45, 0.4, 0.15]),
        }
    )  # fmt: skip
    logit = (
        -1.75 - 0.021 * (score - 670) + 3.2 * (frame["debt_ratio"] - 0.38) + 0.28 * (frame["enquiries"] - 1.3)
        - 0.05 * (np.minimum(employed, 15) - 7) + 0.5 * (channel == "broker")
    )  # fmt: skip
    frame["defaulted"] = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
    hour = np.where(weekend, 9 + 13 * rng.beta(1.5, 1.5, n), 8 + 11 * rng.beta(2, 2, n))
    return cut(frame, day, hour, windows, every)


def draw_deliveries(rng: np.random.Generator, rows: int, windows: int, every: str) -> Frames:
    """Generate deliveries and the minutes that they take; the days differ in weather, by chance alone."""
    day = days_of_rows(rng, rows, windows, every, DELIVERY_WEEK)
    n, days = len(day), int(day.max()) + 1
    rain_of_day = np.where(rng.random(days) < 0.65, 0.0, np.minimum(rng.gamma(1.5, 1.6, days), 8.0))[day]
    warmth_of_day = rng.normal(16, 4.5, days)[day]
    lunch = rng.random(n) < 0.38
    hour = np.clip(np.where(lunch, rng.normal(12.8, 0.8, n), rng.normal(19.6, 1.4, n)), 10, 23.49)
    city = rng.choice(["porto", "lisbon", "braga"], n, p=[0.3, 0.55, 0.15])
    distance = np.round(0.3 + rng.gamma(2.0, np.select([city == "porto", city == "lisbon"], [0.9, 1.25], 0.8)), 2)
    draw = rng.random(n)
    near, far = distance < 1.5, distance > 4
    vehicle = np.select(
        [near & (draw < 0.7), far & (draw < 0.6), draw < 0.75], ["bike", "car", "scooter"], default="bike"
    )
    items = 1 + rng.poisson(1.9, n)
    rain = np.round(rain_of_day * rng.gamma(4, 0.25, n), 1)
    peak = np.exp(-(((hour - np.where(lunch, 12.8, 19.8)) / 1.1) ** 2))
    frame = pd.DataFrame(
        {
            "distance_km": distance,
            "items": items,
            "basket": np.round(items * rng.lognormal(2.1, 0.35, n), 2),
            "prep_minutes": np.round(5 + 1.3 * items + rng.gamma(2.5, 2.0, n), 1),
            "courier_load": np.round(0.6 + 1.1 * peak + 0.12 * rain + rng.gamma(3, 0.12, n), 2),
            "rain_mm": rain,
            "temperature": np.round(warmth_of_day + 3 * np.sin((hour - 9) / 24 * 2 * np.pi) + rng.normal(0, 0.8, n), 1),
            "hour": np.floor(hour).astype(int),
            "city": city,
            "vehicle": vehicle,
        }
    )
    pace = np.select([vehicle == "bike", vehicle == "scooter"], [4.6, 3.0], 3.6)  # minutes for a kilometre
    road = distance * pace * (1 + 0.05 * rain) * rng.lognormal(0, 0.22, n)
    frame["minutes"] = np.round(2 + frame["prep_minutes"] + road + 6 * np.maximum(frame["courier_load"] - 1, 0), 1)
    return cut(frame, day, hour, windows, every)


def end_of(windows: int, every: str) -> pd.Timestamp:
    """Return the first moment after that many windows."""
    return START + (pd.DateOffset(months=windows) if every == "month" else pd.Timedelta(days=windows * DAYS[every]))


def days_of_rows(rng: np.random.Generator, rows: int, windows: int, every: str, week: np.ndarray) -> np.ndarray:
    """Return the day of each row, so that a window has ``rows`` rows on average over a week."""
    days = (end_of(windows + 1, every) - START).days
    return np.repeat(np.arange(days), rng.poisson(rows / DAYS[every] * week[np.arange(days) % 7] / week.mean()))


def days_in_random_order(pool: pd.DataFrame, total: int, rng: np.random.Generator) -> list[pd.DataFrame]:
    """Return whole days of hourly rows, drawn without replacement and dated one after the other from the start."""
    by_day = [day for _, day in pool.groupby(pool["time"].dt.floor("D")) if len(day) == 24]
    if total > len(by_day):
        raise ValueError(f"{len(by_day)} whole days are fewer than {total}: draw fewer windows.")
    return [
        day.assign(time=START + pd.Timedelta(days=position) + (day["time"] - day["time"].dt.floor("D")))
        for position, day in enumerate(by_day[index] for index in rng.permutation(len(by_day))[:total])
    ]


def cut(frame: pd.DataFrame, day: np.ndarray, hour: np.ndarray, windows: int, every: str) -> Frames:
    """Date the rows and cut them into the reference and the window after it."""
    times = START + pd.to_timedelta(np.floor((day * 24 + hour) * 3600), unit="s")
    dated = frame.assign(time=times).sort_values("time", kind="stable")
    current = dated["time"] >= end_of(windows, every)
    return dated[~current].reset_index(drop=True), dated[current].reset_index(drop=True)


@cache
def bookings(first: str, end: str, hotel: str = "") -> pd.DataFrame:
    """Return the bookings that arrive from ``first`` and before ``end``, of one hotel or both."""
    rows = hotel_rows()
    rows = rows[(rows["time"] >= first) & (rows["time"] < end)]
    return rows[rows["hotel"] == hotel].drop(columns="hotel") if hotel else rows


def draw_bookings(first: str, end: str, hotel: str = "") -> Callable[..., Frames]:
    """Return how to draw the bookings of a period in random order."""

    def draw(rng: np.random.Generator, rows: int, windows: int, every: str) -> Frames:
        pool = bookings(first, end, hotel)
        sizes = rng.poisson(rows, windows + 1)
        picked = pool.iloc[rng.permutation(len(pool))[: sizes.sum()]]
        if len(picked) < sizes.sum():
            raise ValueError(f"{len(pool)} bookings from {first} to {end} are fewer than {sizes.sum()}: draw less.")
        return _dated(picked.reset_index(drop=True), sizes, every, rng)

    return draw


def draw_days_of_2011(rng: np.random.Generator, rows: int, windows: int, every: str) -> Frames:
    """Draw whole days of April to October 2011 in random order; ``rows`` does not apply, a day has 24 hours."""
    del rows
    pool = bike_rows()
    pool = pool[(pool["time"] >= "2011-04-01") & (pool["time"] < "2011-11-01")]
    cut = windows * (7 if every == "week" else 1)
    total = cut + (7 if every == "week" else 1)
    parts = days_in_random_order(pool, total, rng)
    return pd.concat(parts[:cut], ignore_index=True), pd.concat(parts[cut:], ignore_index=True)


_HOTEL = _spec("hotel", "binary", "is_canceled", HOTEL_FEATURES)
_ONE_HOTEL = _spec("hotel", "binary", "is_canceled", ONE_HOTEL_FEATURES)

HELDOUT_POPULATIONS = {
    "loans": Population("loans", _spec("loans", "binary", "defaulted", LOAN_FEATURES), draw_loans),
    "deliveries": Population(
        "deliveries", _spec("deliveries", "regression", "minutes", DELIVERY_FEATURES), draw_deliveries
    ),
    "hotels 2015": Population("hotels 2015", _HOTEL, draw_bookings("2015-07-01", "2016-01-01")),
    "city 2017": Population("city 2017", _ONE_HOTEL, draw_bookings("2017-01-01", "2017-09-01", "City Hotel")),
    "resort 2017": Population("resort 2017", _ONE_HOTEL, draw_bookings("2017-01-01", "2017-09-01", "Resort Hotel")),
    "bike 2011": Population("bike 2011", _spec("bike", "regression", "cnt", BIKE_FEATURES), draw_days_of_2011),
} | {
    f"bookings of {month[:7]}": Population(f"bookings of {month[:7]}", _HOTEL, draw_bookings(month, end))
    for month, end in (
        ("2015-10-01", "2015-11-01"), ("2017-02-01", "2017-03-01"), ("2017-03-01", "2017-04-01"),
        ("2017-05-01", "2017-06-01"),
    )
}  # fmt: skip
