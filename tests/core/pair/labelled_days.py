"""Rows of days with a label, for comparisons of two files."""

from __future__ import annotations

import numpy as np
import pandas as pd

from airmedic_core.pair import PairCheck
from airmedic_core.records import Finding
from airmedic_core.spec import ModelSpec, parse_spec

SPEC: ModelSpec = parse_spec(
    {"name": "m", "task": "binary", "target": "y", "data": {"path": "rows.csv", "time_column": "at"}}
)


def rows_of_days(days: int, *, start: str = "2026-01-01", a_day: int = 200, seed: int = 0) -> pd.DataFrame:
    """Return rows spread evenly over days; the label depends on two of three numbers."""
    rng = np.random.default_rng(seed)
    count = days * a_day
    at = pd.Timestamp(start) + pd.to_timedelta(np.arange(count) * 86_400 / a_day, unit="s")
    numbers = rng.normal(size=(count, 3))
    chance = 1 / (1 + np.exp(-(1.2 * numbers[:, 0] - numbers[:, 1])))
    return pd.DataFrame(
        {
            "at": at.strftime("%Y-%m-%dT%H:%M:%S"),
            "a": numbers[:, 0],
            "b": numbers[:, 1],
            "c": numbers[:, 2],
            "y": (rng.random(count) < chance).astype(int),
        }
    )


def findings_of(result: PairCheck, check: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.check == check]
