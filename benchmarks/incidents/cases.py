"""The labelled cases: what was done to the data, and which cause a careful person would name.

``tune`` cases may be looked at while constants are chosen; ``measure`` cases only count. The two differ in columns,
sizes, kinds of fault and seeds, and the engine sees neither names nor labels. Where two causes are equally right, a
case accepts both and says why. ``heldout`` and ``unseen`` cases, in ``heldout.py`` and ``unseen.py``, were written
without looking at the engine.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from case import Case, Split
from case import make_case as _case
from faults import (
    Fault,
    as_codes,
    as_text,
    chain,
    class_mix,
    deliver_earlier_window,
    drop_column,
    exchange_labels,
    fill,
    freeze,
    grow_target,
    hide_labels,
    invert_labels,
    lose_hours,
    lose_rows,
    nothing,
    nulls,
    recode,
    rename_column,
    repeat_rows,
    resample,
    scale,
    scramble_rows,
    shuffle,
    spike,
)
from heldout import heldout_cases
from populations import POPULATIONS, Population, bike_rows, hotel_rows
from served import with_served_predictions
from tuning import tuning_cases
from unseen import unseen_cases


def all_cases() -> list[Case]:
    """Return every case, in a fixed order."""
    more = tuning_cases(partial(_case, split="tune"))
    measured = [*_healthy(), *_data_faults(), *_model_causes(), *_served(), *_real_time()]
    return [*measured, *more, *heldout_cases(), *unseen_cases()]


def _healthy() -> Iterator[Case]:
    sizes: list[tuple[str, int, int, str]] = [
        *[("hotel", rows, windows, every) for rows, windows, every in _HOTEL_SIZES],
        *[("churn", rows, windows, every) for rows, windows, every in _CHURN_SIZES],
        *[("bike", 24, windows, every) for windows, every in ((20, "day"), (45, "day"), (90, "day"), (12, "week"))],
    ]
    for population, rows, windows, every in sizes:
        for repeat, split in enumerate(("measure", "measure", "tune")):
            name = f"healthy {rows} rows × {windows} {every}s #{repeat}"
            yield _case(
                population, name, nothing(), "healthy", split=split, rows=rows, windows=windows, every=every,
                harmful=False,
            )  # fmt: skip


_HOTEL_SIZES = ((60, 20, "day"), (150, 40, "day"), (400, 30, "day"), (1200, 25, "day"), (2500, 12, "week"))
_CHURN_SIZES = (
    (50, 60, "day"), (100, 14, "day"), (300, 30, "day"), (1000, 30, "day"), (5000, 20, "day"), (20000, 8, "week"),
    (700, 10, "week"),
)  # fmt: skip


def _data_faults() -> Iterator[Case]:  # noqa: PLR0915  # a list of cases, best read in one place
    hotel, churn, bike = "hotel", "churn", "bike"
    volume, stale, schema = "volume_anomaly", "stale_data", "schema_change"
    unit, broken = "unit_change", "data_corruption"
    # Repeated deliveries are too many rows and repeated rows at once: both names are right.
    repeated = (volume, stale, broken)
    yield _case(hotel, "30 % of rows", lose_rows(0.3), volume)
    yield _case(churn, "15 % of rows", lose_rows(0.15), volume, rows=1000)
    yield _case(bike, "eleven hours", lose_hours(0, 12), volume, windows=60)
    yield _case(hotel, "loaded three times", repeat_rows(3.0), *repeated)
    yield _case(churn, "20 % of rows (tune)", lose_rows(0.2), volume, split="tune", rows=300)
    yield _case(hotel, "loaded 2.5 times (tune)", repeat_rows(2.5), *repeated, split="tune")

    yield _case(hotel, "yesterday's extract", deliver_earlier_window(), stale)
    yield _case(churn, "yesterday's extract", deliver_earlier_window(), stale, rows=1000)
    yield _case(churn, "half of yesterday's extract", deliver_earlier_window(0.5), stale, rows=800)
    yield _case(churn, "yesterday's extract (tune)", deliver_earlier_window(), stale, split="tune")

    yield _case(hotel, "adr lost", drop_column("adr"), schema)
    yield _case(hotel, "adr renamed", rename_column("adr", "average_daily_rate"), schema)
    yield _case(hotel, "adr as text", as_text("adr"), schema)
    yield _case(hotel, "segments recoded", recode("market_segment"), schema)
    yield _case(churn, "plan as codes", as_codes("plan"), schema)
    yield _case(churn, "usage renamed", rename_column("usage_gb", "usageGigabytes"), schema)
    yield _case(bike, "humidity lost", drop_column("hum"), schema, windows=60)
    yield _case(bike, "temperature as text", as_text("temp", "{:.1f} C"), schema, windows=60)
    yield _case(churn, "region recoded (tune)", recode("region"), schema, split="tune")
    yield _case(churn, "age renamed (tune)", rename_column("age", "customer_age"), schema, split="tune")
    yield _case(hotel, "lead time lost (tune)", drop_column("lead_time"), schema, split="tune")

    yield _case(hotel, "adr in cents", scale("adr", 100), unit)
    yield _case(hotel, "lead time in hours", scale("lead_time", 24), unit)
    yield _case(hotel, "adr in cents, 40 % of rows", scale("adr", 100, share=0.4), unit)
    yield _case(bike, "temperature in °F", scale("temp", 1.8, 32), unit, windows=60)
    yield _case(bike, "humidity as a fraction", scale("hum", 0.01), unit, windows=60)
    yield _case(bike, "wind in m/s", scale("windspeed", 1 / 3.6), unit, windows=90)
    yield _case(churn, "usage in MB", scale("usage_gb", 1024), unit, rows=300)
    yield _case(churn, "tenure in days", scale("tenure_months", 30.4375), unit, rows=1000)
    yield _case(churn, "usage in MB, 30 % of rows (tune)", scale("usage_gb", 1000, share=0.3), unit, split="tune")
    yield _case(churn, "tenure in years (tune)", scale("tenure_months", 1 / 12), unit, split="tune")
    yield _case(bike, "feels-like in °F (tune)", scale("atemp", 1.8, 32), unit, split="tune", windows=60)

    yield _case(hotel, "30 % nulls in adr", nulls("adr", 0.3), broken)
    yield _case(hotel, "all nulls in meal", nulls("meal", 1.0), broken)
    yield _case(hotel, "−999 in 8 % of lead time", fill("lead_time", -999.0, 0.08), broken)
    yield _case(hotel, "Undefined in 35 % of segments", fill("market_segment", "Undefined", 0.35), broken)
    yield _case(hotel, "2 % of adr beyond all range", spike("adr", 50, 0.02), broken)
    yield _case(bike, "humidity 0", fill("hum", 0.0, 1.0), broken, windows=60)
    yield _case(bike, "wind stuck", freeze("windspeed"), broken, windows=90)
    yield _case(churn, "usage 0 in 45 %", fill("usage_gb", 0.0, 0.45), broken, rows=1000)
    yield _case(churn, "age stuck", freeze("age"), broken, rows=300)
    yield _case(churn, "10 % nulls in fee", nulls("monthly_fee", 0.1), broken, rows=2000)
    yield _case(churn, "fee joined to the wrong plan", shuffle("monthly_fee"), broken, rows=2000)
    yield _case(churn, "25 % nulls in age (tune)", nulls("age", 0.25), broken, split="tune")
    yield _case(churn, "−1 in 20 % of age (tune)", fill("age", -1.0, 0.2), broken, split="tune")
    yield _case(hotel, "lead time stuck (tune)", freeze("lead_time"), broken, split="tune")
    yield _case(bike, "feels-like 0 (tune)", fill("atemp", 0.0, 1.0), broken, split="tune", windows=60)


def _model_causes() -> Iterator[Case]:
    hotel, churn, bike = "hotel", "churn", "bike"
    harmless, harmful = "harmless_covariate_shift", "harmful_covariate_shift"
    mix, relation, spike_of = "label_shift", "concept_drift", "anomaly_spike"
    young = resample(lambda f: np.where(f["age"] < 35, 6.0, 1.0))
    regions = resample(lambda f: np.where(f["region"] == "north", 8.0, 1.0))
    yield _case(churn, "younger customers, age does not matter", young, harmless, rows=1000, harmful=False)
    yield _case(churn, "more customers of the north", regions, harmless, rows=2000, harmful=False)
    half_board = resample(lambda f: np.where(f["meal"] == "HB", 12.0, 1.0))
    yield _case(churn, "older customers (tune)", resample(lambda f: np.where(f["age"] > 50, 6.0, 1.0)), harmless,
                split="tune", rows=1000, harmful=False)  # fmt: skip
    # Whether the meal plan carries a loss of its own is for the data to say.
    yield _case(hotel, "more half board", half_board, harmless, harmful, rows=1000, windows=25, harmful=False)

    yield _case(churn, "undecided customers", resample(_undecided_churn), harmful, rows=4000, windows=20)
    yield _case(churn, "undecided customers, one day", resample(_undecided_churn), harmful, rows=1500)
    yield _case(bike, "rush hours", resample(_rush_hours), harmful, windows=12, every="week")
    yield _case(churn, "undecided customers (tune)", resample(_undecided_churn), harmful, split="tune", rows=2500)

    yield _case(hotel, "cancellations 28 % → 60 %", class_mix("is_canceled", 0.6), mix, rows=1200, windows=25)
    yield _case(churn, "churn doubles", class_mix("churned", 0.6), mix, rows=3000, windows=20)
    yield _case(churn, "churn falls to 8 %", class_mix("churned", 0.08), mix, rows=2000)
    yield _case(churn, "churn to 55 % (tune)", class_mix("churned", 0.55), mix, rows=2000, split="tune")

    long_lead = invert_labels("is_canceled", lambda f: f["lead_time"].between(0, 30))
    yield _case(hotel, "late bookings turn around", long_lead, relation, rows=1000, windows=25)
    yield _case(
        hotel, "online agents unpredictable",
        exchange_labels("is_canceled", lambda f: f["market_segment"] == "Online TA", 1.0), relation,
        rows=1200, windows=25,
    )  # fmt: skip
    yield _case(
        churn, "support calls no longer matter",
        exchange_labels("churned", lambda f: f["support_calls"] >= 0, 0.7), relation, rows=1000,
    )  # fmt: skip
    loyal = invert_labels("churned", lambda f: f["tenure_months"] > 24)
    yield _case(churn, "loyal customers leave", loyal, relation, rows=800)
    yield _case(bike, "demand grows by 70 %", grow_target("cnt", 1.7), relation, mix, windows=60)
    yield _case(bike, "demand halves at weekends", grow_target("cnt", 0.3, lambda f: f["workingday"] == 0), relation,
                windows=12, every="week")  # fmt: skip
    fresh = invert_labels("churned", lambda f: f["tenure_months"] < 15)
    yield _case(churn, "new customers stay (tune)", fresh, relation, split="tune", rows=800)
    yield _case(bike, "demand grows by 60 % (tune)", grow_target("cnt", 1.6), relation, mix, split="tune", windows=90)

    columns = ["tenure_months", "monthly_fee", "usage_gb", "support_calls", "age", "failed_payments"]
    yield _case(churn, "20 % impossible combinations", scramble_rows(columns, 0.2), spike_of, rows=1000)
    yield _case(churn, "30 % impossible combinations (tune)", scramble_rows(columns, 0.3), spike_of, split="tune")
    numeric = POPULATIONS["hotel"].numeric
    yield _case(hotel, "18 % impossible combinations", scramble_rows(numeric, 0.18), spike_of, rows=800)

    # Inputs moved and no label has arrived: harm can be estimated, the relation cannot be known.
    unlabelled = chain(resample(_undecided_churn), hide_labels("churned"))
    yield _case(churn, "undecided customers, no labels yet", unlabelled, harmful, "unknown", rows=3000)


def _undecided_churn(frame: pd.DataFrame) -> np.ndarray:
    undecided = frame["tenure_months"].between(8, 24) & (frame["failed_payments"] == 0)
    return np.where(undecided & (frame["support_calls"] <= 1), 15.0, 1.0)


def _rush_hours(frame: pd.DataFrame) -> np.ndarray:
    rush = frame["hr"].isin([7, 8, 16, 17, 18, 19])
    return np.where(rush, 12.0, 1.0)


def _served() -> Iterator[Case]:
    """Cases whose predictions, latency and model version are logged with the batch."""

    def served(population: str, name: str, accept: str, *, split: Split = "measure", harmful: bool = True,
               fault: Fault | None = None, **current: Any) -> Case:  # fmt: skip
        base = _case(population, name, fault or nothing(), accept, split=split, rows=600, windows=25, harmful=harmful)
        source: Population = POPULATIONS[population]

        def build() -> tuple[pd.DataFrame, pd.DataFrame]:
            reference, now = base.build()
            return with_served_predictions(source, reference, now, seed=zlib.crc32(base.name.encode()), **current)

        prediction = {"score": "score", "latency_ms": "latency_ms", "version": "model_version"}
        spec = {**base.spec, "prediction": prediction}
        return Case(base.name, split, base.accept, harmful, spec, build, population, base.fault, current)

    bad, slow = "bad_deployment", "latency_regression"
    yield served("churn", "served, healthy", "healthy", harmful=False)
    yield served("hotel", "served, healthy", "healthy", harmful=False)
    yield served("churn", "served, a good new version", "healthy", harmful=False, version="2")
    yield served("churn", "a version that shuffles inputs", bad, version="2", broken="shuffled")
    yield served("hotel", "a version with inverted scores", bad, version="2", broken="inverted")
    yield served("hotel", "a version that answers a constant", bad, version="2", broken="constant")
    yield served("churn", "p99 of 3 s", slow, latency_factor=25.0)
    yield served("hotel", "p99 of 1.6 s", slow, latency_factor=13.0)
    yield served("churn", "served, relation turned", "concept_drift",
                 fault=invert_labels("churned", lambda f: f["tenure_months"] > 24))  # fmt: skip
    yield served("churn", "a version that shuffles inputs (tune)", bad, split="tune", version="2", broken="shuffled")
    yield served("churn", "p99 of 4 s (tune)", slow, split="tune", latency_factor=30.0)


def _real_time() -> Iterator[Case]:
    """Real sequences, in their own order of time, with what really happened."""

    def bike(name: str, start: str, day: str, *accept: str, split: Split = "measure", every: str = "day",
             harmful: bool = True) -> Case:  # fmt: skip
        def build() -> tuple[pd.DataFrame, pd.DataFrame]:
            rows = bike_rows()
            first, end = pd.Timestamp(day, tz="UTC"), pd.Timestamp(day, tz="UTC")
            end += pd.Timedelta(days=7 if every == "week" else 1)
            reference = rows[(rows["time"] >= start) & (rows["time"] < first)]
            current = rows[(rows["time"] >= first) & (rows["time"] < end)]
            return reference.reset_index(drop=True), current.reset_index(drop=True)

        spec = {**POPULATIONS["bike"].spec, "window": {"every": every, "min_rows": 1}}
        return Case(f"bike/real: {name}", split, frozenset(accept), harmful, spec, build)

    yield bike("humidity 0 on 2011-03-10", "2011-01-01", "2011-03-10", "data_corruption")
    yield bike("feels-like stuck on 2012-08-17", "2012-05-01", "2012-08-17", "data_corruption")
    yield bike("one row in the hurricane", "2012-08-01", "2012-10-29", "volume_anomaly")
    yield bike("eleven rows after the hurricane", "2012-08-01", "2012-10-30", "volume_anomaly")
    yield bike("missing hours on 2011-01-27", "2011-01-01", "2011-01-27", "volume_anomaly")
    # Growth at the same inputs moves both the relation and the level of demand.
    yield bike("growth of 2012", "2011-04-01", "2012-04-09", "concept_drift", "label_shift", every="week")
    for day in ("2011-06-15", "2011-07-20", "2012-06-20", "2012-07-11"):
        start = str(pd.Timestamp(day) - pd.Timedelta(days=60))[:10]
        yield bike(f"an ordinary day, {day}", start, day, "healthy", harmful=False)

    def hotel(month: str, *accept: str) -> Case:
        def build() -> tuple[pd.DataFrame, pd.DataFrame]:
            rows = hotel_rows()
            first = pd.Timestamp(month, tz="UTC")
            reference = rows[(rows["time"] >= "2015-07-01") & (rows["time"] < "2016-04-01")]
            current = rows[(rows["time"] >= first) & (rows["time"] < first + pd.DateOffset(months=1))]
            return reference.reset_index(drop=True), current.reset_index(drop=True)

        spec = {**POPULATIONS["hotel"].spec, "window": {"every": "month"}}
        return Case(f"hotel/real: {month[:7]}", "measure", frozenset(accept), True, spec, build)

    # Inputs and relation both move; which share is whose is not known from outside.
    for month in ("2016-10-01", "2017-03-01", "2017-06-01"):
        yield hotel(month, "concept_drift", "harmful_covariate_shift", "label_shift")
