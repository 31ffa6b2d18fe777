"""Measures how often labels of other rows and exchanged classes are told from a changed relation, and the reverse.

    python benchmarks/label_faults.py [--quick] [--trials N] [--json FILE]

Rows of a pool are put into a random order, so that nothing changes but what is done to the labels of one window. A
model is fitted on other rows, and its answers are logged. *Faults*: the labels of a share of the rows change places;
classes go by each other's names. *Changed relations*: the outcome of a half of the rows, cut by one input or by two of
them crosswise, turns round; demand falls where it rose; the outcome follows another mix of the inputs, of which the old
answers say nothing, and hangs on it more or less, while the mix of classes stays. *Sound* windows are as they were.
Pools are a generated one and bookings and hours of bike hires where the real data are found (see AIRMEDIC_DATA); hires
are also taken as one of three classes.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from functools import cached_property
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
from threadpoolctl import threadpool_limits

from airmedic_core.checks.concept.label_faults import label_fault
from airmedic_core.metrics import losses
from airmedic_core.pair.pair import compared
from airmedic_core.spec import parse_spec
from airmedic_core.windows import as_utc

WINDOWS = 8
"""Windows of the reference."""
FITTED_ROWS = 4000
"""Rows that the model in production was fitted on."""
SHARES = (1.0, 0.9, 0.7, 0.5)
"""Shares of the rows whose labels change places."""
NEW_RELATIONS = (0.8, 0.5, 0.3)
"""Correlations of a new outcome, before it is put into classes, with the mix of inputs that it follows."""
Labels = np.ndarray
Change = Callable[[pd.DataFrame, np.random.Generator], Labels]


@dataclass(frozen=True)
class Trial:
    """One window and what was said of its labels."""

    pool: str
    rows: int
    kind: str
    """``fault``, ``changed relation`` or ``sound``."""
    change: str
    said: str
    """The statistic of the finding; empty where the labels are held for sound."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows to draw from."""

    name: str
    task: str
    target: str
    features: dict[str, list[str]]
    rows: Callable[[], pd.DataFrame]
    sizes: tuple[int, ...]
    """Rows of a window."""

    @cached_property
    def split(self) -> tuple[Pipeline, pd.DataFrame]:
        """The model in production, and all rows that it was not fitted on."""
        known = self.rows()
        columns = self.features["numeric"] + self.features["categorical"]
        order = np.random.default_rng(0).permutation(len(known))
        fitted, left = known.iloc[order[:FITTED_ROWS]], known.iloc[order[FITTED_ROWS:]]
        small = HistGradientBoostingRegressor if self.task == "regression" else HistGradientBoostingClassifier
        encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        inputs = make_column_transformer((encode, self.features["categorical"]), remainder="passthrough")
        model = make_pipeline(inputs, small(random_state=0, max_iter=60)).fit(fitted[columns], fitted[self.target])
        return model, left.reset_index(drop=True)

    @property
    def spec(self) -> dict[str, Any]:
        """The spec of the model."""
        return {
            "name": "pool", "task": self.task, "target": self.target, "features": self.features,
            "data": {"path": "pool.parquet", "time_column": "time"}, "prediction": {"score": "score"},
            "window": {"every": "day", "min_rows": 50},
        }  # fmt: skip

    def drawn(self, rng: np.random.Generator, rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return a reference and a window after it, with what the model answers."""
        model, left = self.split
        picked = left.iloc[rng.permutation(len(left))[: rows * (WINDOWS + 1)]]
        inputs = picked[self.features["numeric"] + self.features["categorical"]]
        if self.task == "multiclass":
            chances = model.predict_proba(inputs)
            scores = {f"score_{name}": chances[:, place] for place, name in enumerate(model.classes_)}
        else:
            scores = {
                "score": model.predict(inputs) if self.task == "regression" else model.predict_proba(inputs)[:, 1]
            }
        hours = 24.0 * np.arange(len(picked)) / rows
        dated = picked.assign(**scores, time=START + pd.to_timedelta(hours, unit="h")).reset_index(drop=True)
        return dated.iloc[:-rows], dated.iloc[-rows:].reset_index(drop=True)


def changes(pool: Pool) -> Iterator[tuple[str, str, Change]]:
    """Return what is done to the labels of a window: its kind, its name, and the labels that come of it."""
    target = pool.target
    for strength in NEW_RELATIONS:
        yield "changed relation", f"follows another mix, r = {strength}", _another_mix(pool, strength)
    yield "sound", "as they were", lambda rows, _: rows[target].to_numpy()
    for share in SHARES:
        yield "fault", f"{share:.0%} change places", _placed(target, share)
    if pool.task == "regression":
        yield "changed relation", "falls where it rose", lambda rows, _: rows[target].max() - rows[target].to_numpy()
        yield "changed relation", "falls in a half", _in_a_half(pool, lambda y: np.median(y) * 2 - y, crosswise=False)
        yield "changed relation", "falls crosswise", _in_a_half(pool, lambda y: np.median(y) * 2 - y, crosswise=True)
        return
    yield "fault", "classes exchanged", lambda rows, rng: _renamed(rows[target].to_numpy(), rng)
    turned: Callable[[Labels], Labels] = (lambda y: 1 - y) if pool.task == "binary" else (lambda y: (y + 1) % 3)
    yield "changed relation", "turns in a half", _in_a_half(pool, turned, crosswise=False)
    yield "changed relation", "turns crosswise", _in_a_half(pool, turned, crosswise=True)


def _placed(target: str, share: float) -> Change:
    def change(rows: pd.DataFrame, rng: np.random.Generator) -> Labels:
        labels = rows[target].to_numpy().copy()
        hit = np.flatnonzero(rng.random(len(rows)) < share)
        labels[hit] = labels[rng.permutation(hit)]
        return labels

    return change


def _another_mix(pool: Pool, strength: float) -> Change:
    """Return the labels that there were, in the order of a mix of inputs that the model's answers say nothing of."""

    def change(rows: pd.DataFrame, rng: np.random.Generator) -> Labels:
        inputs = rows[pool.features["numeric"]].rank(pct=True).fillna(0.5).to_numpy()
        answers = rows[next(column for column in rows if str(column).startswith("score"))].rank(pct=True).to_numpy()
        mix = inputs @ rng.normal(size=inputs.shape[1])
        mix = mix - np.polyval(np.polyfit(answers, mix, 1), answers)
        noisy = strength * mix / mix.std() + np.sqrt(1.0 - strength**2) * rng.normal(size=len(rows))
        labels: Labels = np.sort(rows[pool.target].to_numpy())[np.argsort(np.argsort(noisy))]
        return labels

    return change


def _renamed(labels: Labels, rng: np.random.Generator) -> Labels:
    """Return labels of which each class goes by the name of another."""
    names = np.unique(labels)
    renamed: Labels = names[(np.searchsorted(names, labels) + rng.integers(1, len(names))) % len(names)]
    return renamed


def _in_a_half(pool: Pool, turned: Callable[[Labels], Labels], *, crosswise: bool) -> Change:
    """Return labels of which those of about half of the rows are turned, by one input or by two crosswise."""

    def change(rows: pd.DataFrame, rng: np.random.Generator) -> Labels:
        columns = rng.choice(pool.features["numeric"], 1 + crosswise, replace=False)
        hit = np.zeros(len(rows), dtype=bool)
        for column in columns:
            hit ^= (rows[column].rank(pct=True) > 0.5).to_numpy()
        labels = rows[pool.target].to_numpy()
        return np.where(hit, turned(labels), labels)

    return change


def pools() -> list[Pool]:
    """Return the pools whose rows are at hand."""
    churn = Pool(
        "subscribers", "binary", "churned", CHURN_FEATURES, lambda: churn_rows(np.random.default_rng(1), 24_000),
        (200, 500, 1000),
    )  # fmt: skip
    if not DATA.exists():
        return [churn]

    def thirds() -> pd.DataFrame:
        rows: pd.DataFrame = bike_rows()
        return rows.assign(demand=pd.qcut(rows["cnt"], 3, labels=False).astype(int))

    hotel = Pool("bookings", "binary", "is_canceled", HOTEL_FEATURES, hotel_rows, (200, 500, 1000))
    bike = Pool("hires", "regression", "cnt", BIKE_FEATURES, bike_rows, (200, 500))
    classes = Pool("hires in thirds", "multiclass", "demand", BIKE_FEATURES, thirds, (200, 500))
    return [churn, hotel, bike, classes]


def run(pool: Pool, rows: int, trials: int) -> Iterator[Trial]:
    """Do all that is done to labels, each to so many windows."""
    spec = parse_spec(pool.spec)
    for number in range(trials):
        rng = np.random.default_rng([rows, number])
        reference, window = pool.drawn(rng, rows)
        end = as_utc(window["time"].iloc[-1]) + timedelta(days=1)
        # As monitoring sees it: later windows will come.
        context = replace(compared(spec, reference, window, end), only_window=False)
        before, sound = context.baseline, context.labelled
        if before is None or sound is None:
            raise SystemExit(f"{pool.name}: no labelled rows on one side.")
        for kind, name, change in changes(pool):
            labels = np.asarray(change(window, rng), dtype=np.float64)
            lost = losses(pool.task, labels, sound.scores)
            now = replace(sound, frame=sound.frame.assign(**{pool.target: labels}), labels=labels, losses=lost)
            finding = label_fault(replace(context, labelled=now), before, now)
            yield Trial(pool.name, rows, kind, name, finding.statistic if finding else "")


def table(trials: list[Trial]) -> str:
    """Return how often something is said of the labels, by what was done to them and by the rows of a window."""
    sizes = sorted({trial.rows for trial in trials})
    lines = [
        "| pool | the labels | " + " | ".join(f"{rows:,} rows" for rows in sizes) + " |",
        "|---|---|" + "---|" * len(sizes),
    ]
    for pool, kind, change in dict.fromkeys((trial.pool, trial.kind, trial.change) for trial in trials):
        cells = []
        for rows in sizes:
            of_it = [trial for trial in trials if (trial.pool, trial.change, trial.rows) == (pool, change, rows)]
            cells.append(f"{sum(bool(trial.said) for trial in of_it)} of {len(of_it)}" if of_it else "–")
        lines.append(f"| {pool} | {kind}: {change} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two windows of 200 rows each")
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--only", default="", help="a pool")
    parser.add_argument("--json", type=Path, help="where to write every window")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    trials: list[Trial] = []
    with threadpool_limits(1):
        for pool in pools():
            for rows in pool.sizes:
                if options.only in pool.name and (not options.quick or rows == 200):
                    trials += run(pool, rows, 2 if options.quick else options.trials)
                    print(f"{pool.name}, {rows} rows", flush=True)
                    if options.json:
                        kept = json.dumps([asdict(trial) for trial in trials], indent=1)
                        options.json.write_text(kept, encoding="utf-8")
    print(table(trials))


if __name__ == "__main__":
    main()
