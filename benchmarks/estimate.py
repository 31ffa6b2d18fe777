"""Says how often the estimated loss without labels covers the one that labels show, where only the inputs moved.

    python benchmarks/estimate.py [--quick] [--json FILE]

Windows are drawn from a pool of rows with a chance that depends on one input only, so that the relation between inputs
and label is the same by construction. The pools are two generated ones and, where the real data are found (see
AIRMEDIC_DATA), hotel bookings and days of bike hires in random order. The checks see no label of the window.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "incidents"))

import numpy as np
import pandas as pd
from populations import BIKE_FEATURES, CHURN_FEATURES, DATA, HOTEL_FEATURES, START, bike_rows, churn_rows, hotel_rows
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from airmedic_core.metrics import losses
from airmedic_core.pair import check_pair
from airmedic_core.spec import parse_spec

TARGET_COVERAGE = 0.9
TILTS = (0.0, 0.5, 1.0, 2.0)
"""Log of how much more likely a row is for each standard deviation of the input that the window is chosen by."""
OTHER_CHECKS = (
    "volume", "freshness", "schema", "quality", "corruption", "units", "drift", "scores", "anomalies", "performance",
    "concept", "latency",
)  # fmt: skip
DEMAND_FEATURES = {"numeric": ["price", "stock", "visits", "hour"], "categorical": ["store"]}


@dataclass(frozen=True)
class Pool:
    """Rows to draw from, in units that stay together."""

    name: str
    task: str
    target: str
    features: dict[str, list[str]]
    rows: Callable[[np.random.Generator], pd.DataFrame]
    tilted_by: tuple[str, ...]
    """Inputs that a window may be chosen by."""
    unit_rows: int = 1
    """Rows that depend on each other, such as the hours of a day, and are drawn together."""
    window_rows: int = 500
    reference_windows: int = 20


@dataclass(frozen=True)
class Window:
    """One window: what was estimated and what labels show."""

    pool: str
    tilt: float
    estimate: float
    low: float
    high: float
    realised: float
    baseline: float

    @property
    def covered(self) -> bool:
        """Say whether the interval holds the realised loss."""
        return self.low <= self.realised <= self.high

    @property
    def covered_without(self) -> bool:
        """Say whether an interval as wide would hold it around the loss at which the version was accepted."""
        return abs(self.realised - self.baseline) <= (self.high - self.low) / 2


def demand_rows(rng: np.random.Generator) -> pd.DataFrame:
    """Generate sales whose scatter grows with the visits."""
    size = 40_000
    price, visits = rng.normal(10, 2, size), rng.gamma(3.0, 2.0, size)
    stock, hour = rng.uniform(0, 1, size), rng.integers(8, 20, size)
    store = rng.choice(["north", "south", "west"], size, p=[0.5, 0.3, 0.2])
    mean = 30 - 1.5 * price + 3 * visits * (store == "north") + 2 * visits + 4 * np.sin(hour / 2) + 5 * stock
    sales = mean + rng.standard_normal(size) * (1.0 + 0.6 * visits)
    return pd.DataFrame(
        {"price": price, "stock": stock, "visits": visits, "hour": hour, "store": store, "sales": sales}
    )


def _hotel(rng: np.random.Generator) -> pd.DataFrame:
    rows = hotel_rows()
    rows = rows[rows["time"].dt.year == 2016]
    return rows.iloc[rng.permutation(len(rows))].reset_index(drop=True)


def _bike(rng: np.random.Generator) -> pd.DataFrame:
    rows = bike_rows()
    rows = rows[rows["time"] >= "2012-01-01"]
    days = [day for _, day in rows.groupby(rows["time"].dt.floor("D")) if len(day) == 24]
    return pd.concat([days[at] for at in rng.permutation(len(days))], ignore_index=True)


POOLS = (
    Pool("churn, generated", "binary", "churned", CHURN_FEATURES, lambda rng: churn_rows(rng, 40_000),
         ("tenure_months", "support_calls", "usage_gb")),
    Pool("hotel, real", "binary", "is_canceled", HOTEL_FEATURES, _hotel,
         ("lead_time", "adr", "total_of_special_requests")),
    Pool("demand, generated", "regression", "sales", DEMAND_FEATURES, demand_rows, ("price", "visits", "stock")),
    Pool("bike, real", "regression", "cnt", BIKE_FEATURES, _bike, ("temp", "hum", "windspeed"),
         unit_rows=24, window_rows=168, reference_windows=20),
)  # fmt: skip


def measure(pool: Pool, seed: int, windows_per_tilt: int) -> list[Window]:
    """Fit a model and a reference on fresh rows, and estimate windows of the rest."""
    rng = np.random.default_rng(seed)
    rows = pool.rows(rng)
    reference_rows = pool.reference_windows * pool.window_rows
    fitted_rows = (len(rows) - reference_rows) // 4 // pool.unit_rows * pool.unit_rows
    model = _model(pool).fit(_inputs(pool, rows[:fitted_rows]), rows[pool.target][:fitted_rows])
    reference = _served(pool, model, rows[fitted_rows : fitted_rows + reference_rows], 0)
    rest = rows[fitted_rows + reference_rows :].reset_index(drop=True)
    windows = []
    for tilt in TILTS:
        for _ in range(windows_per_tilt):
            drawn = _tilted(pool, rest, str(rng.choice(pool.tilted_by)), tilt * rng.choice([-1.0, 1.0]), rng)
            current = _served(pool, model, drawn, pool.reference_windows)
            windows.append(_window(pool, tilt, reference, current))
    return windows


def _tilted(pool: Pool, rows: pd.DataFrame, name: str, tilt: float, rng: np.random.Generator) -> pd.DataFrame:
    values = rows[name].to_numpy(float).reshape(-1, pool.unit_rows).mean(axis=1)
    ranks = pd.Series(values).rank(pct=True).to_numpy()  # ranks: one extreme row must not fill the window
    weights = np.exp(tilt * np.sqrt(12.0) * (ranks - 0.5))
    units = rng.choice(len(values), pool.window_rows // pool.unit_rows, replace=False, p=weights / weights.sum())
    picked = (units[:, None] * pool.unit_rows + np.arange(pool.unit_rows)).ravel()
    return rows.iloc[picked]


def _served(pool: Pool, model: Pipeline, rows: pd.DataFrame, first_window: int) -> pd.DataFrame:
    inputs = _inputs(pool, rows)
    score = model.predict_proba(inputs)[:, 1] if pool.task == "binary" else model.predict(inputs)
    windows = first_window + np.arange(len(rows)) // pool.window_rows
    seconds = (windows + np.arange(len(rows)) % pool.window_rows / pool.window_rows) * 86_400
    return rows.assign(time=START + pd.to_timedelta(np.floor(seconds), unit="s"), score=score)


def _window(pool: Pool, tilt: float, reference: pd.DataFrame, current: pd.DataFrame) -> Window:
    spec: dict[str, Any] = {
        "name": "estimate",
        "task": pool.task,
        "target": pool.target,
        "features": pool.features,
        "data": {"source": "file", "path": "given-as-frames.parquet", "time_column": "time"},
        "prediction": {"score": "score"},
        "checks": dict.fromkeys(OTHER_CHECKS, False),
    }
    findings = check_pair(parse_spec(spec), reference, current.assign(**{pool.target: np.nan})).findings
    [answer] = [finding for finding in findings if finding.check == "estimate"]
    assert answer.value is not None and answer.baseline is not None  # noqa: S101, PT018  the check fills both
    realised = losses(pool.task, current[pool.target].to_numpy(float), current["score"].to_numpy(float)).mean()
    low, high = answer.details["low"], answer.details["high"]
    return Window(pool.name, tilt, answer.value, low, high, float(realised), answer.baseline)


def _inputs(pool: Pool, rows: pd.DataFrame) -> pd.DataFrame:
    return rows[pool.features["numeric"] + pool.features["categorical"]]


def _model(pool: Pool) -> Pipeline:
    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), pool.features["categorical"]),
        remainder="passthrough",
    )
    kind = HistGradientBoostingClassifier if pool.task == "binary" else HistGradientBoostingRegressor
    return make_pipeline(encode, kind(max_iter=80, random_state=0))


def main() -> None:
    """Print coverage for each pool and size of move."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="where to write every window")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    seeds, per_seed = ((1,), 4) if options.quick else ((1, 2, 3, 4, 5, 6), 8)
    measured: list[Window] = []
    print(f"{'':<22}{'tilt':>6}{'windows':>9}{'covered':>9}{'if ignored':>12}{'width':>8}{'|rise|':>8}")
    for pool in POOLS:
        if "real" in pool.name and not DATA.exists():
            print(f"{pool.name:<22} left out: no data at AIRMEDIC_DATA")
            continue
        windows = [window for seed in seeds for window in measure(pool, seed, per_seed)]
        for tilt in TILTS:
            _print(pool.name, f"{tilt:g}", [window for window in windows if window.tilt == tilt])
        measured += windows
    for task, names in (("classification", ("churn", "hotel")), ("regression", ("demand", "bike")), ("all", ("",))):
        _print(task, "all", [window for window in measured if window.pool.startswith(names)])
    print(f"target: {TARGET_COVERAGE:.0%} of the 95 % intervals; width and rise are relative to the baseline's loss")
    if options.json:
        options.json.write_text(json.dumps([asdict(window) for window in measured], indent=1) + "\n", encoding="utf-8")


def _print(name: str, tilt: str, windows: list[Window]) -> None:
    if not windows:
        return
    covered, without = (
        np.mean([getattr(window, field) for window in windows]) for field in ("covered", "covered_without")
    )
    width = np.mean([(window.high - window.low) / window.baseline for window in windows])
    rise = np.mean([abs(window.realised / window.baseline - 1.0) for window in windows])
    print(f"{name:<22}{tilt:>6}{len(windows):>9}{covered:>9.1%}{without:>12.1%}{width:>8.1%}{rise:>8.1%}", flush=True)


if __name__ == "__main__":
    main()
