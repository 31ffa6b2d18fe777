"""Taking a loss apart: which metric is named, and what is said where the reference's rows are gone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks import options_for
from airmedic_core.checks.concept import Concept
from airmedic_core.comparison import CheckContext, LabelledRows
from airmedic_core.metrics import losses, metric
from airmedic_core.profile import build_profile, build_reference
from airmedic_core.records import Batch, Cause, Finding
from airmedic_core.scoring import ScoredBatch
from airmedic_core.spec import parse_spec
from airmedic_core.windows import as_utc

ROWS, DAYS = 500, 20
PLAIN = {
    "name": "visits",
    "target": "came",
    "data": {"path": "visits.parquet", "time_column": "at"},
    "features": {"numeric": ["distance"]},
    "prediction": {"score": "chance"},
    "window": {"every": "day", "min_rows": ROWS},
}


def rows(seed: int, days: int, *, task: str, changed: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    distance = rng.normal(size=ROWS * days)
    noise = rng.normal(size=ROWS * days)
    if task == "regression":
        chance, came = distance, distance + noise + (1.5 if changed else 0.0)
    else:
        chance = 1.0 / (1.0 + np.exp(-2.0 * distance))
        came = (rng.random(ROWS * days) < (0.5 + 0.3 * (chance - 0.5) if changed else chance)).astype(float)
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(np.arange(ROWS * days) * 86_400 // ROWS, "s")
    return pd.DataFrame({"at": at, "distance": distance, "chance": chance, "came": came})


def labelled(frame: pd.DataFrame, task: str) -> LabelledRows:
    labels, scores = frame["came"].to_numpy(), frame["chance"].to_numpy()
    days = (np.arange(len(frame)) // ROWS).astype(np.intp)
    return LabelledRows(frame, labels, scores, losses(task, labels, scores), days)


def changed_day(task: str, name: str) -> CheckContext:
    """A day on which the labels follow the input less than they did, of a model that is judged by one metric."""
    spec = parse_spec({**PLAIN, "task": task, "gate": {"metric": name}})
    before, today = rows(0, DAYS, task=task), rows(1, 1, task=task, changed=True)
    known = build_reference(spec, before, scores=before["chance"].to_numpy(), labels=before["came"].to_numpy())
    now = labelled(today, task)
    window = spec.window.step.last_complete(as_utc("2026-01-02"))
    return CheckContext(
        spec,
        Batch(spec.name, window, window.end, len(today)),
        today,
        known,
        build_profile(known.edges, today, score=now.scores, label=now.labels, loss=now.losses, window=window),
        ScoredBatch(now.scores, now.scores, now.labels, "1"),
        now,
        baseline_of=lambda: labelled(before, task),
    )


def relation(context: CheckContext) -> Finding:
    findings = Concept().run(context, options_for(context.spec, "concept"))
    (finding,) = (finding for finding in findings if finding.statistic == "relation_loss")
    return finding


@pytest.mark.parametrize(
    ("task", "name"), [("binary", "roc_auc"), ("binary", "accuracy"), ("binary", "f1"), ("regression", "rmse")]
)
def test_the_metric_that_is_named_is_the_one_that_was_taken_apart(task: str, name: str) -> None:
    context = changed_day(task, name)
    finding = relation(context)
    measure = metric(finding.details["metric"], task)
    now, before = context.labelled, context.baseline
    assert now is not None
    assert before is not None
    # What is said to be lost in all is the fall of the metric that is said to have fallen, on all rows of both sides.
    # The baseline is thinned to 6,000 of its 10,000 rows before.
    lost = measure(now.labels, now.scores) - measure(before.labels, before.scores)
    assert finding.details["total"] == pytest.approx(-lost if measure.higher_is_better else lost, abs=0.02)
    assert finding.suggests == (Cause.CONCEPT_DRIFT,)


def test_the_metric_that_fell_is_named_where_it_cannot_be_taken_apart() -> None:
    finding = relation(changed_day("regression", "rmse"))
    assert finding.details["metric"] == "mae"
    assert finding.details["fallen"] == "rmse"
    assert finding.message.startswith("Performance fell in RMSE. Of a loss of ")
    assert "in MAE" in finding.message


def test_without_the_rows_of_the_reference_the_mean_loss_is_named() -> None:
    context = changed_day("binary", "accuracy")
    finding = relation(replace(context, baseline_of=None))
    assert finding.details["metric"] == "log_loss"
    assert finding.message.startswith("The log loss rose by ")
    assert finding.suggests == (Cause.CONCEPT_DRIFT,)
