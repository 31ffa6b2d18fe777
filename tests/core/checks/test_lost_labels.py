"""Labels of other rows leave nothing of the relation to the answers, at any share of positives and with any classes."""

import numpy as np
import pandas as pd
import pytest

from airmedic_core.measures.relation import relation
from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause
from airmedic_core.spec import parse_spec

DAYS = 30


def rows(share: float, rows_a_day: int, first: int, days: int, slope: float = 2.0) -> pd.DataFrame:
    """Return rows whose logged risk follows an input, and whose labels follow the risk with a slope."""
    rng = np.random.default_rng(first)
    count = rows_a_day * days
    x, odds = rng.normal(size=count), np.log(share / (1 - share))
    minutes = np.tile(np.linspace(0, 1439, rows_a_day).round(), days)
    at = pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(
        np.repeat(np.arange(first, first + days), rows_a_day), "D"
    )
    return pd.DataFrame(
        {
            "at": at + pd.to_timedelta(minutes, "min"),
            "x": x,
            "other": rng.normal(size=count),
            "score": 1 / (1 + np.exp(-(odds + 2.0 * x))),
            "y": (rng.random(count) < 1 / (1 + np.exp(-(odds + slope * x)))).astype(int),
        }
    )


def check(reference: pd.DataFrame, current: pd.DataFrame) -> PairCheck:
    spec = parse_spec(
        {
            "name": "rare",
            "task": "binary",
            "target": "y",
            "data": {"path": "rare.parquet", "time_column": "at"},
            "features": {"numeric": ["x", "other"], "categorical": []},
            "prediction": {"score": "score"},
            "window": {"every": "day", "min_rows": 100},
        }
    )
    return check_pair(spec, reference, current)


def permuted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(y=np.random.default_rng(9).permutation(frame["y"].to_numpy()))


def conditions_of_training(answer: PairCheck) -> list[str]:
    return [action.condition for action in answer.recommended if action.action == "retrain"]


@pytest.mark.parametrize(("share", "rows_a_day"), [(0.005, 4000), (0.02, 2000), (0.15, 1000)])
def test_nothing_is_learned_at_once_from_labels_of_other_rows(share: float, rows_a_day: int) -> None:
    reference = rows(share, rows_a_day, 0, DAYS)
    answer = check(reference, permuted(rows(share, rows_a_day, DAYS, 1)))

    assert answer.assessment.cause is Cause.CONCEPT_DRIFT
    assert ["belong to their rows" in condition for condition in conditions_of_training(answer)] == [True]
    assert answer.recommended[0].action == "escalate"


@pytest.mark.parametrize("slope", [0.9, -1.0])
@pytest.mark.parametrize(("share", "rows_a_day"), [(0.02, 4000), (0.15, 2000)])
def test_a_relation_that_is_weaker_or_turned_is_not_taken_for_lost_labels(
    share: float, rows_a_day: int, slope: float
) -> None:
    answer = check(rows(share, rows_a_day, 0, DAYS), rows(share, rows_a_day, DAYS, 1, slope))

    assert answer.assessment.cause is Cause.CONCEPT_DRIFT
    assert not ["belong to their rows" for condition in conditions_of_training(answer) if "belong" in condition]


@pytest.mark.parametrize("lost", [True, False])
def test_labels_of_three_classes_that_belong_to_other_rows_are_no_lesson(*, lost: bool) -> None:
    def told(seed: int, first: int, days: int, certain: float = 1.0) -> pd.DataFrame:
        frame = rows(0.15, 1000, first, days)
        rng = np.random.default_rng(seed)
        logits = np.column_stack([np.full(len(frame), 1.0), 2 * frame["x"], 2 * frame["other"] - 1])
        shown, true = (np.exp(part * logits) for part in (1.0, certain))
        shown, true = (part / part.sum(axis=1, keepdims=True) for part in (shown, true))
        frame["y"] = (rng.random(len(frame))[:, None] > true.cumsum(axis=1)).sum(axis=1).clip(0, 2)
        return frame.drop(columns="score").assign(**{f"score_{place}": shown[:, place] for place in range(3)})

    spec = parse_spec(
        {
            "name": "kinds",
            "task": "multiclass",
            "target": "y",
            "data": {"path": "kinds.parquet", "time_column": "at"},
            "features": {"numeric": ["x", "other"], "categorical": []},
            "prediction": {"score": "score"},
            "window": {"every": "day", "min_rows": 100},
        }
    )
    today = permuted(told(2, DAYS, 1)) if lost else told(2, DAYS, 1, 0.35)
    answer = check_pair(spec, told(1, 0, DAYS), today)

    assert answer.assessment.cause is Cause.CONCEPT_DRIFT
    assert ["belong to their rows" in condition for condition in conditions_of_training(answer)] == [lost]


def test_three_classes_have_a_relation_that_can_be_lost() -> None:
    rng = np.random.default_rng(3)
    labels = rng.choice(3, 1500, p=[0.7, 0.25, 0.05]).astype(float)
    logits = rng.normal(size=(1500, 3)) + 1.5 * np.eye(3)[labels.astype(int)]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    usual, other = relation("multiclass", labels, scores), relation("multiclass", rng.permutation(labels), scores)
    turned = relation("multiclass", labels, scores[:, [1, 0, 2]])

    # Each class lies 1.5 standard deviations higher on its own axis, and a half of that is seen in the others' too.
    assert usual.strength > 0.6
    assert abs(other.strength) < other.by_chance < 0.1
    assert turned.strength < -turned.by_chance


@pytest.mark.parametrize("share", [0.005, 0.02, 0.15, 0.5])
def test_the_strength_of_a_relation_does_not_depend_on_how_rare_a_class_is(share: float) -> None:
    rng = np.random.default_rng(1)
    labels = (np.arange(40_000) < share * 40_000).astype(float)
    strength = relation("binary", labels, rng.normal(size=40_000) + labels).strength

    # Two normal distributions one standard deviation apart: an area of Φ(1 / √2) = 0.760.
    assert strength == pytest.approx(2 * 0.760 - 1, abs=0.06)
