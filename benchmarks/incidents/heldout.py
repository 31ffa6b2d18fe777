"""The held-out cases: production incidents that were written without looking at the engine.

Their populations, columns, kinds of change and sizes differ from those of the other splits, and no constant was chosen
on them until their second run. Since then they are cases to develop on, as those of ``tuning.py`` are. ``truth.py``
verifies what each case claims before it counts. Cases whose loss nobody could see in one window of this size, as
``truth.py`` computes it, are in ``unknowable.py`` and counted in a line of their own.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from case import SOURCES, Case, make_case
from faults import (
    Fault,
    as_text,
    chain,
    class_mix,
    drop_column,
    exchange_labels,
    fill,
    freeze,
    grow_target,
    hide_labels,
    invert_labels,
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
from heldout_faults import (
    as_bands,
    cap,
    columns_from_yesterday,
    deliver_window_of,
    fill_with_mean,
    lose_after,
    lose_group,
    negate,
    slow_down,
    swap,
    translate,
)
from heldout_real import real_cases
from served import with_served_predictions

LOANS, DELIVERIES, PAYMENTS = "loans", "deliveries", "payments"
HOTELS, CITY, RESORT, BIKE = "hotels 2015", "city 2017", "resort 2017", "bike 2011"
VOLUME, STALE, SCHEMA = "volume_anomaly", "stale_data", "schema_change"
UNIT, BROKEN, STRANGE = "unit_change", "data_corruption", "anomaly_spike"
HARMLESS, HARMFUL = "harmless_covariate_shift", "harmful_covariate_shift"
MIX, RELATION = "label_shift", "concept_drift"

case = partial(make_case, split="heldout")


def heldout_cases() -> Iterator[Case]:
    """Yield every case."""
    yield from _healthy()
    yield from _deliveries_of_data()
    yield from _units()
    yield from _broken()
    yield from _moved_inputs()
    yield from _labels()
    yield from _served()
    yield from real_cases()


HEALTHY_SIZES: dict[str, tuple[tuple[int, int, str], ...]] = {
    LOANS: ((80, 21, "day"), (250, 28, "day"), (600, 42, "day"), (2000, 21, "day"), (3000, 10, "week")),
    DELIVERIES: ((70, 28, "day"), (300, 21, "day"), (900, 35, "day"), (1800, 12, "week"), (3500, 14, "day")),
    PAYMENTS: ((250, 45, "day"), (1000, 16, "day")),
    HOTELS: ((90, 30, "day"), (350, 24, "day"), (800, 12, "day"), (1000, 10, "week")),
    CITY: ((120, 50, "day"), (500, 30, "day"), (1500, 9, "week")),
    RESORT: ((75, 40, "day"), (220, 35, "day"), (700, 11, "week")),
    BIKE: ((24, 28, "day"), (24, 75, "day"), (24, 16, "week")),
    "bookings of 2015-10": ((85, 27, "day"),),
    "bookings of 2017-02": ((105, 27, "day"),),
    "bookings of 2017-03": ((420, 6, "day"),),
    "bookings of 2017-05": ((140, 28, "day"),),
}


def _healthy() -> Iterator[Case]:
    for population, sizes in HEALTHY_SIZES.items():
        for rows, windows, every in sizes:
            for repeat in range(2):
                name = f"healthy {rows} rows × {windows} {every}s #h{repeat}"
                yield case(population, name, nothing(), "healthy", rows=rows, windows=windows, every=every,
                           harmful=False)  # fmt: skip


def _deliveries_of_data() -> Iterator[Case]:
    """Yield what goes wrong between a source and the model's table: rows, freshness, schema."""
    yield case(LOANS, "extract ran before noon", lose_after(12), VOLUME, rows=500)
    yield case(DELIVERIES, "Lisbon's file is missing", lose_group("city", "lisbon"), VOLUME, rows=600)
    yield case(RESORT, "a quarter of the rows", lose_rows(0.25), VOLUME, rows=200)
    yield case(BIKE, "twelve rows of 24", lose_after(12), VOLUME, windows=50)
    # Repeated deliveries are too many rows and repeated rows at once: both names are right.
    yield case(CITY, "loaded twice", repeat_rows(2.0), VOLUME, STALE, BROKEN, rows=300)
    yield case(DELIVERIES, "a join that repeats rows, ×4", repeat_rows(4.0), VOLUME, STALE, BROKEN, rows=250)

    yield case(LOANS, "last week's file", deliver_window_of(7), STALE, rows=350)
    yield case(DELIVERIES, "yesterday's file", deliver_window_of(1), STALE, rows=800, windows=20)
    yield case(BIKE, "yesterday's file", deliver_window_of(1), STALE, windows=40)
    # The rows are new, a part of their columns is not: whether that is stale or broken is a matter of words.
    bureau = columns_from_yesterday(["credit_score", "rate", "enquiries"])
    yield case(LOANS, "bureau table not refreshed", bureau, STALE, BROKEN, rows=1000)

    yield case(LOANS, "instalment lost", drop_column("instalment"), SCHEMA, rows=250)
    yield case(LOANS, "score as bands", as_bands("credit_score", [560, 620, 680, 740]), SCHEMA, rows=700)
    yield case(LOANS, "rate with a percent sign", as_text("rate", "{:.2f} %"), SCHEMA, rows=300)
    words = {"bike": "bicicleta", "scooter": "mota", "car": "carro"}
    yield case(DELIVERIES, "vehicles in Portuguese", translate("vehicle", words), SCHEMA, rows=200)
    yield case(DELIVERIES, "distance renamed", rename_column("distance_km", "distanceKm"), SCHEMA, rows=900)
    yield case(CITY, "room types recoded", recode("reserved_room_type"), SCHEMA, rows=250)
    yield case(RESORT, "adults and children lost", chain(drop_column("adults"), drop_column("children")), SCHEMA,
               rows=150)  # fmt: skip
    yield case(BIKE, "hour as a clock", as_text("hr", "{:02d}:00"), SCHEMA, windows=45)


def _units() -> Iterator[Case]:
    yield case(LOANS, "income by month", scale("income", 1 / 12), UNIT, rows=150)
    yield case(LOANS, "term in years", scale("term_months", 1 / 12), UNIT, rows=400)
    yield case(LOANS, "rate as a fraction", scale("rate", 0.01), UNIT, rows=900)
    yield case(LOANS, "amount in thousands, a quarter of the rows", scale("amount", 0.001, share=0.25), UNIT, rows=450)
    yield case(DELIVERIES, "distance in miles", scale("distance_km", 1 / 1.609344), UNIT, rows=500)
    yield case(DELIVERIES, "distance in metres, 30 % of rows", scale("distance_km", 1000, share=0.3), UNIT, rows=300)
    yield case(DELIVERIES, "preparation in seconds", scale("prep_minutes", 60), UNIT, rows=250)
    yield case(DELIVERIES, "temperature in °F", scale("temperature", 1.8, 32), UNIT, rows=700)
    yield case(DELIVERIES, "basket in cents, 12 % of rows", scale("basket", 100, share=0.12), UNIT, rows=1200)
    yield case(CITY, "rates in thousands", scale("adr", 0.001), UNIT, rows=180)
    yield case(HOTELS, "lead time in months", scale("lead_time", 1 / 30.4375), UNIT, rows=250)
    # UCI publishes the same data in these units.
    normalised = chain(
        scale("temp", 1 / 47, 8 / 47), scale("atemp", 1 / 66, 16 / 66), scale("hum", 0.01), scale("windspeed", 1 / 67)
    )
    yield case(BIKE, "weather normalised as by UCI", normalised, UNIT, windows=70)
    yield case(BIKE, "wind in m/s, weeks", scale("windspeed", 1 / 3.6), UNIT, windows=15, every="week")
    # A clock in another zone is another unit of time; its hours are also wrong as they stand.
    ahead: Fault = lambda _r, current, _g: current.assign(hr=(current["hr"] + 9) % 24)  # noqa: E731
    yield case(BIKE, "hours of Tokyo, weeks", ahead, UNIT, BROKEN, windows=14, every="week")


def _broken() -> Iterator[Case]:
    yield case(LOANS, "years employed missing in 35 %", nulls("years_employed", 0.35), BROKEN, rows=400)
    yield case(LOANS, "score −1 in 12 %", fill("credit_score", -1.0, 0.12), BROKEN, rows=600)
    yield case(LOANS, "income defaults to its mean in 40 %", fill_with_mean("income", 0.4), BROKEN, rows=800)
    yield case(LOANS, "score of another applicant", shuffle("credit_score"), BROKEN, rows=1500)
    yield case(LOANS, "amount cut off", cap("amount", 0.6), BROKEN, rows=700)
    # Both columns hold what is wrong under their names; the cause is a changed mapping of the columns.
    yield case(LOANS, "amount and income exchanged", swap("amount", "income"), BROKEN, SCHEMA, rows=350)
    yield case(LOANS, "channel always online", freeze_at("channel", "online"), BROKEN, rows=1000)
    yield case(DELIVERIES, "temperature negative", negate("temperature"), BROKEN, rows=400)
    yield case(DELIVERIES, "load stuck", freeze("courier_load"), BROKEN, rows=150)
    yield case(DELIVERIES, "load 999 in 5 %", fill("courier_load", 999.0, 0.05), BROKEN, rows=900)
    yield case(DELIVERIES, "vehicle n/a in 30 %", fill("vehicle", "n/a", 0.3), BROKEN, rows=350)
    yield case(DELIVERIES, "distance of another order", shuffle("distance_km"), BROKEN, rows=1200)
    yield case(DELIVERIES, "basket missing in 18 %", nulls("basket", 0.18), BROKEN, rows=500)
    yield case(CITY, "special requests 0 for all", fill("total_of_special_requests", 0.0, 1.0), BROKEN, rows=400)
    yield case(CITY, "segment lost in half", nulls("market_segment", 0.5), BROKEN, rows=220)
    yield case(RESORT, "meal Undefined in 40 %", fill("meal", "Undefined", 0.4), BROKEN, rows=300)
    yield case(HOTELS, "1 % of rates × 100", spike("adr", 100, 0.01), BROKEN, rows=800, windows=14)
    yield case(BIKE, "temperature stuck", freeze("temp"), BROKEN, windows=60)
    yield case(BIKE, "humidity missing for a third", nulls("hum", 0.35), BROKEN, windows=55)

    loans, deliveries = SOURCES[LOANS].numeric, SOURCES[DELIVERIES].numeric
    yield case(LOANS, "22 % impossible applications", scramble_rows(loans, 0.22), STRANGE, rows=600)
    yield case(LOANS, "15 % impossible applications", scramble_rows(loans, 0.15), STRANGE, rows=2000)
    yield case(DELIVERIES, "20 % impossible orders", scramble_rows(deliveries, 0.2), STRANGE, rows=700)
    yield case(RESORT, "24 % impossible bookings", scramble_rows(SOURCES[RESORT].numeric, 0.24), STRANGE, rows=300)


def freeze_at(column: str, value: str) -> Fault:
    """Deliver one value in all rows: a default that is never overwritten."""
    return fill(column, value, 1.0)


def _more(chosen: Callable[[pd.DataFrame], Any], times: float) -> Fault:
    return resample(lambda frame: np.where(chosen(frame), times, 1.0))


def _undecided_loans(power: float) -> Fault:
    """Draw more of the applications that are neither clearly good nor clearly bad: the relation stays."""

    def weight(frame: pd.DataFrame) -> np.ndarray:
        employed = np.minimum(frame["years_employed"].fillna(5), 15)
        logit = (
            -1.75 - 0.021 * (frame["credit_score"] - 670) + 3.2 * (frame["debt_ratio"] - 0.38)
            + 0.28 * (frame["enquiries"] - 1.3) - 0.05 * (employed - 7) + 0.5 * (frame["channel"] == "broker")
        )  # fmt: skip
        return np.exp(-power * np.abs(np.clip(logit, -4, 4)))

    return resample(weight)


def _moved_inputs() -> Iterator[Case]:
    harmless = partial(case, harmful=False)
    yield harmless(LOANS, "more car loans", _more(lambda f: f["purpose"] == "car", 6), HARMLESS, rows=900)
    yield harmless(LOANS, "older applicants", _more(lambda f: f["age"] > 50, 6), HARMLESS, rows=1500)
    yield harmless(LOANS, "more home owners", _more(lambda f: f["home"] == "own", 8), HARMLESS, rows=2500)
    yield harmless(DELIVERIES, "dear baskets", _more(lambda f: f["basket"] / f["items"] > 10, 6), HARMLESS, rows=1500)
    yield harmless(DELIVERIES, "more of Porto", _more(lambda f: f["city"] == "porto", 4), HARMLESS, rows=1000)
    yield harmless(PAYMENTS, "older accounts", _more(lambda f: f["age_days"] > 600, 6), HARMLESS, rows=1200)
    yield harmless(PAYMENTS, "more of Germany and France", _more(lambda f: f["country"].isin(["de", "fr"]), 9),
                   HARMLESS, rows=700)  # fmt: skip

    yield case(LOANS, "undecided applications", _undecided_loans(1.5), HARMFUL, rows=1200, windows=28)
    yield case(LOANS, "undecided applications, few rows", _undecided_loans(2.0), HARMFUL, rows=400, windows=28)
    yield case(LOANS, "low scores", _more(lambda f: f["credit_score"] < 620, 8), HARMFUL, rows=2000)
    yield case(LOANS, "many enquiries", _more(lambda f: f["enquiries"] >= 3, 10), HARMFUL, rows=3000, windows=21)
    yield case(DELIVERIES, "long ways", _more(lambda f: f["distance_km"] > 3.5, 8), HARMFUL, rows=800)
    yield case(DELIVERIES, "suburbs", resample(lambda f: f["distance_km"].to_numpy() ** 2), HARMFUL, rows=1500)
    yield case(BIKE, "rides home, weeks", _more(lambda f: f["hr"].between(16, 19), 12), HARMFUL, windows=18,
               every="week")  # fmt: skip
    yield case(HOTELS, "long lead times of groups",
               _more(lambda f: (f["lead_time"] > 60) & (f["adr"] > 50), 8), HARMFUL, rows=900, windows=12)  # fmt: skip
    yield case(RESORT, "online bookings far ahead",
               _more(lambda f: (f["market_segment"] == "Online TA") & (f["lead_time"] > 30), 8), HARMFUL, rows=700,
               windows=14)  # fmt: skip
    # Inputs moved and no label has arrived: harm can be estimated, the relation cannot be known.
    yield case(LOANS, "undecided applications, no labels", chain(_undecided_loans(2.0), hide_labels("defaulted")),
               HARMFUL, "unknown", rows=2000, windows=28)  # fmt: skip
    far = chain(resample(lambda f: f["distance_km"].to_numpy() ** 2), hide_labels("minutes"))
    yield case(DELIVERIES, "suburbs, no labels", far, HARMFUL, "unknown", rows=1500)


def _labels() -> Iterator[Case]:
    for share, rows in ((0.5, 1200), (0.42, 2500), (0.65, 500)):
        yield case(LOANS, f"defaults {share:.0%}", class_mix("defaulted", share), MIX, rows=rows)
    yield case(HOTELS, "cancellations 45 %", class_mix("is_canceled", 0.45), MIX, rows=700, windows=15)
    yield case(CITY, "cancellations 75 %", class_mix("is_canceled", 0.75), MIX, rows=600)
    yield case(RESORT, "cancellations 62 %", class_mix("is_canceled", 0.62), MIX, rows=400, windows=20)

    def turned(population: str, name: str, group: Callable[[pd.DataFrame], Any], **sizes: Any) -> Case:
        return case(population, f"{name} turn around", invert_labels(SOURCES[population].target, group), RELATION,
                    **sizes)  # fmt: skip

    def lost(population: str, name: str, group: Callable[[pd.DataFrame], Any], share: float, **sizes: Any) -> Case:
        fault = exchange_labels(SOURCES[population].target, group, share)
        return case(population, f"{name} unpredictable", fault, RELATION, **sizes)

    yield turned(LOANS, "brokers' loans", lambda f: f["channel"] == "broker", rows=600)
    yield turned(LOANS, "best scores", lambda f: f["credit_score"] > 740, rows=900)
    yield turned(LOANS, "studies", lambda f: f["purpose"] == "studies", rows=2000)
    yield lost(LOANS, "all", lambda f: f["age"] > 0, 0.9, rows=800)
    yield lost(LOANS, "renters", lambda f: f["home"] == "rent", 1.0, rows=2500)
    yield turned(CITY, "rooms D", lambda f: f["reserved_room_type"] == "D", rows=500)
    yield lost(CITY, "all", lambda f: f["adults"] >= 0, 0.8, rows=600)
    yield turned(RESORT, "direct bookings", lambda f: f["market_segment"] == "Direct", rows=350, windows=20)
    yield turned(HOTELS, "half of lead times", lambda f: f["lead_time"].between(20, 90), rows=400, windows=20)
    yield turned(PAYMENTS, "risky payments", lambda f: f["risk"] > 1, rows=700)
    both = (RELATION, MIX)  # a level that moves at the same inputs is both
    lisbon = grow_target("minutes", 1.35, lambda f: f["city"] == "lisbon")
    yield case(DELIVERIES, "roadworks in Lisbon", lisbon, *both, rows=600)
    yield case(DELIVERIES, "scooters banned from the ring road",
               grow_target("minutes", 1.3, lambda f: f["vehicle"] == "scooter"), *both, rows=1000)  # fmt: skip
    yield case(DELIVERIES, "all take 25 % longer", grow_target("minutes", 1.25), *both, rows=300)
    yield case(DELIVERIES, "a third waits unseen", slow_down("minutes", 0.33, 1.5), *both, rows=500)
    yield case(BIKE, "demand grows by 90 %", grow_target("cnt", 1.9), *both, windows=65)
    yield case(BIKE, "nights double, weeks", grow_target("cnt", 2.2, lambda f: ~f["hr"].between(6, 20)), RELATION,
               windows=16, every="week")  # fmt: skip
    yield case(BIKE, "demand falls by a third, weeks", grow_target("cnt", 0.65), *both, windows=18, every="week")


def _served() -> Iterator[Case]:
    """Yield cases whose predictions, latency and model version are logged with the batch."""

    def served(
        population: str, name: str, accept: str, *, rows: int = 500, harmful: bool = True, **current: Any
    ) -> Case:
        base = case(population, name, nothing(), accept, rows=rows, windows=21, harmful=harmful)

        def build() -> tuple[pd.DataFrame, pd.DataFrame]:
            reference, now = base.build()
            seed = zlib.crc32(base.name.encode())
            return with_served_predictions(SOURCES[population], reference, now, seed=seed, **current)

        prediction = {"score": "score", "latency_ms": "latency_ms", "version": "model_version"}
        return Case(base.name, "heldout", base.accept, harmful, {**base.spec, "prediction": prediction}, build,
                    population, base.fault, current)  # fmt: skip

    bad, slow = "bad_deployment", "latency_regression"
    for population in (LOANS, DELIVERIES, PAYMENTS):
        yield served(population, "served, healthy", "healthy", harmful=False, rows=350)
    yield served(LOANS, "served, a good new version", "healthy", harmful=False, version="2024-05-a")
    yield served(DELIVERIES, "served, a good new version", "healthy", harmful=False, version="7")
    empty = ("credit_score", "rate", "debt_ratio")
    yield served(LOANS, "a version that gets no bureau data", bad, version="2", empty=empty, rows=1000)
    yield served(LOANS, "a version that answers for other rows", bad, version="2", broken="misaligned", rows=400)
    yield served(LOANS, "a version with inverted scores", bad, version="9", broken="inverted", rows=250)
    yield served(LOANS, "a version trained on 60 rows", bad, version="3", broken="hasty", rows=2000)
    yield served(DELIVERIES, "a version that answers in hours", bad, version="2", broken="sixtieth", rows=300)
    yield served(DELIVERIES, "a version that gets no distance", bad, version="2", empty=("distance_km",), rows=700)
    yield served(DELIVERIES, "a version that answers for other rows", bad, version="4", broken="misaligned", rows=600)
    # Dropped: a constant for payments, which are so hard to tell apart that it loses no more than 4 %.
    yield served(LOANS, "a version that answers a constant", bad, version="2", broken="constant", rows=900)
    yield served(LOANS, "p99 of 2 s", slow, latency_factor=17.0)
    yield served(DELIVERIES, "p99 of 5 s", slow, latency_factor=42.0, rows=200)
    yield served(PAYMENTS, "p99 of 1.4 s after an update", slow, latency_factor=12.0, version="2", rows=1200)
