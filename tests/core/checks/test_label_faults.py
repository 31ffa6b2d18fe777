"""Labels that are exchanged, turned round or those of other rows: faults of the labels, and nothing to learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from airmedic_core.assess import weigh
from airmedic_core.causes import Severity
from airmedic_core.checks import options_for
from airmedic_core.checks.concept import Concept
from airmedic_core.checks.concept.foreign_labels import foreign_labels
from airmedic_core.comparison import CheckContext, PastWindow
from airmedic_core.pair.pair import compared
from airmedic_core.records import Assessment, Cause, Finding, Role, Verdict
from airmedic_core.spec import parse_spec
from airmedic_core.windows import as_utc

ROWS, DAYS = 600, 10
PLAIN = {
    "name": "visits",
    "target": "came",
    "data": {"path": "visits.parquet", "time_column": "at"},
    "features": {"numeric": ["near", "warm"], "categorical": ["town"]},
    "prediction": {"score": "score"},
    "window": {"every": "day", "min_rows": 100},
}
Change = Callable[[pd.DataFrame], pd.DataFrame]


def visits(task: str, seed: int, days: int, first: int = 0, seldom: float = 0.0) -> pd.DataFrame:
    """Return rows whose label follows two inputs, with what a model that knows this answers.

    Half of the visitors come, or fewer where they come seldom.
    """
    rng = np.random.default_rng(seed)
    count = ROWS * days
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(first * 86_400 + np.arange(count) * 144, "s"),
            "near": rng.normal(size=count),
            "warm": rng.normal(size=count),
            "town": rng.choice(["lagos", "porto", "faro"], count),
        }
    )
    drive = frame["near"] + 0.7 * frame["warm"] - seldom
    if task == "regression":
        return frame.assign(score=drive, came=drive + rng.normal(size=count))
    if task == "binary":
        chance = 1.0 / (1.0 + np.exp(-2.0 * drive))
        return frame.assign(score=chance, came=(rng.random(count) < chance).astype(int))
    logits = np.column_stack([np.full(count, 0.5), 2.0 * frame["near"], 2.0 * frame["warm"]])
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    came = (rng.random(count)[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    return frame.assign(came=came, **{f"score_{place}": chances[:, place] for place in range(3)})


def monitored(task: str, change: Change, *, seldom: float = 0.0, **more: object) -> CheckContext:
    """Return what checks are given for one day, as monitoring sees it: later windows will come."""
    spec = parse_spec({**PLAIN, "task": task, **more})
    today = change(visits(task, 2, 1, DAYS, seldom))
    context = compared(spec, visits(task, 1, DAYS, seldom=seldom), today, as_utc("2026-01-12"))
    return replace(context, only_window=False)


def findings_of(context: CheckContext) -> list[Finding]:
    return Concept().run(context, options_for(context.spec, "concept"))


def shuffled(day: pd.DataFrame) -> pd.DataFrame:
    return day.assign(came=np.random.default_rng(3).permutation(day["came"].to_numpy()))


def turned(day: pd.DataFrame, where: pd.Series) -> pd.DataFrame:
    """The outcome of some rows is the other one."""
    return day.assign(came=day["came"].where(~where, 1 - day["came"]))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_labels_of_other_rows_are_a_fault_of_the_labels(task: str) -> None:
    context = monitored(task, shuffled)
    (finding,) = findings_of(context)

    assert finding.statistic == "other_rows"
    assert (finding.verdict, finding.role) == (Verdict.ALERT, Role.DATA_FAULT)
    assert "labels of other rows" in finding.message
    lost = Finding("performance", "batch", "loss", Verdict.ALERT, effect=-0.3, role=Role.LOSS)
    assert weigh(context.batch, [lost, finding]).cause is Cause.DATA_CORRUPTION


@pytest.mark.parametrize(
    ("task", "change"),
    [
        # Half of the rows do what the other half did: the model has no skill left, and a fresh one learns it anew.
        ("binary", lambda day: turned(day, day["warm"] > 0)),
        ("binary", lambda day: turned(day, (day["warm"] > 0) ^ (day["near"] > 0))),
        ("regression", lambda day: day.assign(came=day["came"].where(day["town"] != "faro", -2 * day["came"]))),
        # A part of the relation is left.
        ("binary", lambda day: day.assign(came=shuffled(day)["came"].where(day["town"] != "porto", day["came"]))),
        ("regression", lambda day: day.assign(came=1.8 * day["came"])),
    ],
)
def test_a_relation_that_changed_stays_one(task: str, change: Change) -> None:
    findings = findings_of(monitored(task, change))

    assert [finding.statistic for finding in findings if finding.role is Role.DATA_FAULT] == []
    assert any(finding.suggests[:1] == (Cause.CONCEPT_DRIFT,) for finding in findings)


def logistic(drive: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-drive))


def window_of(rows: int, seed: int, labels: Callable[[pd.DataFrame, np.random.Generator], np.ndarray]) -> CheckContext:
    """Return a window of so many rows after ten as long ones, with other labels."""
    rng = np.random.default_rng([rows, seed])
    near, warm = rng.normal(size=(2, 11 * rows))
    chance = logistic(2.0 * (near + 0.7 * warm))
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(np.arange(11 * rows) * 86_400.0 / rows, "s"),
            "near": near,
            "warm": warm,
            "town": rng.choice(["lagos", "porto", "faro"], 11 * rows),
            "score": chance,
            "came": (rng.random(11 * rows) < chance).astype(int),
        }
    )
    before, day = frame.iloc[: 10 * rows], frame.iloc[10 * rows :].reset_index(drop=True)
    spec = parse_spec({**PLAIN, "task": "binary"})
    context = compared(spec, before, day.assign(came=labels(day, rng)), as_utc("2026-01-12"))
    return replace(context, only_window=False)


def called_other_rows(
    rows: int, seeds: range, labels: Callable[[pd.DataFrame, np.random.Generator], np.ndarray]
) -> int:
    """Return in how many windows the labels are called those of other rows."""
    contexts = [window_of(rows, seed, labels) for seed in seeds]
    return sum(foreign_labels(day, day.baseline, day.labelled) is not None for day in contexts)


@pytest.mark.parametrize(("rows", "slope"), [(150, 0.45), (300, 0.6)])
def test_a_new_relation_that_is_weaker_than_the_old_one_is_no_fault_of_the_labels(rows: int, slope: float) -> None:
    """What the old answers say nothing of decides now, with an area under the curve of 0.65 and 0.7."""

    def anew(day: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        chance = logistic(slope * (0.7 * day["near"] - day["warm"]).to_numpy())
        return (rng.random(len(day)) < chance).astype(int)

    assert called_other_rows(rows, range(4), anew) == 0


def test_nothing_is_said_where_a_fresh_model_learns_nothing_of_sound_rows_either() -> None:
    """The town alone says nothing of who comes; that the model's own answers do is no help."""
    context = monitored("binary", shuffled, features={"categorical": ["town"]}, exclude=["near", "warm"])

    assert [finding for finding in findings_of(context) if finding.role is Role.DATA_FAULT] == []


def test_an_outcome_that_nothing_predicts_and_that_is_a_new_one_is_no_fault_of_the_labels() -> None:
    """Nine in ten come, whoever they are: the mix moved as well, which a wrong join of labels leaves."""
    anyone = np.random.default_rng(4).random(ROWS) < 0.9
    findings = findings_of(monitored("binary", lambda day: day.assign(came=anyone.astype(int))))

    assert [finding for finding in findings if finding.role is Role.DATA_FAULT] == []


def test_rows_that_are_all_alike_leave_nothing_to_be_told_apart() -> None:
    def alike(day: pd.DataFrame) -> pd.DataFrame:
        drive = 0.05 * (day["near"] + 0.7 * day["warm"])
        chance = 1.0 / (1.0 + np.exp(-2.0 * drive))
        came = np.random.default_rng(5).random(len(day)) < chance
        return day.assign(near=0.05 * day["near"], warm=0.05 * day["warm"], score=chance, came=came.astype(int))

    assert [finding for finding in findings_of(monitored("binary", alike)) if finding.role is Role.DATA_FAULT] == []


def test_labels_of_a_regression_with_the_other_sign_are_a_fault_of_the_labels() -> None:
    (finding,) = findings_of(monitored("regression", lambda day: day.assign(came=-day["came"])))

    assert finding.statistic == "turned"
    assert finding.suggests[0] is Cause.DATA_CORRUPTION


def exchanged(context: CheckContext) -> list[str]:
    return [finding.statistic for finding in findings_of(context) if finding.role is Role.DATA_FAULT]


def with_new_version(*, did_well: bool, previous: np.ndarray | None = None) -> CheckContext:
    """Return a day with exchanged classes on which version 2 serves, which came after version 1."""
    context = monitored("binary", lambda day: day.assign(came=1 - day["came"]))
    assert context.scored is not None
    scored = replace(context.scored, version="2")
    measured = Finding(
        "performance", "batch", "roc_auc", Verdict.OK, value=0.85, sample_size=ROWS, role=Role.LOSS,
        details={"decides": True},
    )  # fmt: skip
    window = context.batch.window
    healthy = Assessment("visits", "healthy", Cause.HEALTHY, Severity.LOW, "", "")
    past = (
        PastWindow(window, ROWS, "2", healthy, findings=(measured,) if did_well else ()),
        PastWindow(window, ROWS, "1", healthy),
    )
    told = None if previous is None else lambda: ("1", previous)
    return replace(context, scored=scored, history=past, previous_of=told)


def test_classes_are_exchanged_under_a_new_version_that_has_done_well() -> None:
    assert exchanged(with_new_version(did_well=True)) == ["relabelled"]


def test_a_new_version_that_was_never_seen_to_do_well_may_be_what_turned_round() -> None:
    assert exchanged(with_new_version(did_well=False)) == []


@pytest.mark.parametrize(("as_wrong", "says"), [(True, ["relabelled"]), (False, [])])
def test_the_version_before_says_whether_labels_or_answers_turned_round(*, as_wrong: bool, says: list[str]) -> None:
    answers = visits("binary", 2, 1, DAYS)["score"].to_numpy()

    assert exchanged(with_new_version(did_well=False, previous=answers if as_wrong else 1.0 - answers)) == says


@pytest.mark.parametrize(("column", "says"), [("came", ["relabelled"]), ("score", [])])
def test_answers_that_turned_round_lie_elsewhere_and_labels_that_did_leave_them(column: str, says: list[str]) -> None:
    assert exchanged(monitored("binary", lambda day: day.assign(**{column: 1 - day[column]}), seldom=0.5)) == says


@pytest.mark.parametrize(("column", "says"), [("came", ["turned"]), ("score", [])])
def test_the_signs_of_answers_and_of_labels_are_told_from_each_other(column: str, says: list[str]) -> None:
    assert exchanged(monitored("regression", lambda day: day.assign(**{column: -day[column]}), seldom=0.5)) == says
