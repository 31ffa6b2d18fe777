"""Orders of a shop, and what the check of units says of them."""

import numpy as np
import pandas as pd

from airmedic_core.pair import PairCheck
from airmedic_core.records import Finding
from airmedic_core.spec import parse_spec

DAYS, ROWS = 20, 300
SPEC = parse_spec(
    {
        "name": "shops",
        "task": "binary",
        "target": "returned",
        "data": {"path": "shops.parquet", "time_column": "at"},
        "features": {"numeric": ["amount", "stars", "postage", "load", "hour"], "categorical": ["country"]},
        "window": {"every": "day"},
    }
)


def rows(seed: int, days: int, first_day: int = 0, size: int = ROWS) -> pd.DataFrame:
    """Draw days of orders; ``load`` is that of the couriers, more when it rains."""
    rng = np.random.default_rng(seed)
    n = size * days
    day = np.repeat(np.arange(days), size) + first_day
    at = pd.Timestamp("2025-03-01", tz="UTC") + pd.to_timedelta(day * 86_400 + rng.integers(0, 86_400, n), "s")
    frame = pd.DataFrame(
        {
            "at": at,
            "amount": rng.lognormal(3, 0.6, n).round(2),
            "stars": rng.choice([1, 2, 3, 4, 5], n, p=[0.1, 0.1, 0.2, 0.3, 0.3]),
            "postage": rng.choice([0, 3.99, 5.99, 9.9], n, p=[0.4, 0.3, 0.2, 0.1]),
            "load": (0.6 + rng.gamma(3, 0.15, n)).round(2),
            "country": rng.choice(["de", "fr", "gb"], n, p=[0.5, 0.35, 0.15]),
        }
    )
    return frame.sort_values("at", kind="stable").reset_index(drop=True).assign(hour=lambda f: f["at"].dt.hour)


def units(answer: PairCheck) -> dict[str, Finding]:
    return {finding.subject: finding for finding in answer.findings if finding.check == "units" and finding.suggests}
