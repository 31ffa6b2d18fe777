"""A small production for examples and tests of checks: loans whose risk of default follows their amount.

Each day's rows come from a seeded generator. What a check should find is put into the rows of the day in question.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.windows import as_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext

_ROWS_A_DAY = 200
_DAYS = 28
"""Days of the reference: four weeks, so that each weekday comes four times."""
_FIRST_DAY = "2026-01-05"
"""A Monday."""
SPEC = {
    "name": "loans",
    "task": "binary",
    "target": "default",
    "data": {"path": "loans.parquet", "time_column": "at"},
    "features": {"numeric": ["amount", "income"], "categorical": ["channel"]},
    "prediction": {"score": "risk", "latency_ms": "latency"},
    "window": {"every": "day", "min_rows": 100},
}
"""The model: its predictions are logged with the rows, and labels are known at once."""


def example_context(
    change: Callable[[pd.DataFrame], pd.DataFrame] | None = None, *, labels: bool = True, **more: object
) -> CheckContext:
    """Return what checks are given for one day of loans, against four weeks of them.

    Parameters
    ----------
    change : callable, optional
        Changes the rows of the day; nothing is wrong with them where not given.
    labels : bool
        Whether the day's labels are known.
    **more
        Further keys of the spec, such as ``segments=["channel"]``.

    Examples
    --------
    >>> context = example_context(lambda day: day.assign(amount=day["amount"] * 100))
    >>> context.batch.rows, len(context.baseline)
    (200, 5600)
    """
    from airmedic_core.pair.pair import compared

    spec: ModelSpec = parse_spec({**SPEC, **more})
    today = _loans(1, _DAYS)
    if change is not None:
        today = change(today)
    if not labels:
        today = today.assign(default=np.nan)
    end = as_utc(_FIRST_DAY) + timedelta(days=_DAYS + 1)
    return compared(spec, _loans(_DAYS).copy(), today, end)


@cache
def _loans(days: int, start: int = 0) -> pd.DataFrame:
    """Return some days of loans, from so many days after the first on."""
    import pandas as pd

    rng = np.random.default_rng(start)
    rows = days * _ROWS_A_DAY
    amount = rng.lognormal(9.0, 0.5, rows)
    income = rng.lognormal(10.0, 0.4, rows)
    risk = 1.0 / (1.0 + np.exp(-2.0 * (np.log(amount / income) + 0.5)))
    day = np.repeat(np.arange(start, start + days), _ROWS_A_DAY)
    minute = np.tile(np.linspace(0, 24 * 60 - 1, _ROWS_A_DAY).round(), days)
    return pd.DataFrame(
        {
            "at": pd.Timestamp(_FIRST_DAY, tz="UTC") + pd.to_timedelta(day, "D") + pd.to_timedelta(minute, "min"),
            "amount": amount.round(2),
            "income": income.round(2),
            "channel": rng.choice(["branch", "web", "phone"], rows, p=[0.3, 0.5, 0.2]),
            "risk": risk,
            "latency": rng.gamma(4.0, 20.0, rows).round(1),
            "default": (rng.random(rows) < risk).astype(float),
        }
    )
