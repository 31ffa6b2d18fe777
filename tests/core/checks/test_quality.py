"""The expectation suite, run by Great Expectations itself."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airmedic_core.assess import weigh
from airmedic_core.checks import run_group
from airmedic_core.checks.quality.proposed_suite import propose_suite
from airmedic_core.checks.quality.quality import Options, Quality
from airmedic_core.checks.quality.suite import read_suite
from airmedic_core.cli.validate import spec_problems
from airmedic_core.comparison import CheckContext
from airmedic_core.errors import SpecError
from airmedic_core.profile import build_profile, build_reference
from airmedic_core.records import Batch, Cause, Finding, Verdict
from airmedic_core.settings import Settings
from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.windows import as_utc

RAW = {
    "name": "orders",
    "task": "binary",
    "target": "returned",
    "data": {"path": "orders.parquet", "time_column": "at"},
    "features": {"numeric": ["price", "age"], "categorical": ["country"]},
    "window": {"every": "day", "min_rows": 1},
}


def orders(seed: int, day: int, days: int = 1, size: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = days * size
    return pd.DataFrame(
        {
            "at": pd.Timestamp("2026-01-01", tz="UTC")
            + pd.to_timedelta(day * 86_400 + np.arange(rows) * (86_400 // size), "s"),
            "price": rng.lognormal(3.5, 0.5, rows).round(2),
            "age": rng.normal(40, 12, rows).round().clip(18, 90),
            "country": rng.choice(["de", "fr", "it"], rows),
            "returned": rng.integers(0, 2, rows),
        }
    )


@pytest.fixture(scope="module")
def today() -> pd.DataFrame:
    return orders(2, 20)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "expectations").mkdir()
    return Settings(home=tmp_path, content=tmp_path, ledger_url="", tracking_uri="", environment="test")


def context_of(frame: pd.DataFrame, settings: Settings | None, **more: object) -> CheckContext:
    spec: ModelSpec = parse_spec({**RAW, **more})
    reference = build_reference(spec, orders(1, 0, 20))
    window = spec.window.step.last_complete(as_utc("2026-01-22"))
    batch = Batch(spec.name, window, window.end, len(frame))
    profile = build_profile(reference.edges, frame, window=window)
    return CheckContext(spec, batch, frame, reference, profile, settings=settings)


def write(settings: Settings, *expectations: dict, name: str = "orders.json") -> None:
    (settings.content / "expectations" / name).write_text(json.dumps({"expectations": expectations}))


def expect(kind: str, **kwargs: object) -> dict:
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def failed(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.key: finding for finding in findings if finding.statistic != "expectations"}


def count(findings: list[Finding]) -> tuple[float | None, float | None]:
    whole = findings[-1]
    assert whole.key == "quality:batch:expectations"
    return whole.value, whole.limit


@pytest.mark.parametrize("size", [3, 24, 200])
def test_the_proposed_suite_holds_on_ordinary_days_of_any_size(settings, size):
    findings = Quality().run(context_of(orders(3, 20, size=size), settings), Options())
    assert failed(findings) == {}
    # Three inputs exist and are never null, two of them have a range, one has a vocabulary.
    assert count(findings) == (9, 9)


@pytest.mark.parametrize(
    ("change", "key", "fraction"),
    [
        ({"price": -1.0}, "quality:price:expect_column_values_to_be_between", 0.3),
        ({"age": 4000.0}, "quality:age:expect_column_values_to_be_between", 0.3),
        ({"age": np.nan}, "quality:age:expect_column_values_to_not_be_null", 0.3),
        ({"country": "atlantis"}, "quality:country:expect_column_values_to_be_in_set", 0.6),
    ],
)
def test_broken_values_fail_the_proposed_suite(settings, today, change, key, fraction):
    hit = np.arange(len(today)) < fraction * len(today)
    broken = today.assign(**{name: today[name].mask(hit, value) for name, value in change.items()})
    finding = failed(Quality().run(context_of(broken, settings), Options()))[key]
    assert finding.verdict is Verdict.ALERT
    assert finding.value == pytest.approx(fraction)
    assert finding.suggests == (Cause.DATA_CORRUPTION,)


@pytest.mark.parametrize(
    ("usual", "later", "verdict"),
    [
        # A warm season that reaches down to one degree, and the first frost: two of three hours below zero.
        (lambda rng, rows: rng.normal(14, 4, rows).clip(1), lambda rng, rows: rng.normal(-1, 2, rows), None),
        # Amounts, in which a tenth has another sign.
        (lambda rng, rows: rng.gamma(2, 20, rows), lambda rng, rows: rng.gamma(2, 20, rows) * _signs(rows), "alert"),
        # Counts about 30, of which a hundredth is none.
        (lambda rng, rows: rng.poisson(30, rows) * (np.arange(rows) % 100 > 0), lambda _, n: np.full(n, -1), "alert"),
    ],
    ids=["temperature", "amount", "count"],
)  # fmt: skip
def test_zero_is_a_bound_only_of_what_ends_there(settings, usual, later, verdict):
    spec = parse_spec(RAW)
    reference = build_reference(spec, orders(1, 0, 20).assign(age=usual(np.random.default_rng(5), 4_000)))
    window = spec.window.step.last_complete(as_utc("2026-01-22"))
    frame = orders(2, 20).assign(age=later(np.random.default_rng(6), 200))
    batch = Batch(spec.name, window, window.end, len(frame))
    profile = build_profile(reference.edges, frame, window=window)
    context = CheckContext(spec, batch, frame, reference, profile, settings=settings)
    assert reference.whole.columns["age"].minimum >= 0
    assert (frame["age"] < 0).mean() > 0.02
    broken = failed(Quality().run(context, Options())).get("quality:age:expect_column_values_to_be_between")
    assert (broken and broken.verdict.value) == verdict


def _signs(rows: int) -> np.ndarray:
    return np.where(np.arange(rows) % 10, 1, -1)


def test_one_odd_row_of_a_small_batch_is_worth_a_look_and_no_alarm(settings):
    small = orders(3, 20, size=12)
    small.loc[0, "age"] = 4000.0
    finding = failed(Quality().run(context_of(small, settings), Options()))[
        "quality:age:expect_column_values_to_be_between"
    ]
    assert finding.verdict is Verdict.WATCH


def test_a_lost_column_is_a_change_of_the_schema(settings, today):
    by_key = failed(Quality().run(context_of(today.drop(columns="age"), settings), Options()))
    assert {finding.suggests for finding in by_key.values()} == {(Cause.SCHEMA_CHANGE,)}
    assert by_key["quality:age:expect_column_to_exist"].message.startswith("There is no column age")


def test_categories_are_known_by_the_name_they_are_counted_under(settings):
    reference = orders(1, 0, 20).assign(country=lambda rows: rows["country"].map({"de": 1, "fr": 2, "it": 3}))
    spec = parse_spec(RAW)
    known = build_reference(spec, reference)
    today = orders(2, 20).assign(country=lambda rows: rows["country"].map({"de": 1.0, "fr": 2.0, "it": 3.0}))
    context = context_of(orders(2, 20), settings)
    window, batch = context.batch.window, context.batch
    profile = build_profile(known.edges, today, window=window)
    assert failed(Quality().run(CheckContext(spec, batch, today, known, profile, settings=settings), Options())) == {}


def test_the_teams_own_suite_is_used_in_place_of_a_proposal(settings, today):
    write(settings, expect("column_values_to_be_between", column="price", max_value=20, mostly=0.9))
    findings = Quality().run(context_of(today, settings), Options())
    finding = failed(findings)["quality:price:expect_column_values_to_be_between"]
    assert finding.verdict is Verdict.ALERT
    assert finding.value == pytest.approx((today["price"] > 20).mean())
    assert finding.limit == pytest.approx(0.1)
    assert finding.message.endswith("of the values of price break the rule “values to be at most 20”.")
    assert count(findings) == (0, 1)
    assert "orders.json" in findings[-1].message


def test_a_failed_suite_makes_an_incident(settings, today):
    write(settings, expect("column_values_to_be_between", column="price", max_value=20))
    context = context_of(today, settings)
    assessment = weigh(context.batch, run_group(context, "data"))
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.DATA_CORRUPTION)


def test_a_single_failed_rule_on_a_type_is_not_taken_for_its_own_explanation(settings, today):
    write(settings, expect("column_values_to_be_of_type", column="age", type_="str"))
    context = context_of(today, settings)
    assessment = weigh(context.batch, run_group(context, "data"))
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.SCHEMA_CHANGE)
    assert assessment.finding_keys == ("quality:age:expect_column_values_to_be_of_type",)


def test_a_lost_column_is_told_once(settings, today):
    write(settings, expect("column_to_exist", column="age"), expect("column_values_to_not_be_null", column="age"))
    context = context_of(today.drop(columns="age"), settings)
    assessment = weigh(context.batch, run_group(context, "data"))
    assert assessment.cause is Cause.SCHEMA_CHANGE
    assert assessment.finding_keys == ("schema:age:missing_column",)


def test_the_spec_may_name_the_suite(settings, today):
    write(settings, expect("column_to_exist", column="age"), name="strict.json")
    assert count(Quality().run(context_of(today, settings, quality="strict.json"), Options())) == (1, 1)
    with pytest.raises(SpecError, match=r"strict\.json"):
        Quality().run(context_of(today, settings, quality="strickt.json"), Options())


def test_the_severity_of_an_expectation_is_its_own(settings, today):
    strict = expect("column_max_to_be_between", column="age", max_value=20)
    write(settings, {**strict, "severity": "warning"})
    finding = failed(Quality().run(context_of(today, settings), Options()))[
        "quality:age:expect_column_max_to_be_between"
    ]
    assert finding.verdict is Verdict.WATCH
    assert finding.value == today["age"].max()


@pytest.mark.parametrize(
    ("expectation", "subject", "cause"),
    [
        (expect("table_row_count_to_be_between", min_value=1000), "batch", Cause.VOLUME_ANOMALY),
        (expect("table_column_count_to_equal", value=3), "batch", Cause.SCHEMA_CHANGE),
        (expect("column_values_to_be_of_type", column="age", type_="str"), "age", Cause.SCHEMA_CHANGE),
        (expect("column_values_to_not_be_null", column="nowhere"), "nowhere", Cause.SCHEMA_CHANGE),
        (expect("column_values_to_be_unique", column="country"), "country", Cause.DATA_CORRUPTION),
        (
            expect("column_pair_values_a_to_be_greater_than_b", column_A="price", column_B="age"), "price",
            Cause.DATA_CORRUPTION,
        ),
    ],
)  # fmt: skip
def test_what_an_expectation_is_about_says_what_is_wrong(settings, today, expectation, subject, cause):
    write(settings, expectation)
    (finding,) = failed(Quality().run(context_of(today, settings), Options())).values()
    assert (finding.subject, finding.suggests, finding.verdict) == (subject, (cause,), Verdict.ALERT)


def test_two_expectations_of_one_kind_on_one_column_are_two_findings(settings, today):
    kind = "column_values_to_be_between"
    write(settings, expect(kind, column="age", max_value=20), expect(kind, column="age", min_value=80))
    assert set(failed(Quality().run(context_of(today, settings), Options()))) == {
        "quality:age:expect_column_values_to_be_between",
        "quality:age:expect_column_values_to_be_between_2",
    }


def test_an_expectation_that_cannot_be_evaluated_is_not_passed(settings, today):
    write(settings, expect("column_values_to_be_between", column="country", min_value=3))
    context = context_of(today, settings)
    finding = failed(Quality().run(context, Options()))["quality:country:error"]
    assert finding.verdict is Verdict.UNKNOWN
    assert weigh(context.batch, run_group(context, "data")).outcome == "watch"


def test_expectations_of_the_spec_replace_those_of_the_suite(settings, today):
    write(
        settings,
        expect("column_values_to_be_between", column="age", max_value=20),
        expect("column_to_exist", column="price"),
    )
    accepted = {"age_range": expect("column_values_to_be_between", column="age", max_value=90)}
    findings = Quality().run(context_of(today, settings, quality={"expectations": accepted}), Options())
    assert failed(findings) == {}
    assert count(findings) == (2, 2)


def test_suites_of_older_versions_are_read(settings):
    old = {"expectation_type": "expect_column_to_exist", "kwargs": {"column": "age"}}
    write(settings, old)
    suite = read_suite(settings.content / "expectations" / "orders.json")
    assert suite["expectations"][0]["type"] == "expect_column_to_exist"


BROKEN = {
    "no JSON": ("{", "cannot be read as JSON"),
    "no list": ('{"expectation": []}', "no list of expectations"),
    "no kwargs": ('{"expectations": [{"type": "expect_column_to_exist"}]}', "expectation 1 lacks"),
    "no such expectation": (
        json.dumps({"expectations": [expect("column_too_exist", column="age")]}), "expect_column_to_exist",
    ),
    "a wrong argument": (
        json.dumps({"expectations": [expect("column_to_exist", colum="age")]}), "colum",
    ),
    "an impossible argument": (
        json.dumps({"expectations": [expect("column_values_to_not_be_null", column="age", mostly=3)]}), "mostly",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_suite_is_a_clear_error_and_never_passed(name, settings, today):
    text, said = BROKEN[name]
    (settings.content / "expectations" / "orders.json").write_text(text)
    context = context_of(today, settings)
    with pytest.raises(SpecError, match=said):
        Quality().run(context, Options())
    finding = next(finding for finding in run_group(context, "data") if finding.check == "quality")
    assert finding.verdict is Verdict.UNKNOWN
    assert said in finding.message
    (settings.content / "orders.yaml").write_text(json.dumps(RAW))
    assert any(said in problem for problem in spec_problems(settings.content / "orders.yaml", settings))


def test_a_proposal_can_be_switched_off(settings, today):
    assert Quality().run(context_of(today, settings), Options(propose=False)) == []


def test_nothing_is_written_to_the_log_or_the_terminal(settings, today, caplog, capfd):
    with caplog.at_level(logging.INFO):
        Quality().run(context_of(today.drop(columns="age"), settings), Options())
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_what_needs_all_rows_is_not_judged_on_a_sample(settings, today):
    write(
        settings,
        expect("table_row_count_to_equal", value=200),
        expect("column_max_to_be_between", column="age", max_value=0),
    )
    whole = context_of(today, settings)
    part = replace(whole, frame=today.iloc[::4], sampled=True)
    assert "quality:batch:expect_table_row_count_to_equal" not in failed(Quality().run(whole, Options()))
    by_key = failed(Quality().run(part, Options()))
    assert by_key["quality:batch:expect_table_row_count_to_equal"].verdict is Verdict.UNKNOWN
    assert by_key["quality:age:expect_column_max_to_be_between"].verdict is Verdict.ALERT
    assert by_key["quality:age:expect_column_max_to_be_between"].sample_size == 50


def test_the_next_month_is_no_broken_value(settings):
    spec = parse_spec({**RAW, "features": {"numeric": ["price"], "categorical": ["weekday"]}})
    rows = orders(1, 0, 20).assign(weekday=lambda frame: frame["at"].dt.day_name())
    reference = build_reference(spec, rows[rows["weekday"] != "Sunday"])
    kinds = {
        (expectation["type"], expectation["kwargs"]["column"])
        for expectation in propose_suite(reference)["expectations"]
    }
    assert ("expect_column_to_exist", "weekday") in kinds
    assert ("expect_column_values_to_be_in_set", "weekday") not in kinds


def test_an_infinite_value_breaks_its_own_rule_and_no_other(settings, today):
    write(
        settings,
        expect("column_max_to_be_between", column="price", max_value=1000),
        expect("column_values_to_be_between", column="age", max_value=20),
        expect("column_to_exist", column="country"),
    )
    infinite = today.assign(price=today["price"].mask(np.arange(len(today)) == 3, np.inf))
    findings = Quality().run(context_of(infinite, settings), Options())
    by_key = failed(findings)
    assert {(finding.subject, finding.verdict) for finding in by_key.values()} == {
        ("price", Verdict.ALERT), ("age", Verdict.ALERT),
    }  # fmt: skip
    largest = by_key["quality:price:expect_column_max_to_be_between"]
    assert largest.message == "price breaks the rule “max to be at most 1,000”: found infinity."
    assert largest.value is None
    assert count(findings) == (1, 3)


@pytest.mark.parametrize(
    "rule",
    [
        expect("column_pair_values_to_be_in_set", column_A="country", column_B="age", value_pairs_set=[["de", 47]]),
        expect("compound_columns_to_be_unique", column_list=["country", "age"]),
        expect(
            "column_values_to_be_in_set", column="country", value_set=["de"],
            row_condition={"type": "comparison", "column": {"name": "age"}, "operator": "==", "parameter": 47},
        ),
    ],
)  # fmt: skip
def test_an_expectation_that_touches_a_private_column_is_private_with_all_it_says(settings, today, rule):
    write(settings, rule)
    rows = pd.concat([today.assign(age=47.0, country="fr")] * 2)
    (finding,) = failed(Quality().run(context_of(rows, settings, private=["age"]), Options())).values()
    assert (finding.verdict, finding.subject) == (Verdict.ALERT, "age")
    (finding,) = failed(Quality().run(context_of(rows, settings), Options())).values()
    assert finding.subject == "country"


def test_an_expectation_of_the_table_s_columns_is_no_secret_of_one_of_them(settings, today):
    write(settings, expect("table_columns_to_match_set", column_set=["price", "age"]))
    (finding,) = failed(Quality().run(context_of(today, settings, private=["age"]), Options())).values()
    assert (finding.verdict, finding.subject) == (Verdict.ALERT, "price")
