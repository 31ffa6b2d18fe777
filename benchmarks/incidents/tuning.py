"""More cases that constants may be chosen on: kinds of fault and change that are small, or easily taken for another.

None of them shares its population, column, size and kind with a measured case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import pandas as pd
from faults import (
    Fault,
    chain,
    class_mix,
    exchange_labels,
    fill,
    grow_target,
    hide_labels,
    invert_labels,
    nothing,
    nulls,
    resample,
    scale,
    scramble_rows,
    spike,
)
from moderate import moderate_cases
from populations import PAYMENT_FEATURES, POPULATIONS


class Make(Protocol):
    """From a population, a name, a fault and the right causes to a case."""

    def __call__(self, population: str, name: str, fault: Fault, *accept: str, **sizes: Any) -> Any:  # noqa: D102
        ...


HEALTHY_SIZES = {
    "hotel": ((60, 20, "day"), (150, 40, "day"), (400, 30, "day"), (1200, 25, "day"), (2500, 12, "week")),
    "churn": (
        (50, 60, "day"), (100, 14, "day"), (300, 30, "day"), (1000, 30, "day"), (5000, 10, "day"), (700, 10, "week"),
    ),
    "bike": ((24, 20, "day"), (24, 45, "day"), (24, 90, "day"), (24, 12, "week")),
    "payments": ((60, 30, "day"), (150, 12, "day"), (400, 25, "day"), (1500, 20, "day"), (4000, 8, "week")),
}  # fmt: skip
HEALTHY_REPEATS = 6


def tuning_cases(make: Make) -> Iterator[Any]:
    """Yield every case."""
    yield from _healthy(make)
    yield from _units(make)
    yield from _broken(make)
    yield from _moved_inputs(make)
    yield from _labels(make)
    yield from moderate_cases(make)


def _healthy(make: Make) -> Iterator[Any]:
    for population, sizes in HEALTHY_SIZES.items():
        for rows, windows, every in sizes:
            for repeat in range(HEALTHY_REPEATS):
                name = f"healthy {rows} rows × {windows} {every}s #t{repeat}"
                yield make(
                    population, name, nothing(), "healthy", rows=rows, windows=windows, every=every, harmful=False
                )


def _units(make: Make) -> Iterator[Any]:
    unit = "unit_change"
    yield make("hotel", "lead time in weeks", scale("lead_time", 1 / 7), unit)
    yield make("hotel", "adr in thousands, 15 % of rows", scale("adr", 0.001, share=0.15), unit, rows=600)
    yield make("hotel", "lead time in hours, 20 % of rows", scale("lead_time", 24, share=0.2), unit)
    yield make("churn", "fee in cents, 15 % of rows", scale("monthly_fee", 100, share=0.15), unit, rows=500)
    yield make("churn", "usage in MB, 10 % of rows", scale("usage_gb", 1024, share=0.1), unit, rows=1000)
    yield make("churn", "age in months, 20 % of rows", scale("age", 12, share=0.2), unit)
    yield make("churn", "tenure in days, 25 % of rows", scale("tenure_months", 30.4375, share=0.25), unit)
    yield make("bike", "wind in mph", scale("windspeed", 1 / 1.609344), unit, windows=60)
    yield make("bike", "temperature in K", scale("temp", 1, 273.15), unit, windows=40)
    yield make("bike", "humidity as a fraction, half of the hours", scale("hum", 0.01, share=0.5), unit, windows=60)
    yield make("bike", "feels-like in °F, a third of the hours", scale("atemp", 1.8, 32, share=0.35), unit, windows=80)
    yield make("bike", "feels-like in °F, weeks", scale("atemp", 1.8, 32), unit, windows=12, every="week")
    yield make("bike", "wind in knots, weeks", scale("windspeed", 1 / 1.852), unit, windows=14, every="week")
    yield make("payments", "amount in cents", scale("amount", 100), unit)
    yield make("payments", "amount in cents, 20 % of rows", scale("amount", 100, share=0.2), unit, rows=800)
    yield make("payments", "gap in minutes", scale("gap_hours", 60), unit)
    yield make("payments", "age in weeks", scale("age_days", 1 / 7), unit, rows=300)


def _broken(make: Make) -> Iterator[Any]:
    broken, strange = "data_corruption", "anomaly_spike"
    yield make("churn", "N/A in 40 % of regions", fill("region", "N/A", 0.4), broken)
    yield make("churn", "unknown in 60 % of plans", fill("plan", "unknown", 0.6), broken, rows=200)
    yield make("hotel", "missing in 45 % of meals", fill("meal", "missing", 0.45), broken)
    yield make("payments", "a dash in every country", fill("country", "-", 1.0), broken)
    yield make("payments", "12 % nulls in risk", nulls("risk", 0.12), broken)
    yield make("payments", "0 in 30 % of balance", fill("balance", 0.0, 0.3), broken)
    yield make("hotel", "3 % of lead time beyond all range", spike("lead_time", 40, 0.03), broken, rows=500)
    hotel = POPULATIONS["hotel"].numeric
    churn = POPULATIONS["churn"].numeric
    payments = PAYMENT_FEATURES["numeric"]
    yield make("churn", "14 % impossible combinations", scramble_rows(churn, 0.14), strange, rows=1500)
    yield make("hotel", "25 % impossible combinations", scramble_rows(hotel, 0.25), strange, rows=300)
    yield make("payments", "16 % impossible combinations", scramble_rows(payments, 0.16), strange, rows=600)


def _weights(low: float, high: float, chosen: Callable[[pd.DataFrame], Any]) -> Fault:
    return resample(lambda frame: np.where(chosen(frame), high, low))


def _uncertain(power: float) -> Fault:
    """Draw more of the subscribers whose churn is as uncertain as a coin: the loss rises, the relation stays."""

    def weight(frame: pd.DataFrame) -> np.ndarray:
        logit = (
            -1.1 - 0.035 * (frame["tenure_months"] - 24) + 0.6 * (frame["support_calls"] - 0.8)
            + 1.1 * frame["failed_payments"] - 0.5 * np.log(frame["usage_gb"] / 12)
        )  # fmt: skip
        return np.exp(-power * np.abs(np.clip(logit, -4, 4)))

    return resample(weight)


def _moved_inputs(make: Make) -> Iterator[Any]:
    harmless, harmful = "harmless_covariate_shift", "harmful_covariate_shift"
    yield make("churn", "customers under 30", _weights(1, 5, lambda f: f["age"] < 30), harmless, rows=600,
               harmful=False)  # fmt: skip
    yield make("churn", "more of the east", _weights(1, 6, lambda f: f["region"] == "east"), harmless, rows=1500,
               harmful=False)  # fmt: skip
    yield make("payments", "more of Spain", _weights(1, 6, lambda f: f["country"] == "es"), harmless, rows=1000,
               harmful=False)  # fmt: skip
    for rows, windows, power in ((1500, 30, 1.5), (3000, 20, 1.5), (3000, 20, 1.0), (5000, 12, 1.0)):
        yield make("churn", f"uncertain customers ^{power}, {rows} rows", _uncertain(power), harmful, rows=rows,
                   windows=windows)  # fmt: skip
    for rows in (1500, 4000):
        yield make("churn", f"uncertain customers, no labels, {rows} rows",
                   chain(_uncertain(1.5), hide_labels("churned")), harmful, "unknown", rows=rows)  # fmt: skip
    day = _weights(1, 10, lambda f: f["hr"].between(10, 20))
    yield make("bike", "afternoons, weeks", day, harmful, windows=12, every="week")
    warm = _weights(1, 8, lambda f: f["hr"].between(15, 21))
    yield make("bike", "evenings, weeks", warm, harmful, windows=16, every="week")
    yield make("payments", "dear payments", _weights(1, 12, lambda f: f["amount"] > 12), harmful, harmless, rows=2000,
               harmful=False)  # fmt: skip


def _labels(make: Make) -> Iterator[Any]:
    mix, relation = "label_shift", "concept_drift"
    for share, rows in ((0.12, 1500), (0.45, 1500), (0.5, 800)):
        yield make("churn", f"churn {share:.0%}, {rows} rows", class_mix("churned", share), mix, rows=rows)
    yield make("hotel", "cancellations 10 %", class_mix("is_canceled", 0.1), mix, rows=900)
    yield make("hotel", "cancellations 50 %", class_mix("is_canceled", 0.5), mix, rows=900)
    yield make("payments", "disputes 60 %", class_mix("disputed", 0.6), mix, rows=1500)

    def turned(population: str, name: str, group: Callable[[pd.DataFrame], Any], **sizes: Any) -> Any:
        target = POPULATIONS[population].target
        return make(population, f"{name} turn around", invert_labels(target, group), relation, **sizes)

    def lost(population: str, name: str, group: Callable[[pd.DataFrame], Any], share: float, **sizes: Any) -> Any:
        target = POPULATIONS[population].target
        return make(population, f"{name} unpredictable", exchange_labels(target, group, share), relation, **sizes)

    yield turned("churn", "heavy users", lambda f: f["usage_gb"] > 20, rows=400)
    yield turned("churn", "heavy users, 1000 rows", lambda f: f["usage_gb"] > 25, rows=1000)
    yield turned("churn", "pro customers", lambda f: f["plan"] == "pro", rows=1500)
    yield turned("churn", "failed payments", lambda f: f["failed_payments"] > 0, rows=600)
    yield turned("churn", "partners", lambda f: f["channel"] == "partner", rows=500)
    yield lost("churn", "half of all", lambda f: f["age"] > 0, 0.5, rows=1500)
    yield lost("churn", "all (500 rows)", lambda f: f["age"] > 0, 1.0, rows=500)
    yield lost("churn", "basic plan", lambda f: f["plan"] == "basic", 1.0, rows=2000)
    yield turned("hotel", "single guests", lambda f: f["adults"] == 1, rows=800)
    yield turned("hotel", "groups", lambda f: f["market_segment"] == "Groups", rows=1000)
    yield turned("hotel", "special requests", lambda f: f["total_of_special_requests"] > 1, rows=500)
    yield lost("hotel", "half of all", lambda f: f["adults"] >= 0, 0.5, rows=900)
    yield lost("hotel", "city hotel", lambda f: f["hotel"] == "City Hotel", 1.0, rows=900)
    yield turned("payments", "long gaps", lambda f: f["gap_hours"] > 20, rows=800)
    yield lost("payments", "all", lambda f: f["amount"] > 0, 0.8, rows=1000)
    both = (relation, mix)
    yield make("bike", "demand grows by 45 %", grow_target("cnt", 1.45), *both, windows=60)
    yield make("bike", "demand grows by 80 %", grow_target("cnt", 1.8), *both, windows=40)
    yield make("bike", "demand falls by 45 %", grow_target("cnt", 0.55), *both, windows=60)
    yield make("bike", "demand grows by 30 %, weeks", grow_target("cnt", 1.3), *both, windows=14, every="week")
    yield make("bike", "demand grows by 60 %, weeks", grow_target("cnt", 1.6), *both, windows=12, every="week")
    evening = grow_target("cnt", 1.6, lambda f: f["hr"] >= 16)
    yield make("bike", "evenings grow by 60 %, weeks", evening, relation, windows=12, every="week")
    yield make("bike", "evenings grow by 80 %", grow_target("cnt", 1.8, lambda f: f["hr"] >= 16), *both, windows=70)
