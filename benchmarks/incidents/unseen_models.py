"""Unseen cases of models: inputs that move, class mixes, changed relations, versions and latency."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from case import SOURCES, Case, make_case
from faults import Fault, chain, exchange_labels, grow_target, hide_labels, invert_labels, nothing
from served import with_served_predictions
from unseen_faults import add, classes_by, relabel, reselect, reselect_bookings
from unseen_slices import SLICES

MACHINES, CLAIMS, CLICKS, TRIAGE = "telemetry", "claims", "clicks", "triage"
ONLINE, RESORT, TOURS = "online 2016", "resort 2016", "tours"
WINTER, FREE = "bike winters", "bike free days"
HARMLESS, HARMFUL = "harmless_covariate_shift", "harmful_covariate_shift"
MIX, RELATION = "label_shift", "concept_drift"
BAD, SLOW, UNKNOWN = "bad_deployment", "latency_regression", "unknown"

case = partial(make_case, split="unseen")


def model_cases() -> Iterator[Case]:
    """Yield every case."""
    yield from _moved_inputs()
    yield from _class_mixes()
    yield from _relations()
    yield from _served()


def _reselect(population: str, weight: Callable[[pd.DataFrame], np.ndarray]) -> Fault:
    if population in SLICES:
        return reselect_bookings(population, weight)
    return reselect(SOURCES[population].draw, weight)


def _more(population: str, chosen: Callable[[pd.DataFrame], Any], times: float) -> Fault:
    return _reselect(population, lambda frame: np.where(chosen(frame), times, 1.0))


def _moved_inputs() -> Iterator[Case]:
    def harmless(population: str, name: str, chosen: Callable[[pd.DataFrame], Any], times: float, **sizes: Any) -> Case:
        return case(population, name, _more(population, chosen, times), HARMLESS, harmful=False, **sizes)

    def harmful(population: str, name: str, chosen: Callable[[pd.DataFrame], Any], times: float, **sizes: Any) -> Case:
        return case(population, name, _more(population, chosen, times), HARMFUL, **sizes)

    yield harmless(CLAIMS, "more claims by phone", lambda f: f["channel"] == "phone", 6, rows=800)
    yield harmless(CLICKS, "a browser spreads", lambda f: f["browser"] == "safari", 4, rows=2500)
    yield harmless(CLICKS, "shorter life of advertisements", lambda f: f["ad_age_days"] < 25, 4, rows=3000)
    yield harmless(TRIAGE, "a hospital joins in full", lambda f: f["hospital"] == "ilhas", 8, rows=700)
    yield harmless(TRIAGE, "more fever", lambda f: f["temperature"] > 38, 3, rows=1500, windows=16, every="week")
    # A week a good deal colder than the others, with days such as they had.
    yield case(MACHINES, "a cold week", add(["ambient_c", "housing_c"], -9.0), HARMLESS, rows=2400, windows=14,
               every="week", harmful=False)  # fmt: skip

    yield harmful(CLAIMS, "a storm season of large claims", lambda f: f["claimed"] > 2500, 8, rows=700)
    yield harmful(CLAIMS, "house claims double", lambda f: f["product"] == "home", 6, rows=2500, windows=10,
                  every="month")  # fmt: skip
    yield harmful(CLICKS, "only the best places", lambda f: f["position"] <= 2, 12, rows=3000)
    yield harmful(CLICKS, "loyal visitors", lambda f: f["user_clicks_7d"] >= 5, 10, rows=2000)
    yield harmful(TRIAGE, "few clear cases", lambda f: f["heart_rate"].between(85, 105) & f["oxygen"].between(94, 97),
                  12, rows=1500, windows=20, every="week")  # fmt: skip
    abroad = "far ahead from abroad, without requests"
    yield harmful(ONLINE, abroad, lambda f: (f["lead_time"] > 30) & (f["total_of_special_requests"] == 0)
                  & (f["country"] != "PRT"), 20, rows=1900, windows=7, every="week")  # fmt: skip
    yield harmful(RESORT, "one agent's early bookers", lambda f: (f["agent"] == "a240") & (f["lead_time"] > 60), 12,
                  rows=800, windows=10, every="week")  # fmt: skip
    # Inputs moved and no label has arrived: harm can be estimated, the relation cannot be known.
    storm = _more(CLAIMS, lambda f: f["claimed"] > 2500, 10)
    yield case(CLAIMS, "a storm, no labels", chain(storm, hide_labels("paid")), HARMFUL, UNKNOWN, rows=900)
    best = _more(CLICKS, lambda f: f["position"] <= 2, 12)
    yield case(CLICKS, "only the best places, no labels", chain(best, hide_labels("clicked")), HARMFUL, UNKNOWN,
               rows=3500)  # fmt: skip


def _class_mixes() -> Iterator[Case]:
    """Yield other shares of the classes, with the inputs of each class as they were."""

    def mix(population: str, name: str, times: dict[object, float], *also: str, **sizes: Any) -> Case:
        return case(population, name, _reselect(population, classes_by(SOURCES[population].target, times)), MIX, *also,
                    **sizes)  # fmt: skip

    yield mix(CLICKS, "clicks times 2.5", {1: 2.6}, rows=3000)
    yield mix(CLICKS, "clicks times 1.7", {1: 1.75}, rows=5000, windows=21)
    yield mix(TRIAGE, "more immediate, fewer minor", {"immediate": 3.0, "minor": 0.25}, rows=1200)
    yield mix(TRIAGE, "hardly any minor", {"minor": 0.12}, rows=1600, windows=14, every="week")
    yield mix(ONLINE, "cancellations 65 %", {1: 3.4}, rows=350)
    yield mix(TOURS, "cancellations 45 %", {1: 4.5}, rows=350, windows=21)


def _relations() -> Iterator[Case]:
    """Yield changed relations at the same inputs."""
    both = (RELATION, MIX)  # a level that moves at the same inputs is both
    yield case(MACHINES, "stops within two days count", relabel("stops", 1, lambda f: f["vibration_mm_s"] > 2.2, 0.3),
               *both, rows=960)  # fmt: skip
    yield case(MACHINES, "half of the stops are of other machines",
               exchange_labels("stops", lambda f: f["hour"] >= 0, 0.6), RELATION, rows=1440)  # fmt: skip
    yield case(MACHINES, "new oil is worse than old", relabel("stops", 1, lambda f: f["oil_hours"] < 700, 0.25), *both,
               rows=480)  # fmt: skip
    yield case(CLAIMS, "repairs cost 30 % more", grow_target("paid", 1.3), *both, rows=600)
    yield case(CLAIMS, "claims over 3000 are refused", relabel("paid", 0.0, lambda f: f["claimed"] > 3000, 0.8), *both,
               rows=900)  # fmt: skip
    yield case(CLAIMS, "legal and travel paid in full", _paid_in_full(["travel", "legal"]), *both, rows=1800,
               windows=12, every="week")  # fmt: skip
    yield case(CLICKS, "clicks of another campaign", exchange_labels("clicked", lambda f: f["hour"] >= 0, 0.9),
               RELATION, rows=5000)  # fmt: skip
    yield case(CLICKS, "thumbs slip on phones", relabel("clicked", 1, lambda f: f["device"] == "phone", 0.03), *both,
               rows=2500)  # fmt: skip
    yield case(TRIAGE, "nurses weigh pain no more",
               relabel("level", "minor", lambda f: (f["pain"] >= 5) & (f["level"] == "standard"), 0.9), *both,
               rows=600)  # fmt: skip
    yield case(TRIAGE, "urgent and standard exchanged in one hospital", _exchanged("norte", "urgent", "standard"),
               RELATION, rows=400)  # fmt: skip
    yield case(TRIAGE, "children are urgent", relabel("level", "urgent", lambda f: f["age"] < 16, 0.8), *both,
               rows=250)  # fmt: skip
    yield case(ONLINE, "early bookers stay", invert_labels("is_canceled", lambda f: f["lead_time"].between(40, 110)),
               RELATION, rows=300)  # fmt: skip
    yield case(TOURS, "half of outcomes elsewhere", exchange_labels("is_canceled", lambda f: f["adults"] >= 0, 0.5),
               RELATION, rows=250)  # fmt: skip
    yield case(WINTER, "evenings without riders, weeks", grow_target("cnt", 0.3, lambda f: f["hr"] >= 16), *both,
               windows=18, every="week")  # fmt: skip
    yield case(FREE, "a festival month", grow_target("cnt", 1.8), *both, windows=5, every="month")


def _paid_in_full(products: list[str]) -> Fault:
    def apply(_r: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        return current.assign(paid=current["paid"].mask(current["product"].isin(products), current["claimed"]))

    return apply


def _exchanged(hospital: str, first: str, other: str) -> Fault:
    def apply(_r: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        swapped = current["level"].replace({first: other, other: first})
        return current.assign(level=current["level"].mask(current["hospital"] == hospital, swapped))

    return apply


def _served() -> Iterator[Case]:
    """Yield cases whose predictions, latency and model version are logged with the batch."""

    def served(
        population: str, name: str, *accept: str, rows: int = 500, harmful: bool = True, labels: bool = True,
        **current: Any,
    ) -> Case:  # fmt: skip
        source = SOURCES[population]
        base = case(population, name, nothing() if labels else hide_labels(source.target), *accept, rows=rows,
                    windows=24, harmful=harmful)  # fmt: skip

        def build() -> tuple[pd.DataFrame, pd.DataFrame]:
            reference, now = base.build()
            return with_served_predictions(source, reference, now, seed=zlib.crc32(base.name.encode()), **current)

        answer = "label" if source.spec["task"] == "multiclass" else "score"
        prediction = {answer: "score", "latency_ms": "latency_ms", "version": "model_version"}
        return Case(base.name, "unseen", base.accept, harmful, {**base.spec, "prediction": prediction}, build,
                    population, base.fault, current)  # fmt: skip

    healthy = partial(served, harmful=False)
    yield healthy(CLAIMS, "served, healthy", "healthy", rows=300)
    yield healthy(CLICKS, "served, a good new version", "healthy", rows=2500, version="2024.06")
    yield healthy(TRIAGE, "served, healthy", "healthy", rows=400)
    yield healthy(MACHINES, "served, a good new version at noon", "healthy", rows=480, version="b", from_hour=12)

    yield served(MACHINES, "a version that gets no vibration", BAD, version="2", empty=("vibration_mm_s",), rows=1440)
    yield served(CLAIMS, "a version that gets no amounts", BAD, version="14", empty=("excess", "claimed"),
                 rows=500)  # fmt: skip
    yield served(CLAIMS, "a version in thousands", BAD, version="5", broken="sixtieth", rows=250)
    yield served(CLICKS, "a version that answers for other rows", BAD, version="3", broken="misaligned", rows=4000)
    yield served(TRIAGE, "a version that answers for other patients", BAD, version="2", broken="misaligned", rows=300)
    yield served(TRIAGE, "a version trained on 60 patients", BAD, version="2", broken="hasty", rows=900)
    yield served(ONLINE, "a bad version from two o'clock", BAD, version="7", broken="inverted", from_hour=14, rows=300)
    # Without labels the answers alone can accuse the version, or leave the cause open.
    yield served(MACHINES, "a version that answers a constant, no labels", BAD, UNKNOWN, version="2", broken="constant",
                 labels=False, rows=1920)  # fmt: skip
    # The service broke under the version that was there: its answers are at fault, and no switch shows it.
    yield served(TRIAGE, "answers for other patients, no new version", BAD, UNKNOWN, broken="misaligned", rows=600)
    yield served(CLAIMS, "answers in another unit, no new version, no labels", BAD, UNKNOWN, broken="sixtieth",
                 labels=False)  # fmt: skip

    yield served(CLAIMS, "p99 of 1.7 s", SLOW, latency_factor=14.0, rows=250)
    yield served(CLICKS, "3 % time out", SLOW, timeouts=0.03, rows=1500)
    yield served(TRIAGE, "p99 of 3 s after an update", SLOW, version="2", latency_factor=25.0, rows=350)
