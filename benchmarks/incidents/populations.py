"""Populations that the labelled cases draw from: two real data sets and a generated one.

A population is made exchangeable before it is cut into a reference and a current window: bookings, or whole days of
bike hires, are put into a random order and given new dates. Nothing has changed between such windows, by construction,
so what is injected afterwards is the only truth. Cases that keep the real order of time are in ``cases.py``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

DATA = Path(os.environ.get("AIRMEDIC_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
REAL = ("hotel", "bike")
"""Names in the specs of populations that are drawn from real data."""
START = pd.Timestamp("2024-01-01", tz="UTC")  # a Monday

HOTEL_FEATURES = {
    "numeric": [
        "lead_time", "stays_in_weekend_nights", "stays_in_week_nights", "adults", "children", "previous_cancellations",
        "previous_bookings_not_canceled", "adr", "total_of_special_requests",
    ],
    "categorical": [
        "hotel", "meal", "market_segment", "distribution_channel", "reserved_room_type", "customer_type",
    ],
}  # fmt: skip
BIKE_FEATURES = {
    "numeric": ["hr", "temp", "atemp", "hum", "windspeed"],
    "categorical": ["weekday", "workingday", "weathersit"],
}
CHURN_FEATURES = {
    "numeric": ["tenure_months", "monthly_fee", "usage_gb", "support_calls", "age", "failed_payments"],
    "categorical": ["plan", "region", "channel"],
}
PAYMENT_FEATURES = {
    "numeric": ["amount", "balance", "gap_hours", "items", "risk", "age_days"],
    "categorical": ["merchant", "country"],
}


@dataclass(frozen=True)
class Population:
    """One kind of production: how to draw windows of it and what its spec says."""

    name: str
    spec: dict[str, Any]
    draw: Callable[[np.random.Generator, int, int, str], tuple[pd.DataFrame, pd.DataFrame]]
    """(rng, rows of a window, reference windows, "day" or "week") → reference rows, current rows."""

    @property
    def numeric(self) -> list[str]:
        """Numeric features."""
        return list(self.spec["features"]["numeric"])

    @property
    def target(self) -> str:
        """Name of the label."""
        return str(self.spec["target"])


@cache
def hotel_rows() -> pd.DataFrame:
    """Bookings without exact duplicates, in order of arrival."""
    frame = pd.read_csv(DATA / "hotel_bookings" / "hotel_bookings.csv.gz", low_memory=False).drop_duplicates()
    keep = HOTEL_FEATURES["numeric"] + HOTEL_FEATURES["categorical"] + ["is_canceled"]
    frame = frame.assign(time=pd.to_datetime(frame["arrival_date"], utc=True)).sort_values("time", kind="stable")
    return frame[["time", *keep]].reset_index(drop=True)


@cache
def bike_rows() -> pd.DataFrame:
    """Hours of bike hires, in order of time."""
    frame = pd.read_csv(DATA / "bike_sharing" / "bike_sharing_hourly.csv.gz")
    frame = frame.assign(time=pd.to_datetime(frame["dteday"], utc=True) + pd.to_timedelta(frame["hr"], unit="h"))
    return frame[["time", *BIKE_FEATURES["numeric"], *BIKE_FEATURES["categorical"], "cnt"]]


def draw_hotel(rng: np.random.Generator, rows: int, windows: int, every: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw bookings of 2016 in random order."""
    pool = hotel_rows()
    pool = pool[pool["time"].dt.year == 2016]
    sizes = rng.poisson(rows, windows + 1)
    picked = pool.iloc[rng.permutation(len(pool))[: sizes.sum()]]
    return _dated(picked.reset_index(drop=True), sizes, every, rng)


def draw_bike(rng: np.random.Generator, rows: int, windows: int, every: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw whole summer days of 2012 in random order; ``rows`` does not apply, a day has 24 hours."""
    del rows
    pool = bike_rows()
    pool = pool[(pool["time"] >= "2012-04-01") & (pool["time"] < "2012-10-15")]
    by_day = [day for _, day in pool.groupby(pool["time"].dt.floor("D")) if len(day) == 24]
    step = 7 if every == "week" else 1
    chosen = rng.permutation(len(by_day))[: (windows + 1) * step]
    parts = []
    for position, index in enumerate(chosen):
        day = by_day[index]
        moved = START + pd.Timedelta(days=position) + (day["time"] - day["time"].dt.floor("D"))
        parts.append(day.assign(time=moved))
    cut = windows * step
    return pd.concat(parts[:cut], ignore_index=True), pd.concat(parts[cut:], ignore_index=True)


def draw_churn(rng: np.random.Generator, rows: int, windows: int, every: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Generate subscribers whose churn follows a fixed rule."""
    sizes = rng.poisson(rows, windows + 1)
    return _dated(churn_rows(rng, int(sizes.sum())), sizes, every, rng)


def churn_rows(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Generate subscribers: features, and a label drawn from their probability to churn."""
    plan = rng.choice(["basic", "plus", "pro"], n, p=[0.5, 0.35, 0.15])
    fee = np.round(np.select([plan == "basic", plan == "plus"], [15.0, 29.0], 59.0) * rng.normal(1, 0.08, n), 2)
    frame = pd.DataFrame(
        {
            "tenure_months": np.round(rng.gamma(2.0, 12.0, n)),
            "monthly_fee": fee,
            "usage_gb": np.round(rng.lognormal(2.5, 0.7, n), 1),
            "support_calls": rng.poisson(0.8, n),
            "age": np.clip(np.round(rng.normal(42, 13, n)), 18, 90),
            "failed_payments": rng.binomial(3, 0.06, n),
            "plan": plan,
            "region": rng.choice(["north", "south", "east", "west"], n),
            "channel": rng.choice(["web", "store", "partner"], n, p=[0.6, 0.25, 0.15]),
        }
    )
    logit = (
        -1.1
        - 0.035 * (frame["tenure_months"] - 24)
        + 0.6 * (frame["support_calls"] - 0.8)
        + 1.1 * frame["failed_payments"]
        - 0.5 * np.log(frame["usage_gb"] / 12)
        + 0.4 * (frame["channel"] == "partner")
    )
    return frame.assign(churned=(rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int))


def draw_payments(rng: np.random.Generator, rows: int, windows: int, every: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Generate card payments, whose columns have heavier tails than those of the other populations."""
    sizes = rng.poisson(rows, windows + 1)
    n = int(sizes.sum())
    frame = pd.DataFrame(
        {
            "amount": np.round(5.0 * (1.0 + rng.pareto(1.6, n)), 2),
            "balance": np.round(800.0 + 600.0 * rng.standard_t(2.5, n), 2),
            "gap_hours": np.round(rng.lognormal(2.0, 1.8, n), 2),
            "items": rng.zipf(2.2, n).clip(1, 500),
            "risk": np.round(rng.standard_t(3.0, n), 3),
            "age_days": np.round(rng.exponential(400.0, n)),
            "merchant": [f"m{number}" for number in rng.zipf(1.6, n).clip(1, 60)],
            "country": rng.choice(["pt", "es", "fr", "de"], n, p=[0.6, 0.2, 0.12, 0.08]),
        }
    )
    logit = -1.2 + 0.8 * np.tanh(frame["risk"]) + 0.5 * np.log(frame["amount"] / 8) - 0.25 * np.log(frame["gap_hours"])
    frame = frame.assign(disputed=(rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int))
    return _dated(frame, sizes, every, rng)


def _dated(
    rows: pd.DataFrame, sizes: np.ndarray, every: str, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = rows.iloc[: sizes.sum()]
    step_seconds = 86_400 * (7 if every == "week" else 1)
    window = np.repeat(np.arange(len(sizes)), sizes)[: len(rows)]
    seconds = (window + rng.random(len(rows))) * step_seconds
    times = START + pd.to_timedelta(np.floor(seconds), unit="s")
    dated = rows.assign(time=times).sort_values("time", kind="stable")
    current = dated["time"] >= START + pd.Timedelta(seconds=(len(sizes) - 1) * step_seconds)
    return dated[~current].reset_index(drop=True), dated[current].reset_index(drop=True)


def _spec(name: str, task: str, target: str, features: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "name": name,
        "task": task,
        "target": target,
        "features": features,
        "data": {"source": "file", "path": "given-as-frames.parquet", "time_column": "time"},
    }


POPULATIONS = {
    "hotel": Population("hotel", _spec("hotel", "binary", "is_canceled", HOTEL_FEATURES), draw_hotel),
    "bike": Population("bike", _spec("bike", "regression", "cnt", BIKE_FEATURES), draw_bike),
    "churn": Population("churn", _spec("churn", "binary", "churned", CHURN_FEATURES), draw_churn),
    "payments": Population("payments", _spec("payments", "binary", "disputed", PAYMENT_FEATURES), draw_payments),
}
