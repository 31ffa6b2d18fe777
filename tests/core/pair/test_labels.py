"""Labels that can be used, and what is said of those that cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from airmedic_core.errors import MissingColumnError, SourceError, SpecError
from airmedic_core.pair import check_pair
from airmedic_core.pair.labels import compare_labels, refuse_no_target
from airmedic_core.records import Cause, Verdict
from airmedic_core.spec import ModelSpec, parse_spec


def _spec(task: str, **more: object) -> ModelSpec:
    data = {"path": "rows.csv", "time_column": "at"}
    return parse_spec({"name": "m", "task": task, "target": "label", "data": data, **more})


def _labels(*values: object, rows: int = 100) -> pd.DataFrame:
    return pd.DataFrame({"label": [values[row % len(values)] for row in range(rows)]})


def test_a_target_that_neither_has_is_an_error_that_names_the_closest() -> None:
    rows = pd.DataFrame({"labels": [0, 1]})
    with pytest.raises(MissingColumnError, match="Did you mean 'labels'"):
        refuse_no_target(_spec("binary"), rows, rows)


@pytest.mark.parametrize(
    ("spec", "labels", "error", "text"),
    [
        (_spec("regression"), ("low", "high"), SourceError, "holds text in the reference, such as 'high', 'low'"),
        (_spec("binary"), (1, 2, 3, 4, 5), SourceError, "has 5 values in the reference, such as '1', '2', '3', …"),
        (_spec("binary", positive="left"), ("yes", "no"), SpecError, "'left' is not a value of 'label'"),
    ],
)
def test_a_reference_whose_labels_are_none_of_the_task_is_an_error(
    spec: ModelSpec, labels: tuple[object, ...], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        compare_labels(spec, _labels(*labels), _labels(*labels))


@pytest.mark.parametrize(
    ("task", "before", "now", "share"),
    [
        ("binary", (0, 1), ("yes", "no"), 1.0),
        ("binary", (0, 1), (0, 1, 1, 9), 0.25),
        ("multiclass", ("a", "b", "c"), ("a", "B"), 0.5),
        ("regression", (1.5, 2.5), (1.5, "2,5"), 0.5),
    ],
)
def test_labels_that_the_reference_does_not_know_are_a_change(
    task: str, before: tuple[object, ...], now: tuple[object, ...], share: float
) -> None:
    [finding] = compare_labels(_spec(task), _labels(*before), _labels(*now))
    assert (finding.verdict, finding.value) == (Verdict.ALERT, pytest.approx(share))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((0, 1), (0.0, 1.0, None)),
        # A class that the reference did not happen to hold.
        ((0,), (0, 1)),
        ((0, 1), (None,)),
        ((None,), (0, 1)),
    ],
)
def test_the_same_labels_are_none(before: tuple[object, ...], now: tuple[object, ...]) -> None:
    assert compare_labels(_spec("binary"), _labels(*before), _labels(*now)) == []


def test_labels_in_other_words_are_not_healthy() -> None:
    rng = np.random.default_rng(0)
    at = pd.date_range("2026-01-01", periods=20 * 96, freq="15min")
    rows = pd.DataFrame({"at": at.astype(str), "a": rng.normal(size=len(at)), "label": rng.integers(0, 2, len(at))})
    reference, current = rows[: 19 * 96], rows[19 * 96 :]
    result = check_pair(_spec("binary"), reference, current.assign(label=current["label"].map({0: "no", 1: "yes"})))
    assert (result.assessment.outcome, result.assessment.cause) == ("incident", Cause.SCHEMA_CHANGE)
    assert "'no', 'yes' where '0', '1'" in result.assessment.headline


def test_more_classes_than_can_be_compared_are_an_error() -> None:
    with pytest.raises(SourceError, match=r"has 201 values in the reference, .*at most 200 can be compared"):
        compare_labels(_spec("multiclass"), _labels(*map(str, range(201)), rows=402), _labels("1"))


def _outcomes(days: int, start: str, seed: int) -> pd.DataFrame:
    """200 rows a day whose label follows one of two numbers in nine of ten."""
    rng = np.random.default_rng(seed)
    count = 200 * days
    a, b = rng.normal(size=(2, count))
    at = pd.Timestamp(start) + pd.to_timedelta(np.arange(count) * 432, unit="s")
    return pd.DataFrame({"at": at, "a": a, "b": b, "label": np.where(rng.random(count) < 0.9, a > 0, a <= 0) * 1})


@pytest.mark.parametrize("kind", [float, bool, str])
def test_inverted_labels_are_a_loss_whatever_their_type(kind: type) -> None:
    """One label in a hundred is missing in the reference, so that whole numbers are read as floats there."""
    before, now = _outcomes(20, "2026-01-01", 0), _outcomes(2, "2026-01-21", 1)
    before["label"] = before["label"].where(np.arange(len(before)) % 100 != 0)
    same = check_pair(_spec("binary"), before, now.assign(label=now["label"].astype(kind)))
    assert same.assessment.outcome == "healthy"
    assert any(finding.check == "performance" and finding.sample_size == len(now) for finding in same.findings)
    inverted = check_pair(_spec("binary"), before, now.assign(label=(1 - now["label"]).astype(kind)))
    # The relation is exactly the other way round: that is the labels, and nothing to learn from.
    assert inverted.assessment.cause is Cause.DATA_CORRUPTION
    assert not [action for action in inverted.recommended if action.action == "retrain"]


def test_classes_under_each_others_names_are_told_from_a_relation_that_weakened() -> None:
    before, now = _outcomes(20, "2026-01-01", 0), _outcomes(2, "2026-01-21", 1)
    for rows in (before, now):
        # Three classes: the third where the other number is large.
        rows["label"] = rows["label"].where(rows["b"] < 1, 2)
    exchanged = check_pair(_spec("multiclass"), before, now.assign(label=now["label"].replace({0: 2, 2: 0})))
    [finding] = [finding for finding in exchanged.findings if finding.statistic == "relabelled"]
    assert finding.value == 2
    weaker = now["label"].where(np.random.default_rng(2).random(len(now)) < 0.4, 1)
    for labels in (now["label"], weaker):
        result = check_pair(_spec("multiclass"), before, now.assign(label=labels))
        assert not [finding for finding in result.findings if finding.statistic == "relabelled"]


def test_a_relation_that_turned_round_in_one_input_alone_is_concept_drift() -> None:
    """The share of positives stays, and half of the relation."""
    rng = np.random.default_rng(5)

    def rows(days: int, start: str, sign: int) -> pd.DataFrame:
        count = 200 * days
        a, b = rng.normal(size=(2, count))
        at = pd.Timestamp(start) + pd.to_timedelta(np.arange(count) * 432, unit="s")
        label = rng.random(count) < 1 / (1 + np.exp(-(1.5 * a + sign * 1.5 * b - 0.7)))
        return pd.DataFrame({"at": at, "a": a, "b": b, "label": label.astype(int)})

    result = check_pair(_spec("binary"), rows(20, "2026-01-01", 1), rows(3, "2026-01-21", -1))
    assert result.assessment.cause is Cause.CONCEPT_DRIFT


def test_a_boolean_target_with_blanks_is_healthy() -> None:
    before, now = _outcomes(20, "2026-01-01", 0), _outcomes(2, "2026-01-21", 1)
    for rows in (before, now):
        rows["label"] = pd.Series([bool(label) for label in rows["label"]], dtype=object).where(
            rows.index % 20 != 0, None
        )
    assert check_pair(_spec("binary"), before, now).assessment.outcome == "healthy"


def test_infinite_values_of_a_regression_are_not_fitted() -> None:
    before, now = _outcomes(20, "2026-01-01", 0), _outcomes(2, "2026-01-21", 1)
    before, now = (rows.assign(label=rows["a"] + rows["b"]) for rows in (before, now))
    before.loc[before.index % 50 == 0, "label"] = np.inf
    assert check_pair(_spec("regression"), before, now).assessment.outcome == "healthy"


def _partly_turned(strength: float, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows whose label follows one input, and 144 in which it follows the other way round, by another strength."""
    rng = np.random.default_rng(seed)

    def rows(count: int, start: str, slope: float) -> pd.DataFrame:
        a, b = rng.normal(size=(2, count))
        at = pd.Timestamp(start) + pd.to_timedelta(np.arange(count) * 600, unit="s")
        label = rng.random(count) < 1 / (1 + np.exp(-slope * a))
        return pd.DataFrame({"at": at, "a": a, "b": b, "label": label.astype(int)})

    return rows(2880, "2026-01-01", 4.0), rows(144, "2026-01-21", -strength)


def test_a_relation_that_turned_round_in_part_is_no_exchange_of_classes() -> None:
    """On few rows a part of the loss looks like all of it; what was given back says which is likelier."""
    for strength, exchanged in ((1.5, False), (4.0, True)):
        result = check_pair(_spec("binary"), *_partly_turned(strength))
        assert any(finding.statistic == "relabelled" for finding in result.findings) is exchanged


def test_answers_that_are_all_the_same_tell_no_classes_apart() -> None:
    before, now = _outcomes(20, "2026-01-01", 0), _outcomes(2, "2026-01-21", 1)
    before["said"] = (before["a"] > 0).astype(int)
    # Most labels are 0, so that the answer 1 under the other name would be right more often.
    now = now[(now["label"] == 0) | (now.index % 4 == 0)]
    result = check_pair(_spec("binary", prediction={"label": "said"}), before, now.assign(said=1))
    assert "scores:batch:constant" in [finding.key for finding in result.findings]
    assert not [finding for finding in result.findings if finding.statistic == "relabelled"]
    assert result.assessment.outcome == "incident"


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize(("where", "side"), [("the reference", 0), ("the rows in question", 1)])
def test_a_target_of_lists_is_an_error_that_says_so(task: str, where: str, side: int) -> None:
    sides = [_labels(0, 1), _labels(1, 0)]
    sides[side] = _labels([0], [1, 2])
    with pytest.raises(SourceError, match=f"holds lists or mappings in {where}, such as"):
        compare_labels(_spec(task), *sides)
