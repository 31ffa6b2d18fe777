"""A production to break: real rows of one set in an order in which nothing changes, week by week.

Whole days of bike hires, or bookings, are put into a random order and given new dates. What is injected afterwards is
then the only change, and the weeks that follow an incident tell what an action was worth. Rows of one kind (cold days,
bookings long before the stay) are rare until an incident brings more of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from populations import BIKE_FEATURES, HOTEL_FEATURES, START, bike_rows, hotel_rows

from airmedic_core.windows import Window

REFERENCE_WEEKS = 14
"""Weeks that the champion was trained and accepted on."""
FIRST_VERSION_WEEKS = 7
"""Weeks of the version before it, to which a rollback goes."""
QUIET_WEEKS = 4
"""Weeks that are watched before anything happens."""
MOST_WEEKS = 3
"""Weeks of an incident that are acted on: what lasts may need more than one to be sure of, and to learn from."""
FOLLOWING_WEEKS = 4
"""Weeks after the action, on whose labels it is judged."""
FIRST_WEEK = REFERENCE_WEEKS + QUIET_WEEKS
WEEKS = FIRST_WEEK + MOST_WEEKS + FOLLOWING_WEEKS
RARE = 0.04
"""Share of the rows of another kind before an incident brings more of them. With none, nobody could tell such rows from
broken ones."""
BOOKINGS_PER_WEEK = 500
"""Bounds what a run costs. A training then has 6,000 rows and takes about a second."""

MODELS = ("bike", "hotel")


@dataclass(frozen=True, eq=False)
class Production:
    """The rows of one model: all weeks as they are without an incident, and more of a kind that is rare in them."""

    model: str
    rows: pd.DataFrame
    others: pd.DataFrame

    def week(self, number: int) -> pd.DataFrame:
        """Return the rows of a week, counted from 0."""
        return between(self.rows, week(number))

    @property
    def reference(self) -> pd.DataFrame:
        """The rows that the champion was accepted on."""
        return between(self.rows, Window(week(0).start, week(REFERENCE_WEEKS).start))


def week(number: int) -> Window:
    """Return the window of a week, counted from 0."""
    start = START + pd.Timedelta(weeks=number)
    return Window(start.to_pydatetime(), (start + pd.Timedelta(weeks=1)).to_pydatetime())


def between(rows: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return the rows of a window."""
    inside = (rows["time"] >= window.start) & (rows["time"] < window.end)
    return rows[inside].reset_index(drop=True)


def draw(model: str, rng: np.random.Generator) -> Production:
    """Draw a production.

    Parameters
    ----------
    model : str
        ``bike`` or ``hotel``.
    rng : numpy.random.Generator
        Draws the order of the rows.
    """
    return _bike(rng) if model == "bike" else _hotel(rng)


def spec_of(model: str, path: str) -> dict[str, Any]:
    """Return the spec of a model whose rows are in a file."""
    features, task, target, metric, segments = {
        "bike": (BIKE_FEATURES, "regression", "cnt", "mae", ["workingday"]),
        "hotel": (HOTEL_FEATURES, "binary", "is_canceled", "roc_auc", ["hotel"]),
    }[model]
    return {
        "name": model,
        "task": task,
        "target": target,
        "features": features,
        "data": {"source": "file", "path": path, "time_column": "time"},
        "window": {"every": "week", "min_rows": 50},
        "reference": {"start": str(week(0).start), "end": str(week(REFERENCE_WEEKS).start)},
        "retrain": {"using": "clone", "window": "12 weeks", "holdout_fraction": 0.15},
        "gate": {"metric": metric},
        "segments": segments,
        "environment": "simulation",
    }


def _bike(rng: np.random.Generator) -> Production:
    warm = _whole_days("2012-04-01", "2012-10-15")
    cold = _whole_days("2012-01-01", "2012-03-15") + _whole_days("2012-11-01", "2013-01-01")
    picked = [warm[number] for number in rng.permutation(len(warm))[: WEEKS * 7]]
    order = rng.permutation(len(cold))
    rare = round(RARE * len(picked))
    for place, number in zip(rng.choice(len(picked), rare, replace=False), order[:rare], strict=True):
        picked[place] = cold[number]
    return Production("bike", _dated_days(picked), pd.concat([cold[number] for number in order[rare:]]))


@cache
def _whole_days(start: str, end: str) -> list[pd.DataFrame]:
    rows = bike_rows()
    rows = rows[(rows["time"] >= start) & (rows["time"] < end)]
    return [day for _, day in rows.groupby(rows["time"].dt.floor("D")) if len(day) == 24]


def last_years_days() -> list[pd.DataFrame]:
    """Return the warm days of the year before, in which fewer people hired bikes at the same weather."""
    return _whole_days("2011-04-01", "2011-10-15")


def _dated_days(days: list[pd.DataFrame]) -> pd.DataFrame:
    dated = [
        day.assign(time=START + pd.Timedelta(days=number) + (day["time"] - day["time"].dt.floor("D")))
        for number, day in enumerate(days)
    ]
    return pd.concat(dated, ignore_index=True)


def _hotel(rng: np.random.Generator) -> Production:
    rows = hotel_rows()
    rows = rows[rows["time"].dt.year == 2016]
    early = rows["lead_time"] > 150
    usual, others = rows[~early], rows[early]
    sizes = rng.poisson(BOOKINGS_PER_WEEK, WEEKS)
    order, rare = rng.permutation(len(others)), round(RARE * sizes.sum())
    drawn = usual.iloc[rng.permutation(len(usual))[: sizes.sum() - rare]]
    picked = pd.concat([drawn, others.iloc[order[:rare]]]).iloc[rng.permutation(int(sizes.sum()))]
    seconds = (np.repeat(np.arange(WEEKS), sizes) + rng.random(len(picked))) * 7 * 86_400
    dated = picked.assign(time=START + pd.to_timedelta(np.floor(seconds), unit="s"))
    return Production(
        "hotel", dated.sort_values("time", kind="stable").reset_index(drop=True), others.iloc[order[rare:]]
    )
