"""What is wrong with one window, on generated rows whose fault is known."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause, Verdict
from airmedic_core.spec import ModelSpec, parse_spec

ROWS, DAYS = 300, 24
START = pd.Timestamp("2025-01-01", tz="UTC")

SPEC = parse_spec(
    {
        "name": "orders",
        "task": "binary",
        "target": "returned",
        "data": {"path": "orders.parquet", "time_column": "at"},
        "features": {"numeric": ["price", "weight", "age", "visits"], "categorical": ["country", "channel"]},
    }
)


def rows(seed: int, days: int, first_day: int = 0, size: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = size * days
    day = np.repeat(np.arange(days), size) + first_day
    country = rng.choice(["de", "fr", "it"], n, p=[0.5, 0.3, 0.2])
    weight = rng.lognormal(1.0, 0.5, n).round(2)
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp("2025-01-01", tz="UTC")
            + pd.to_timedelta(day * 86_400 + rng.integers(0, 86_400, n), "s"),
            "price": (weight * 12 * rng.lognormal(0, 0.2, n)).round(2),
            "weight": weight,
            "age": rng.normal(40, 12, n).round().clip(18, 90),
            "visits": rng.poisson(3, n),
            "country": country,
            "channel": rng.choice(["web", "shop"], n),
        }
    )
    logit = -0.8 + 0.9 * (frame["visits"] - 3) / 1.7 + 0.8 * (country == "it") - 0.6 * (frame["age"] - 40) / 12
    frame["returned"] = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
    return frame.sort_values("at", kind="stable").reset_index(drop=True)


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return rows(1, DAYS)


@pytest.fixture
def today() -> pd.DataFrame:
    return rows(2, 1, DAYS)


def check(reference: pd.DataFrame, current: pd.DataFrame, spec: ModelSpec = SPEC) -> PairCheck:
    return check_pair(spec, reference, current)


def test_an_ordinary_window_is_healthy(reference, today):
    answer = check(reference, today)
    assert answer.assessment.cause is Cause.HEALTHY
    assert answer.assessment.outcome == "healthy"
    assert answer.recommended == ()


@pytest.mark.parametrize("label", [0, 1])
def test_labels_of_one_class_only_are_damaged(reference, today, label):
    answer = check(reference, today.assign(returned=label))
    assert answer.assessment.cause is Cause.DATA_CORRUPTION
    assert "one class" in answer.assessment.headline


def test_labels_of_a_rare_class_may_be_missing_once(reference, today):
    rare = reference.assign(returned=(np.arange(len(reference)) % 100 == 0).astype(int))
    answer = check(rare, today.assign(returned=0))
    assert not any(finding.statistic == "one_class" for finding in answer.findings)


def test_infinite_values_count_with_the_missing_ones_and_are_usual_where_they_were(reference, today):
    def lost(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(price=frame["price"].mask(np.arange(len(frame)) % 10 == 0, np.inf))

    assert check(lost(reference), lost(today)).assessment.cause is Cause.HEALTHY
    answer = check(reference, lost(today))
    assert answer.assessment.cause is Cause.DATA_CORRUPTION
    assert "null or infinite" in answer.assessment.headline


def test_a_conversion_of_few_rows_is_none(reference, today):
    # Known in one row of four, of which an eighth are twelve times as large: 3 % of the rows.
    def rarely(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(weight=frame["weight"].where(np.arange(len(frame)) % 4 == 0))

    hit = np.arange(len(today)) % 32 == 0
    changed = rarely(today).assign(weight=lambda frame: frame["weight"].mask(hit, frame["weight"] * 12))
    assert not [
        finding for finding in check(rarely(reference), changed).findings if Cause.UNIT_CHANGE in finding.suggests
    ]


def _set(column: str, value: object, share: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def apply(frame: pd.DataFrame) -> pd.DataFrame:
        hit = np.random.default_rng(3).random(len(frame)) < share
        return frame.assign(
            **{column: frame[column].astype(object if isinstance(value, str) else float).mask(hit, value)}
        )

    return apply


def _times(column: str, factor: float, offset: float = 0.0) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(**{column: frame[column] * factor + offset})


FAULTS = {
    "a third of the rows": (lambda f: f.iloc[::3], Cause.VOLUME_ANOMALY, "batch"),
    "three times the rows": (lambda f: pd.concat([f, rows(7, 1, DAYS, 2 * ROWS)]), Cause.VOLUME_ANOMALY, "batch"),
    "a lost column": (lambda f: f.drop(columns="weight"), Cause.SCHEMA_CHANGE, "weight"),
    "a renamed column": (lambda f: f.rename(columns={"weight": "weightKg"}), Cause.SCHEMA_CHANGE, "weight"),
    "numbers as text": (lambda f: f.assign(price=f["price"].map("{:.2f} €".format)), Cause.SCHEMA_CHANGE, "price"),
    "a renamed category": (
        lambda f: f.assign(country=f["country"].replace({"fr": "FRA"})), Cause.SCHEMA_CHANGE, "country",
    ),
    "exchanged columns": (
        lambda f: f.rename(columns={"age": "visits", "visits": "age"}), Cause.SCHEMA_CHANGE, "visits",
    ),
    "renamed categories": (lambda f: f.assign(country=f["country"].str.upper()), Cause.SCHEMA_CHANGE, "country"),
    "cents": (_times("price", 100), Cause.UNIT_CHANGE, "price"),
    "the other sign": (_times("price", -1), Cause.DATA_CORRUPTION, "price"),
    "pounds": (_times("weight", 2.2046226), Cause.UNIT_CHANGE, "weight"),
    "nulls": (_set("age", np.nan, 0.3), Cause.DATA_CORRUPTION, "age"),
    "a sentinel": (_set("age", -1.0, 0.15), Cause.DATA_CORRUPTION, "age"),
    "a default": (_set("price", 0.0, 0.3), Cause.DATA_CORRUPTION, "price"),
    "a stuck value": (_set("weight", 2.5, 1.0), Cause.DATA_CORRUPTION, "weight"),
    "a stand-in category": (_set("country", "unknown", 0.25), Cause.DATA_CORRUPTION, "country"),
    "a wrong join": (
        lambda f: f.assign(price=np.random.default_rng(4).permutation(f["price"])), Cause.DATA_CORRUPTION, "price",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_data_is_named_with_its_column(name, reference, today):
    fault, cause, subject = FAULTS[name]
    answer = check(reference, fault(today).reset_index(drop=True))
    assert answer.assessment.cause is cause, answer.assessment.headline
    assert answer.assessment.outcome == "incident"
    assert subject in {key.split(":")[1] for key in answer.assessment.finding_keys}


def test_the_unit_is_named_with_its_conversion(reference, today):
    answer = check(reference, today.assign(price=today["price"] * 100))
    finding = next(finding for finding in answer.findings if finding.key == "units:price:converted_share")
    assert finding.details["factor"] == 100
    assert finding.value == pytest.approx(1.0, abs=0.01)


def test_a_season_of_higher_prices_is_no_other_currency(reference, today):
    dearer = np.where(np.random.default_rng(5).random(len(today)) < 0.6, 1.6, 1.0)
    answer = check(reference, today.assign(price=(today["price"] * dearer).round(2)))
    assert answer.assessment.cause is not Cause.UNIT_CHANGE, answer.assessment.headline


def test_the_next_month_is_no_stand_in():
    def months(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(month=frame["at"].dt.month)

    spec = SPEC.model_copy(
        update={"features": SPEC.features.model_copy(update={"numeric": (*SPEC.features.numeric, "month")})}
    )
    days_of_january = 31
    answer = check(months(rows(1, days_of_january)), months(rows(2, 1, days_of_january)), spec)
    assert answer.assessment.cause is not Cause.DATA_CORRUPTION, answer.assessment.headline


def test_a_renamed_column_is_matched(reference, today):
    answer = check(reference, today.rename(columns={"weight": "weightKg"}))
    finding = next(finding for finding in answer.findings if finding.key == "schema:weight:missing_column")
    assert finding.details["renamed_to"] == "weightKg"
    assert finding.details["undone_by"] == [{"kind": "rename_column", "column": "weightKg", "to": "weight"}]


def test_yesterdays_rows_under_todays_times_are_stale(reference, today):
    old = reference.tail(ROWS).reset_index(drop=True).assign(at=today["at"])
    assert check(reference, old).assessment.cause is Cause.STALE_DATA


def test_inputs_that_moved_without_a_loss_are_harmless(reference):
    pool = rows(5, 6, DAYS)
    moved = pool[pool["weight"] > 2.2].head(ROWS)
    answer = check(reference, moved.reset_index(drop=True).assign(at=rows(2, 1, DAYS)["at"]))
    assert answer.assessment.cause is Cause.HARMLESS_COVARIATE_SHIFT
    assert answer.recommended[0].action == "refresh_reference"


def test_a_changed_relation_is_concept_drift(reference, today):
    answer = check(
        reference, today.assign(returned=np.where(today["visits"] > 2, 1 - today["returned"], today["returned"]))
    )
    assert answer.assessment.cause is Cause.CONCEPT_DRIFT


def test_without_labels_the_answer_says_what_cannot_be_known(reference, today):
    answer = check(reference, today.assign(returned=np.nan))
    assert answer.assessment.cause is Cause.HEALTHY
    assert "0 labels are known" in answer.assessment.not_knowable[0]


def test_the_fingerprint_is_that_of_the_problem_not_of_the_window(reference, today):
    first = check(reference, today.assign(price=today["price"] * 100)).assessment
    next_day = rows(6, 1, DAYS)
    second = check(reference, next_day.assign(price=next_day["price"] * 100)).assessment
    another = check(reference, next_day.drop(columns="weight")).assessment
    assert first.fingerprint == second.fingerprint != another.fingerprint


@pytest.mark.parametrize("size", [20, 120, 1500])
def test_healthy_windows_of_any_size_stay_healthy(size):
    assessments = [check(rows(10 + seed, 12, size=size), rows(50 + seed, 1, 12, size)).assessment for seed in range(4)]
    assert [assessment.outcome for assessment in assessments].count("incident") == 0, [
        assessment.headline for assessment in assessments
    ]


def test_a_word_for_missing_is_no_new_vocabulary(reference, today):
    answer = check(reference, _set("country", "N/A", 0.6)(today))
    assert answer.assessment.cause is Cause.DATA_CORRUPTION, answer.assessment.headline


def test_a_share_of_a_grid_in_another_unit_is_found_on_a_short_window(reference, today):
    # Ages are whole years: months over twelve lie between them only where they are converted back.
    converted = today.assign(age=today["age"].where(np.arange(len(today)) % 3 > 0, today["age"] / 7)).head(60)
    findings = [
        finding for finding in check(reference, converted).findings if finding.check == "units" and finding.suggests
    ]
    [finding] = findings
    assert finding.details["factor"] == pytest.approx(1 / 7)


def test_the_groups_that_carry_a_loss_are_ranked(reference, today):
    turned = np.where(today["country"] == "de", 1 - today["returned"], today["returned"])
    answer = check(reference, today.assign(returned=turned))
    ranked = [finding for finding in answer.findings if finding.statistic == "share_of_rise"]
    assert [finding.details["rank"] for finding in ranked] == list(range(1, len(ranked) + 1))
    assert ranked[0].subject == "country=de"
    # Half of the rows carry nearly all of the rise.
    assert ranked[0].value > 0.8


def test_a_segment_that_is_clearly_worse_is_an_incident_of_its_own(reference):
    spec = SPEC.model_copy(update={"segments": ("country",)})
    today = rows(2, 1, DAYS, 1500)
    hit = (today["country"] == "it") & (np.random.default_rng(9).random(len(today)) < 0.6)
    answer = check(reference, today.assign(returned=np.where(hit, 1 - today["returned"], today["returned"])), spec)
    [worse] = [finding for finding in answer.findings if finding.statistic == "loss" and finding.suggests]
    assert (worse.subject, worse.verdict) == ("country=it", Verdict.ALERT)
    assert worse.details["share_of_rise"] > 0.8
    assert answer.assessment.outcome == "incident"


def test_segments_of_an_ordinary_window_stay_quiet(reference, today):
    spec = SPEC.model_copy(update={"segments": ("country", "channel")})
    answer = check(reference, today, spec)
    segments = [finding for finding in answer.findings if finding.statistic == "loss"]
    assert {finding.verdict for finding in segments} == {Verdict.OK}
    assert len(segments) == 5


BAD_COLUMNS = {
    "all null": np.nan,
    "constant": 1.0,
    "infinite": np.inf,
}


@pytest.mark.parametrize("name", BAD_COLUMNS)
def test_a_bad_column_in_both_windows_hides_nothing(name, reference, today):
    bad = {"weight": BAD_COLUMNS[name]}
    broken = today.assign(**bad, price=today["price"] * 100)
    assert check(reference.assign(**bad), broken).assessment.cause is Cause.UNIT_CHANGE


def test_a_single_row_is_no_crash(reference, today):
    assert check(reference, today.head(1)).assessment.cause is Cause.VOLUME_ANOMALY


def test_more_positives_than_the_mix_explains_are_no_label_shift():
    reference, today = rows(1, 20, size=2000), rows(2, 1, 20, 2000)
    # Returns that no input explains: more of them, and they cost more than the same mix would.
    extra = today["returned"] | (np.random.default_rng(3).random(len(today)) < 0.12)
    assert check(reference, today.assign(returned=extra.astype(int))).assessment.cause is Cause.CONCEPT_DRIFT
    picked = np.random.default_rng(4).random(len(today)) < np.where(today["returned"] == 1, 1.0, 0.6)
    mixed = pd.concat([today, rows(5, 1, 20, 1200)])[lambda f: np.r_[picked, (f["returned"] == 1).to_numpy()[2000:]]]
    assert check(reference, mixed.sort_values("at").reset_index(drop=True)).assessment.cause is Cause.LABEL_SHIFT


def test_a_new_category_beside_the_known_ones_is_no_new_vocabulary(reference, today):
    joined = today["country"].mask(np.arange(len(today)) % 4 == 0, "es")
    answer = check(reference, today.assign(country=joined))
    assert answer.assessment.cause is not Cause.SCHEMA_CHANGE, answer.assessment.headline
