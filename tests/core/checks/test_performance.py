"""Losses of performance on windows of few rows, such as the hours of a day."""

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks import options_for
from airmedic_core.checks.performance import Performance
from airmedic_core.comparison import CheckContext, LabelledRows
from airmedic_core.measures.loss_change import compare
from airmedic_core.metrics import losses, metric
from airmedic_core.profile import build_profile, build_reference
from airmedic_core.records import Batch, Verdict
from airmedic_core.scoring import ScoredBatch
from airmedic_core.spec import parse_spec
from airmedic_core.windows import as_utc

HOURS, DAYS = 24, 40
SPEC = parse_spec(
    {
        "name": "demand",
        "task": "regression",
        "target": "rented",
        "data": {"path": "demand.parquet", "time_column": "at"},
        "features": {"numeric": ["hour"]},
        "prediction": {"score": "forecast"},
        "window": {"every": "day", "min_rows": HOURS},
    }
)


def hours(seed: int, days: int) -> pd.DataFrame:
    """Forecasts that each day miss by 5 % one way, and each hour by 15 %: errors grow with what they are errors of."""
    rng = np.random.default_rng(seed)
    hour = np.tile(np.arange(HOURS), days)
    forecast = 100 + 80 * np.sin(hour / HOURS * np.pi)
    day = np.repeat(rng.normal(1, 0.05, days), HOURS)
    return pd.DataFrame(
        {
            "at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(np.arange(HOURS * days), "h"),
            "hour": hour.astype(float),
            "forecast": forecast,
            "rented": forecast * day * rng.normal(1, 0.15, len(hour)),
        }
    )


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return hours(0, DAYS)


def context_of(reference: pd.DataFrame, today: pd.DataFrame) -> CheckContext:
    known = build_reference(
        SPEC, reference, scores=reference["forecast"].to_numpy(), labels=reference["rented"].to_numpy()
    )
    labels, scores = today["rented"].to_numpy(), today["forecast"].to_numpy()
    lost = losses("regression", labels, scores)
    window = SPEC.window.step.last_complete(as_utc("2026-01-02"))
    return CheckContext(
        SPEC,
        Batch(SPEC.name, window, window.end, len(today)),
        today,
        known,
        build_profile(known.edges, today, score=scores, label=labels, loss=lost, window=window),
        ScoredBatch(scores, scores, labels, "1"),
        LabelledRows(today, labels, scores, lost, np.zeros(len(today), dtype=np.intp)),
    )


def p_value(context: CheckContext) -> float:
    assert context.labelled is not None
    limits = options_for(SPEC, "performance")
    change = compare(
        context,
        context.labelled,
        metric("mae", "regression"),
        least_drop=limits.least_drop,
        least_relative_drop=limits.least_relative_drop,
    )
    assert change is not None
    return change.p_value


def test_ordinary_days_are_no_loss(reference: pd.DataFrame) -> None:
    days = np.split(np.arange(HOURS * 40), 40)
    later = hours(1, 40)
    ratios = np.array(
        [p_value(context_of(reference, later.iloc[rows].assign(at=reference["at"][:HOURS].array))) for rows in days]
    )
    assert ratios.min() > 0.001
    # The p-values of ordinary days are spread evenly: of 40, more than 5 below 0.05 come about once in 70 times.
    assert (ratios < 0.05).sum() <= 5


def test_one_day_of_growth_is_a_loss(reference: pd.DataFrame) -> None:
    for seed in range(5):
        today = hours(200 + seed, 1)
        grown = context_of(reference, today.assign(rented=1.6 * today["rented"]))
        (finding,) = (
            finding
            for finding in Performance().run(grown, options_for(SPEC, "performance"))
            if finding.statistic == "mae"
        )
        assert finding.verdict is Verdict.ALERT


def test_one_absurd_row_is_no_loss(reference: pd.DataFrame) -> None:
    today = hours(300, 1)
    today.loc[12, "rented"] *= 20
    context = context_of(reference, today)
    findings = {finding.statistic: finding for finding in Performance().run(context, options_for(SPEC, "performance"))}
    assert findings["mae"].value > 2 * findings["mae"].baseline
    assert findings["mae"].verdict is not Verdict.ALERT
