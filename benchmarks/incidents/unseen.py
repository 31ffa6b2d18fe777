"""The unseen cases: a second set that was written without looking at the engine, after the held-out one had been used.

Populations and slices, mechanisms and sizes differ from those of the other splits, and nothing may be chosen on them.
This file holds healthy windows and faults of the data; ``unseen_models.py`` what happens to relations, classes and
versions, ``unseen_real.py`` what happened in the real order of time. ``truth.py`` verifies what each case claims.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from case import SOURCES, Case, make_case
from faults import (
    drop_column,
    freeze,
    lose_hours,
    nothing,
    nulls,
    recode,
    rename_column,
    repeat_rows,
    scale,
    scramble_rows,
    shuffle,
)
from heldout_faults import columns_from_yesterday, deliver_window_of, lose_after, negate, translate
from unseen_faults import (
    columns_of_yesterday,
    convert_where,
    deliver_as_it_was,
    insert_cluster,
    labels_until,
    lose_end_of_month,
    lose_where,
    more_of_all,
    put_where,
    refine_grain,
    rename_values,
    repeat_hours,
    repeat_yesterday_from,
    rotate_values,
    shift_clock,
    with_decimal_comma,
    without_decimals,
)
from unseen_models import model_cases
from unseen_real import real_cases

MACHINES, CLAIMS, CLICKS, TRIAGE = "telemetry", "claims", "clicks", "triage"
ONLINE, RESORT, TOURS = "online 2016", "resort 2016", "tours"
WINTER, FREE = "bike winters", "bike free days"
VOLUME, STALE, SCHEMA = "volume_anomaly", "stale_data", "schema_change"
UNIT, BROKEN, STRANGE = "unit_change", "data_corruption", "anomaly_spike"
HARMLESS = "harmless_covariate_shift"

case = partial(make_case, split="unseen")


def unseen_cases() -> Iterator[Case]:
    """Yield every case."""
    yield from _healthy()
    yield from _rows()
    yield from _columns()
    yield from _units()
    yield from _broken()
    yield from model_cases()
    yield from real_cases()


HEALTHY_SIZES: dict[str, tuple[tuple[int, int, str], ...]] = {
    MACHINES: ((96, 28, "day"), (480, 35, "day"), (1200, 21, "day"), (1700, 12, "week")),
    CLAIMS: ((60, 40, "day"), (400, 28, "day"), (1500, 13, "week"), (2500, 9, "month")),
    CLICKS: ((800, 21, "day"), (3000, 28, "day"), (6000, 10, "day"), (9000, 10, "week")),
    TRIAGE: ((90, 30, "day"), (350, 42, "day"), (1200, 14, "week"), (2000, 10, "month")),
    ONLINE: ((60, 60, "day"), (300, 28, "day"), (900, 15, "week"), (1500, 11, "month")),
    RESORT: ((45, 56, "day"), (200, 40, "day"), (800, 12, "month")),
    TOURS: ((55, 35, "day"), (400, 21, "day"), (1000, 12, "week")),
    WINTER: ((24, 40, "day"), (168, 20, "week"), (720, 6, "month")),
    FREE: ((24, 60, "day"), (168, 14, "week")),
}


def _healthy() -> Iterator[Case]:
    for population, sizes in HEALTHY_SIZES.items():
        for rows, windows, every in sizes:
            yield case(population, f"healthy {rows} rows × {windows} {every}s", nothing(), "healthy", rows=rows,
                       windows=windows, every=every, harmful=False)  # fmt: skip
    for population, target, share, rows in (
        (MACHINES, "stops", 0.0, 600), (CLAIMS, "paid", 0.3, 500), (CLICKS, "clicked", 0.0, 2000),
        (TRIAGE, "level", 0.5, 250),
    ):  # fmt: skip
        arrived = f"{share:.0%} of labels" if share else "no labels"
        yield case(population, f"healthy {rows} rows, {arrived}", labels_until(target, share), "healthy", rows=rows,
                   harmful=False)  # fmt: skip


def _rows() -> Iterator[Case]:
    """Yield windows with too many, too few or old rows."""
    yield case(MACHINES, "two of five sites offline", lose_where(lambda f: f["site"].isin(["evora", "faro"])), VOLUME,
               rows=480)  # fmt: skip
    yield case(CLAIMS, "a join drops Portugal", lose_where(lambda f: f["country"] == "pt"), VOLUME, rows=400)
    yield case(CLICKS, "no events from noon to eight", lose_hours(12, 19), VOLUME, rows=2500, windows=21)
    yield case(TRIAGE, "half of the month", lose_end_of_month(14), VOLUME, rows=900, windows=10, every="month")
    yield case(FREE, "ten rows of 24", lose_after(10), VOLUME, windows=50)
    yield case(CLICKS, "traffic triples", more_of_all(SOURCES[CLICKS].draw, 3.0), VOLUME, rows=900)
    # Repeated deliveries are too many rows and repeated rows at once: both names are right.
    yield case(CLAIMS, "a week loaded twice", repeat_rows(2.0), VOLUME, STALE, BROKEN, rows=900, windows=12,
               every="week")  # fmt: skip
    yield case(MACHINES, "the night's batch four times", repeat_hours(0, 7, 4), VOLUME, STALE, BROKEN, rows=360)
    # Four times as many rows because the grain is finer: both names are right.
    finer = refine_grain((15, 30, 45), ["ambient_c", "load_percent", "current_a"])
    yield case(MACHINES, "readings of each quarter of an hour", finer, VOLUME, SCHEMA, rows=240)

    yield case(CLICKS, "last week's file", deliver_window_of(7), STALE, rows=1500)
    yield case(CLAIMS, "yesterday's file as it was", deliver_as_it_was(1), STALE, rows=350)
    yield case(TRIAGE, "last month's file as it was", deliver_as_it_was(1, "month"), STALE, rows=700, windows=10,
               every="month")  # fmt: skip
    yield case(MACHINES, "afternoon repeats yesterday's", repeat_yesterday_from(12), STALE, rows=720)
    yield case(WINTER, "file of the day before yesterday", deliver_window_of(2), STALE, windows=45)
    # The rows are new, a part of their columns is not: whether that is stale or broken is a matter of words.
    gauges = columns_of_yesterday(["vibration_mm_s", "housing_c", "oil_hours"])
    yield case(MACHINES, "gauges of the day before", gauges, STALE, BROKEN, rows=960)
    yield case(ONLINE, "agents of earlier bookings", columns_from_yesterday(["agent", "lead_time", "customer_type"]),
               STALE, BROKEN, rows=400)  # fmt: skip


def _columns() -> Iterator[Case]:
    yield case(MACHINES, "vibration lost", drop_column("vibration_mm_s"), SCHEMA, rows=240)
    yield case(CLAIMS, "amounts with a comma", with_decimal_comma("claimed"), SCHEMA, rows=250)
    yield case(CLAIMS, "premium renamed", rename_column("premium", "gross_premium_total"), SCHEMA, rows=120)
    yield case(CLICKS, "phone is now mobile", rename_values("device", {"phone": "mobile"}), SCHEMA, rows=1500)
    browsers = ("chrome", "safari", "firefox", "edge", "samsung", "opera", "brave", "other")
    numbers = {name: f"{position}" for position, name in enumerate(browsers)}
    yield case(CLICKS, "browsers as numbers", translate("browser", numbers), SCHEMA, rows=800)
    yield case(TRIAGE, "another catalogue of complaints", recode("complaint"), SCHEMA, rows=200)
    arrivals = {"walk-in": "pelo próprio pé", "ambulance": "ambulância", "referral": "referenciado"}
    yield case(TRIAGE, "arrivals in Portuguese", translate("arrival", arrivals), SCHEMA, rows=1000, windows=12,
               every="week")  # fmt: skip
    yield case(TOURS, "customer types recoded", recode("customer_type"), SCHEMA, rows=250)
    # The names are known ones and each stands for another product: a changed code list that breaks the values.
    yield case(CLAIMS, "products renumbered", rotate_values("product"), SCHEMA, BROKEN, rows=600)


def _units() -> Iterator[Case]:
    south = ["evora", "faro"]
    yield case(MACHINES, "°F at two of five sites",
               convert_where("ambient_c", lambda f: f["site"].isin(south), 1.8, 32, digits=1), UNIT,
               rows=600)  # fmt: skip
    yield case(MACHINES, "pressure in psi", scale("pressure_bar", 14.5038), UNIT, rows=240)
    yield case(MACHINES, "mA from scroll compressors",
               convert_where("current_a", lambda f: f["kind"] == "scroll", 1000, digits=0), UNIT, rows=720)  # fmt: skip
    # A rate of exchange is on no list of conversions, but another currency is another unit.
    yield case(CLAIMS, "złoty from Poland", convert_where("claimed", lambda f: f["country"] == "pl", 4.31), UNIT,
               rows=900)  # fmt: skip
    yield case(CLAIMS, "cents from the app",
               convert_where("claimed", lambda f: f["channel"] == "app", 100, digits=0), UNIT, rows=600)  # fmt: skip
    yield case(CLAIMS, "age of policies in days", scale("policy_months", 30.4375), UNIT, rows=150)
    yield case(TRIAGE, "°F in one of four hospitals",
               convert_where("temperature", lambda f: f["hospital"] == "sul", 1.8, 32, digits=1), UNIT,
               rows=300)  # fmt: skip
    yield case(TRIAGE, "blood pressure in kPa", scale("systolic", 0.133322), UNIT, rows=500)
    yield case(CLICKS, "bids in millionths", scale("bid", 1e6), UNIT, rows=1000)
    yield case(ONLINE, "lead time in hours", scale("lead_time", 24), UNIT, rows=120)
    yield case(FREE, "wind in knots, weeks", scale("windspeed", 1 / 1.852), UNIT, windows=15, every="week")
    # A clock in another zone is another unit of time; its hours are also wrong as they stand.
    yield case(CLICKS, "hours of San Francisco", shift_clock("hour", 15), UNIT, BROKEN, rows=2000)
    yield case(MACHINES, "three sites on another clock",
               shift_clock("hour", 6, lambda f: f["site"].isin(["aveiro", *south])), UNIT, BROKEN,
               rows=960)  # fmt: skip


def _broken() -> Iterator[Case]:
    yield case(MACHINES, "housing 21 °C at one site", put_where("housing_c", 21.0, lambda f: f["site"] == "braga"),
               BROKEN, rows=600)  # fmt: skip
    yield case(MACHINES, "humidity 0 on the coast",
               put_where("humidity", 0.0, lambda f: f["site"].isin(["aveiro", "faro"]), 0.8), BROKEN,
               rows=480)  # fmt: skip
    yield case(MACHINES, "vibration −1 in 8 %", put_where("vibration_mm_s", -1.0, lambda f: f["hour"] >= 0, 0.08),
               BROKEN, rows=360)  # fmt: skip
    yield case(CLAIMS, "web claims without excess", put_where("excess", 0, lambda f: f["channel"] == "web"), BROKEN,
               rows=700)  # fmt: skip
    yield case(CLAIMS, "report after 9999 days in 6 %",
               put_where("days_to_report", 9999.0, lambda f: f["claimed"] > 0, 0.06), BROKEN, rows=500)  # fmt: skip
    yield case(CLAIMS, "no premium from Ireland", put_where("premium", None, lambda f: f["country"] == "ie"), BROKEN,
               rows=450)  # fmt: skip
    yield case(CLAIMS, "sum insured of another policy", shuffle("sum_insured"), BROKEN, rows=1500)
    yield case(CLICKS, "country not set on half of phones",
               put_where("country", "not set", lambda f: f["device"] == "phone", 0.5), BROKEN, rows=1200)  # fmt: skip
    # Nothing in the rows tells a default from more visitors of that country.
    yield case(CLICKS, "country falls back to Germany on phones",
               put_where("country", "de", lambda f: f["device"] == "phone", 0.6), BROKEN, HARMLESS,
               rows=2500, harmful=False)  # fmt: skip
    yield case(CLICKS, "no history of any user", put_where("user_clicks_7d", 0, lambda f: f["hour"] >= 0), BROKEN,
               rows=1000)  # fmt: skip
    # Cut decimals are lost values, and a column of another type.
    yield case(CLICKS, "quality without decimals", without_decimals("quality"), BROKEN, SCHEMA, rows=1800)
    yield case(TRIAGE, "oxygen 0 in 9 %", put_where("oxygen", 0.0, lambda f: f["age"] >= 0, 0.09), BROKEN, rows=250)
    yield case(TRIAGE, "pain not asked in half", nulls("pain", 0.5), BROKEN, rows=800, windows=14, every="week")
    yield case(TOURS, "agents lost in 40 %", nulls("agent", 0.4), BROKEN, rows=300)
    yield case(RESORT, "a tenth of rates negative", negate("adr", 0.1), BROKEN, rows=180)
    yield case(WINTER, "humidity stuck", freeze("hum"), BROKEN, windows=70)
    yield case(FREE, "feels-like 0 in half, weeks", put_where("atemp", 0.0, lambda f: f["hr"] >= 12), BROKEN,
               windows=16, every="week")  # fmt: skip

    bots = {"position": (0.99, 1.0), "bid": (0.0, 0.004), "query_words": (0.996, 1.0), "user_clicks_7d": (0.995, 1.0),
            "ad_age_days": (0.99, 1.0)}  # fmt: skip
    yield case(CLICKS, "18 % bots", insert_cluster(bots, 0.18), STRANGE, rows=1500)
    ring = {"claimed": (0.98, 1.0), "policy_months": (0.0, 0.02), "holder_age": (0.0, 0.02),
            "prior_claims": (0.99, 1.0), "days_to_report": (0.98, 1.0), "premium": (0.0, 0.03)}  # fmt: skip
    yield case(CLAIMS, "14 % from a ring of fraud", insert_cluster(ring, 0.14), STRANGE, rows=800)
    yield case(MACHINES, "20 % of readings impossible", scramble_rows(SOURCES[MACHINES].numeric, 0.2), STRANGE,
               rows=480)  # fmt: skip
    yield case(TRIAGE, "16 % test patients", scramble_rows(SOURCES[TRIAGE].numeric, 0.16), STRANGE, rows=600)
