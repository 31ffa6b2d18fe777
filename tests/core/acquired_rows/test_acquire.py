"""Made rows, held against a relation that is known because the rows here follow it without noise."""

import re

import numpy as np
import pandas as pd
import pytest

from airmedic_core.acquired_rows import MARK, acquire, require_same_relation
from airmedic_core.acquired_rows.acquire import ORIGIN
from airmedic_core.acquired_rows.interpolate import density_ratios, interpolated
from airmedic_core.acquired_rows.space import Space
from airmedic_core.causes import Cause
from airmedic_core.errors import TrainingError
from airmedic_core.inputs import Inputs
from airmedic_core.spec import ModelSpec, parse_spec

INPUTS = Inputs.of(["usage", "weekday"], ["plan", "region"])


def spec_for(task: str) -> ModelSpec:
    data = {"path": "rows.parquet", "time_column": "at"}
    return parse_spec({"name": "renewals", "task": task, "target": "outcome", "data": data})


def rows(count: int, *, middle: float, seed: int) -> pd.DataFrame:
    """Return rows whose outcome is 1 where usage and weekday add up to more than 3."""
    random = np.random.default_rng(seed)
    usage, weekday = random.normal(middle, 1.0, count), random.integers(0, 7, count)
    plan = np.where(weekday > 2, "year", "flex")
    return pd.DataFrame(
        {
            "at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(np.arange(count), unit="h"),
            "usage": usage,
            "weekday": weekday,
            # Of the four pairs of a plan and a region, only these two occur.
            "plan": plan,
            "region": np.where(plan == "year", "north", "south"),
            "outcome": (usage + weekday > 3).astype(int),
        }
    )


def acquired(task: str = "binary", **more: object) -> pd.DataFrame:
    labelled, moved = rows(1500, middle=0.0, seed=1), rows(400, middle=1.5, seed=2)
    if task == "regression":
        labelled["outcome"] = labelled["usage"] * 10.0 + labelled["weekday"]
    return acquire(spec_for(task), INPUTS, labelled, moved.drop(columns="outcome"), count=300, **more).frame  # type: ignore[arg-type]


def test_labels_are_those_of_the_true_relation() -> None:
    made = acquired()
    assert len(made) > 150
    truth = (made["usage"] + made["weekday"] > 3).astype(int)
    # Both teachers are at least 80 % sure of each label, so that even two that are no surer are right more often.
    assert (made["outcome"] == truth).mean() > 0.95
    assert made["outcome"].dtype == np.int64
    assert set(made[ORIGIN]) <= {"neighbours", "teachers"}


def test_numbers_are_labelled_too() -> None:
    made = acquired("regression")
    assert len(made) > 150
    error = (made["outcome"] - made["usage"] * 10 - made["weekday"]).abs()
    # Two that agree lie within a quarter of the target's standard deviation, the root of 10² (usage) and 2² (weekday).
    assert error.mean() < 104**0.5 / 4


def test_rows_lie_where_the_inputs_have_moved_to_and_are_marked() -> None:
    made = acquired()
    assert made[MARK].all()
    assert made["usage"].mean() > 1.2  # the moved rows lie at 1.5, the labelled ones at 0


def test_nothing_is_invented() -> None:
    moved = rows(400, middle=1.5, seed=2)
    made = acquired()
    pairs = {("year", "north"), ("flex", "south")}
    assert set(zip(made["plan"], made["region"], strict=True)) == pairs
    assert set(zip(made["weekday"], made["plan"], strict=True)) <= set(
        zip(moved["weekday"], moved["plan"], strict=True)
    )
    assert made["usage"].between(moved["usage"].min(), moved["usage"].max()).all()
    assert not set(made["usage"]) <= set(moved["usage"]), "nothing is interpolated"


def test_the_same_seed_makes_the_same_rows_and_another_one_others() -> None:
    pd.testing.assert_frame_equal(acquired(seed=3), acquired(seed=3))
    assert not acquired(seed=3).equals(acquired(seed=4))


def test_labels_of_the_moved_rows_are_not_looked_at() -> None:
    labelled, moved = rows(1500, middle=0.0, seed=1), rows(400, middle=1.5, seed=2)
    wrong = moved.assign(outcome=1 - moved["outcome"])
    with_wrong = acquire(spec_for("binary"), INPUTS, labelled, wrong, count=300).frame
    pd.testing.assert_frame_equal(with_wrong[acquired().columns], acquired(), check_like=True)


def test_labels_that_say_nothing_on_real_rows_are_refused() -> None:
    labelled = rows(1500, middle=0.0, seed=1)
    labelled["outcome"] = np.random.default_rng(0).integers(0, 2, len(labelled))
    with pytest.raises(TrainingError, match="say too little"):
        acquire(spec_for("binary"), INPUTS, labelled, rows(400, middle=1.5, seed=2), count=300)


@pytest.mark.parametrize(("labelled", "moved"), [(99, 400), (1500, 29)])
def test_too_few_rows_are_refused(labelled: int, moved: int) -> None:
    with pytest.raises(TrainingError, match="too few"):
        acquire(spec_for("binary"), INPUTS, rows(labelled, middle=0, seed=1), rows(moved, middle=1, seed=2), count=10)


def test_rows_far_from_all_labelled_ones_get_no_label_of_neighbours() -> None:
    labelled, moved = rows(1500, middle=0.0, seed=1), rows(400, middle=30.0, seed=2)
    made = acquire(spec_for("binary"), INPUTS, labelled, moved, count=300)
    assert made.labelled_by["neighbours"] == 0


def test_a_missing_number_stays_missing_and_a_missing_category_too() -> None:
    moved = rows(200, middle=1.0, seed=5)
    moved.loc[:99, "usage"] = np.nan
    moved.loc[100:, "region"] = None
    space = Space.of(INPUTS.prepare(rows(500, middle=0.0, seed=1)), INPUTS)
    made = interpolated(moved, INPUTS, space, np.ones(200), count=400, seed=0)
    assert (made["usage"].isna() == made["region"].notna()).all()


def test_a_ratio_of_densities_is_that_of_the_normal_densities() -> None:
    # p(x) of N(1, 1) over that of N(0, 1) is exp(x - 1/2).
    random = np.random.default_rng(0)
    labelled, moved = random.normal(0, 1, (4000, 1)), random.normal(1, 1, (4000, 1))
    ratios = density_ratios(labelled, moved, seed=0)
    expected = np.minimum(np.exp(moved[:, 0] - 0.5), 20.0)
    assert np.corrcoef(ratios, expected)[0, 1] > 0.99
    assert ratios.mean() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "cause", [Cause.CONCEPT_DRIFT, Cause.LABEL_SHIFT, Cause.DATA_CORRUPTION, Cause.UNIT_CHANGE, Cause.UNKNOWN,
              Cause.BAD_DEPLOYMENT, Cause.ANOMALY_SPIKE, Cause.HEALTHY]
)  # fmt: skip
def test_where_the_relation_may_have_changed_nothing_is_acquired(cause: Cause) -> None:
    with pytest.raises(TrainingError, match=re.escape(cause.words)):
        require_same_relation(cause)
