"""The labelled cases of the benchmark: that they can be drawn, are kept apart, and that their truth can fail."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from airmedic_core.records import Cause
from airmedic_core.spec import parse_spec

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "incidents"))

# These scripts import each other by name.
from case import SOURCES, Case, make_case
from cases import all_cases
from faults import exchange_labels, nothing, nulls, resample
from heldout_populations import HELDOUT_POPULATIONS
from oracle import GENERATED
from populations import DATA, REAL, Population
from truth import verify
from unknowable import UNKNOWABLE
from unseen_populations import UNSEEN_POPULATIONS
from unseen_slices import UNSEEN_SLICES

CASES = all_cases()
HELD_OUT = [case for case in CASES if case.split == "heldout"]
UNSEEN = [case for case in CASES if case.split == "unseen"]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small models take several times as long where their threads wait for a busy machine."""
    with threadpool_limits(1):
        yield


def test_no_name_is_in_two_splits_or_twice_in_one() -> None:
    assert [name for name, times in Counter(case.name for case in CASES).items() if times > 1] == []


def test_every_label_is_a_cause_of_the_closed_list() -> None:
    assert {cause for case in CASES for cause in case.accept} <= {str(cause) for cause in Cause}


@pytest.mark.parametrize("cases", [HELD_OUT, UNSEEN], ids=["heldout", "unseen"])
def test_cases_cover_every_cause(cases: list[Case]) -> None:
    assert {cause for case in cases for cause in case.accept} == {str(cause) for cause in Cause}
    assert sum(case.healthy for case in cases) >= 50
    assert sum(case.healthy and case.spec["name"] in REAL for case in cases) >= 20
    assert sum(not case.healthy for case in cases) >= 60


@pytest.mark.parametrize(
    ("split", "own"), [("heldout", HELDOUT_POPULATIONS), ("unseen", UNSEEN_POPULATIONS | UNSEEN_SLICES)]
)
def test_populations_of_a_split_are_in_no_other(split: str, own: dict[str, Population]) -> None:
    others = {case.population for case in CASES if case.split != split}
    assert others.isdisjoint(own)


def test_cases_that_nobody_can_know_claim_a_loss() -> None:
    for split, names in UNKNOWABLE.items():
        assert {case.name for case in CASES if case.split == split and case.harmful} >= names


# A gap of no time at all makes a payment's dispute certain.
@pytest.mark.filterwarnings("ignore:divide by zero encountered in log:RuntimeWarning")
@pytest.mark.parametrize("population", sorted(GENERATED & {case.population for case in HELD_OUT + UNSEEN}))
def test_generated_cases_build(population: str) -> None:
    for case in HELD_OUT + UNSEEN:
        if case.population == population and not case.name.endswith("#h1"):
            _builds(case)


@pytest.mark.skipif(not DATA.exists(), reason="AIRMEDIC_DATA does not say where the real data are")
def test_real_cases_build() -> None:
    for case in HELD_OUT + UNSEEN:
        if case.population not in GENERATED:
            _builds(case)


def test_a_case_is_the_same_each_time() -> None:
    case = next(case for case in HELD_OUT if case.name == "loans/income defaults to its mean in 40 %")
    pd.testing.assert_frame_equal(case.build()[1], case.build()[1])


def _builds(case: Case) -> None:
    parse_spec(case.spec)
    reference, current = case.build()
    assert len(current) > 0, case.name
    if not case.name.endswith("as it was"):  # those deliver old rows under their old times
        assert reference["time"].max() < current["time"].min(), case.name


@pytest.mark.parametrize(
    ("fault", "label", "harmful", "holds"),
    [
        (exchange_labels("defaulted", lambda rows: rows["age"] > 0, 1.0), "concept_drift", True, True),
        (nothing(), "concept_drift", True, False),
        (nothing(), "harmless_covariate_shift", False, False),
        (resample(lambda rows: 1.0 + 9 * (rows["age"] > 55)), "harmless_covariate_shift", False, True),
        (resample(lambda rows: 1.0 + 9 * (rows["credit_score"] < 600)), "harmless_covariate_shift", False, False),
        (nothing(), "data_corruption", True, False),
        (nulls("income", 0.2), "data_corruption", True, True),
        (nothing(), "volume_anomaly", True, False),
        (nothing(), "healthy", False, True),
        (nulls("income", 0.2), "healthy", False, False),
    ],
)  # fmt: skip
def test_a_label_holds_only_where_the_rows_bear_it_out(fault, label, harmful, holds) -> None:
    case = make_case("loans", f"{label} that is {holds}", fault, label, split="heldout", harmful=harmful)
    assert verify(case).holds is holds


def test_loans_have_a_week_and_an_instalment_that_follows_from_its_terms() -> None:
    rows, _ = SOURCES["loans"].draw(np.random.default_rng(0), 400, 28, "day")
    by_weekday = rows.groupby(rows["time"].dt.weekday).size()
    assert by_weekday[[5, 6]].max() < by_weekday[[0, 1, 2, 3, 4]].min()
    monthly = rows["rate"] / 1200
    paid_back = rows["instalment"] * (1 - (1 + monthly) ** -rows["term_months"]) / monthly
    np.testing.assert_allclose(paid_back, rows["amount"], rtol=1e-3)
