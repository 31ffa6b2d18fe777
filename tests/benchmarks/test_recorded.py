"""Recorded answers: that they weigh as they did, what a rule gains and costs, and how confidence holds."""

from __future__ import annotations

import doctest
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

# These scripts import each other by name.
import labelled.confidence
from ablation import costly, effects, idle, idle_together, table
from airmedic_core.causes import Cause
from airmedic_core.records import Finding, Role, Verdict, to_json
from labelled.additive import CAUSES, features, fit
from labelled.answer import Answer
from labelled.assurance import assurances, candidates_of, fit_assurance
from labelled.confidence import brier, groups, miscalibration
from labelled.figures import Rate
from labelled.recorded import Recorded, cause_of, read, write
from learned_precedence import _left_out

BLANKS = Finding("corruption", "size", "null_fraction", Verdict.ALERT, effect=0.4, suggests=(Cause.DATA_CORRUPTION,),
                 role=Role.DATA_FAULT)  # fmt: skip
SCALE = Finding("units", "size", "converted_share", Verdict.ALERT, effect=0.4, suggests=(Cause.UNIT_CHANGE,),
                role=Role.DATA_FAULT)  # fmt: skip
CALM = Finding("volume", "batch", "rows", Verdict.OK)


def _recorded(
    name: str, *findings: Finding, accept: tuple[str, ...], domain: str = "shop", cause: str = ""
) -> Recorded:
    answer = Answer(
        case=name, collection="test", domain=domain, kind=accept[0], accept=accept, healthy=accept == ("healthy",),
        injected=False, harmful=True, about="", cause="healthy", alarm=False, suspected="",
        confidence=0.7, forbidden=(), decided_by=(), findings=tuple(map(to_json, findings)), seconds=0.1,
    )  # fmt: skip
    item = Recorded(answer, new_version=False)
    said = cause_of(item.weighed(findings))
    return replace(item, answer=replace(answer, cause=said, alarm=said != "healthy"))


def test_a_record_is_read_as_it_was_written(tmp_path) -> None:
    item = _recorded("blanks", BLANKS, CALM, accept=("data_corruption",))
    write(tmp_path / "recorded.jsonl", item)
    (back,) = read(tmp_path / "recorded.jsonl")
    assert back == item
    assert back.findings() == (BLANKS, CALM)


def test_where_nothing_is_recorded_a_program_says_so_and_ends(tmp_path, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        read(tmp_path / "nothing.jsonl")
    assert ended.value.code == 0
    assert "record_cases.py" in capsys.readouterr().out


def test_a_rule_gains_what_is_right_with_it_only_and_costs_what_is_right_without_it() -> None:
    by_rule = effects(
        [
            _recorded("blanks", BLANKS, CALM, accept=("data_corruption",)),
            _recorded("a false scale", SCALE, CALM, accept=("healthy",)),
            _recorded("quiet", CALM, accept=("healthy",)),
        ]
    )
    blanks, scale = by_rule["corruption", "null_fraction"], by_rule["units", "converted_share"]
    assert (blanks.gains, blanks.costs, blanks.detected, blanks.alerts) == (["blanks"], [], 1, 1)
    assert (scale.gains, scale.costs, scale.false_alarms) == ([], ["a false scale"], 1)
    assert idle(by_rule) == [("units", "converted_share")]
    assert by_rule["corruption", ""].pays == 1
    assert "| `corruption` null_fraction | 1 | 1 | 1 | 0 | 1 | 0 | healthy 1 |" in table(by_rule, whole_checks=False)
    assert costly(by_rule) == ["* `units` converted_share: healthy, 1"]


def test_of_two_rules_that_stand_in_for_each_other_one_can_be_left_out() -> None:
    again = replace(BLANKS, statistic="sentinel_fraction")
    records = [_recorded("twice", BLANKS, again, CALM, accept=("data_corruption",))]
    by_rule = effects(records)
    assert idle(by_rule) == [("corruption", "null_fraction"), ("corruption", "sentinel_fraction")]
    assert by_rule["corruption", "null_fraction"].alone == 0, "the other one says the same of the column"
    assert idle_together(records, by_rule) == [("corruption", "null_fraction")]


def test_groups_hold_answers_of_like_confidence() -> None:
    assert doctest.testmod(labelled.confidence).failed == 0
    (low, high) = groups([0.5, 0.5, 0.95, 0.95], [True, False, True, True])
    assert (low.stated, low.right) == (0.5, Rate(1, 2))
    assert (high.stated, high.right) == (0.95, Rate(2, 2))
    # By hand: (2 × |0.5 − 0.5| + 2 × |0.95 − 1|) / 4, and (0.25 + 0.25 + 0.0025 + 0.0025) / 4.
    assert miscalibration([0.5, 0.5, 0.95, 0.95], [True, False, True, True]) == pytest.approx(0.025)
    assert brier([0.5, 0.5, 0.95, 0.95], [True, False, True, True]) == pytest.approx(0.12625)


def test_the_model_gives_the_probability_of_cases_that_look_alike() -> None:
    rows = [features([BLANKS])] * 40
    accept = [("data_corruption",)] * 30 + [("stale_data",)] * 10
    (chances,) = fit(rows, accept, penalty=1e-6).probabilities(rows[:1])
    # The likelihood is largest at the shares themselves.
    assert chances[CAUSES.index("data_corruption")] == pytest.approx(0.75, abs=0.01)
    assert chances[CAUSES.index("stale_data")] == pytest.approx(0.25, abs=0.01)


def test_a_case_with_several_right_answers_asks_for_their_sum_only() -> None:
    rows = [features([BLANKS])] * 20
    (chances,) = fit(rows, [("data_corruption", "stale_data")] * 20, penalty=1e-4).probabilities(rows[:1])
    both = chances[[CAUSES.index("data_corruption"), CAUSES.index("stale_data")]]
    assert both.sum() > 0.99
    assert np.ptp(both) < 0.01


def test_a_domain_is_answered_by_a_model_of_the_others() -> None:
    quiet = [_recorded(f"quiet {at}", CALM, accept=("healthy",), domain=f"d{at % 3}") for at in range(12)]
    blanks = [_recorded(f"{at}", BLANKS, accept=("data_corruption",), domain=f"d{at % 3}") for at in range(12)]
    # In a domain of its own the same finding means something else, which no other domain can tell.
    other = [_recorded(f"other {at}", BLANKS, accept=("unit_change",), domain="other") for at in range(4)]
    records = [*quiet, *blanks, *other]
    said = _left_out(records, [features(item.findings()) for item in records])
    assert all(item.right for item in said[:24])
    assert not any(item.right for item in said[24:])


def test_each_cause_in_question_has_its_signs_and_its_truth() -> None:
    named, other, healthy = candidates_of(_recorded("both", BLANKS, SCALE, CALM, accept=("unit_change",)))
    assert (named.named, other.named, healthy.named) == (True, False, False)
    assert {named.right, other.right} == {True, False}
    assert healthy.signs["false alarm: alerts (log)"] == pytest.approx(np.log(3))
    assert not healthy.right


def test_assurance_is_the_share_of_answers_with_such_signs_that_were_right() -> None:
    right = candidates_of(_recorded("quiet", CALM, accept=("healthy",)))
    wrong = candidates_of(_recorded("missed", CALM, accept=("stale_data",)))
    weights = fit_assurance([*right * 300, *wrong * 100])
    # The likelihood is largest at the share itself.
    assert assurances(weights, right)[0] == pytest.approx(0.75, abs=0.01)
