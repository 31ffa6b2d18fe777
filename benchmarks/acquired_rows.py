"""Measures what made rows are worth on the two real sets: trained with them and without, month after month.

AIRMEDIC_DATA=… python benchmarks/acquired_rows.py              both sets
python benchmarks/acquired_rows.py --only bike --every 1        one of them, each month

At the start of a month, the model is trained on the rows whose labels are known by then, the newest part withheld as
the spec says. Rows are made that resemble those of the month, whose labels nobody knows. The rows are kept where they
surely help on the newest quarter of the training rows, as the action decides it; the withheld rows stay untouched. What
either version is worth is measured on the month after that: nobody has looked at it before.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from airmedic_core.acquired_rows import acquire
from airmedic_core.actions.acquire_data import surely_better
from airmedic_core.errors import TrainingError
from airmedic_core.metrics import metric
from airmedic_core.records import GateResult
from airmedic_core.scoring import ScoredBatch, encode_labels, predict
from airmedic_core.sources import read_window
from airmedic_core.spec import ModelSpec, load_spec
from airmedic_core.training.contest import Contest, Recipe
from airmedic_core.training.methods import fit
from airmedic_core.training.pipelines import default_pipeline, model_inputs
from airmedic_core.windows import Every

MODELS = Path(__file__).parents[1] / "include" / "models"
SETS = ("bike_demand", "hotel_cancellations")
MOST_ROWS, SHARE = 5_000, 4
"""As the action bounds what it makes."""
LATE = pd.DateOffset(months=1)
"""Says when labels are known in the set that does not say so: a month later."""


class Month(NamedTuple):
    """Says what came of one month."""

    start: pd.Timestamp
    made: int
    labelled: int
    kept: bool
    without: float
    together: float


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="sets whose name holds this")
    parser.add_argument("--every", type=int, default=2, help="months from one to the next")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in (name for name in SETS if options.only in name):
        spec = load_spec(MODELS / f"{name}.yaml")
        months = list(measured(spec, options.every))
        print(f"\n{name}: {spec.metric} on the month after, without and with made rows")
        print("| month | made | labelled | without | with | kept |\n|---|---|---|---|---|---|")
        for month in months:
            kept = "yes" if month.kept else "no"
            print(
                f"| {month.start:%Y-%m} | {month.made:,} | {month.labelled:,} | {month.without:.4f} "
                f"| {month.together:.4f} | {kept} |",
                flush=True,
            )
        summed_up(spec, months)


def measured(spec: ModelSpec, every: int) -> Iterator[Month]:
    """Yield what came of each month for which there are enough rows before and after."""
    rows = read_window(spec, None)
    times = rows[spec.data.time_column]
    known = rows[spec.label_time_column] if spec.label_time_column else times + LATE
    back = Every.parse(spec.retrain.window)
    starts = pd.date_range(times.min().ceil("D"), times.max(), freq="MS", tz=times.dt.tz)
    inputs = model_inputs(spec, rows)
    for start in starts[6:-1:every]:
        past = rows[(times >= back.shift(start.to_pydatetime(), -1)) & (times < start) & (known < start)]
        withheld_from = past[spec.data.time_column].quantile(1 - spec.retrain.holdout_fraction)
        train = past[past[spec.data.time_column] < withheld_from]
        moved = rows[(times >= start) & (times < start + LATE) & (known >= start)].drop(columns=spec.target)
        after = rows[(times >= start + LATE) & (times < start + 2 * LATE)].reset_index(drop=True)
        if min(len(moved), len(after)) < spec.window.min_rows or len(train) < spec.retrain.min_rows:
            continue
        count = min(len(moved), len(train) // SHARE, MOST_ROWS)
        try:
            made = acquire(spec, inputs, train, moved, count=count, seed=0)
        except TrainingError as error:
            print(f"{start:%Y-%m}: {error}", flush=True)
            continue
        versions = [
            fit(default_pipeline(spec, inputs), inputs, spec, train, acquired=acquired)
            for acquired in (None, made.frame)
        ]
        gate = decided(spec, inputs, train, moved, count)
        worth = [worth_of(spec, scored(spec, inputs, version, after)) for version in versions]
        yield Month(start, made.made, len(made.frame), surely_better(gate), worth[0], worth[1])


def decided(spec: ModelSpec, inputs: Any, train: pd.DataFrame, moved: pd.DataFrame, count: int) -> GateResult:
    """Return whether made rows help on the newest training rows, as the action finds it out."""
    recipe = Recipe(default_pipeline(spec, inputs), inputs)
    try:
        contest = Contest.on(spec, recipe, train)
        made = acquire(spec, inputs, contest.earlier, moved, count=min(count, len(contest.earlier) // SHARE), seed=0)
    except TrainingError as error:
        return GateResult("not_comparable", spec.metric, (error.problem,))
    return contest.compared(replace(recipe, acquired=made.frame))[1]


def scored(spec: ModelSpec, inputs: Any, version: Any, rows: pd.DataFrame) -> ScoredBatch:
    """Return what a version says of rows, with their labels."""
    scores, predicted, classes = predict(spec, version, inputs.prepare(rows), truth=rows[spec.target])
    return ScoredBatch(scores, predicted, encode_labels(spec, rows, classes), "", classes)


def worth_of(spec: ModelSpec, batch: ScoredBatch) -> float:
    """Return the deciding metric on rows that all have labels."""
    return float(metric(spec.metric, spec.task)(batch.labels, batch.scores))


def summed_up(spec: ModelSpec, months: list[Month]) -> None:
    """Print the gain of always using them, and of using them where they were kept."""
    measure = metric(spec.metric, spec.task)
    sign = 1.0 if measure.higher_is_better else -1.0
    gains = np.array(
        [sign * (month.together - month.without) / (month.without if measure.relative else 1.0) for month in months]
    )
    kept = np.array([month.kept for month in months])
    unit = " of the error" if measure.relative else f" of {spec.metric}"
    print(
        f"Always used: {gains.mean():+.4f}{unit} on average, better in {int((gains > 0).sum())} of {len(gains)} months."
        f" As decided: {np.where(kept, gains, 0.0).mean():+.4f}, kept in {int(kept.sum())}."
    )


if __name__ == "__main__":
    main()
