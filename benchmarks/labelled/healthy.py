"""Healthy pairs of real rows: random parts, windows that follow each other, and the same season of another year.

Random parts are healthy by construction, and every one that is drawn is kept. Of pairs in order of time those are kept
that an independent look (``looks.py``) finds ordinary; their names stand in ``ordinary.json``, which
``python benchmarks/healthy_pairs.py --look`` writes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from labelled.case import LabelledCase, Rows
from labelled.draws import YEAR, following, halves, season_later, shuffled
from labelled.looks import refusal
from labelled.tables import TABLES, TIME, Part, Table, table

ORDINARY = Path(__file__).with_name("ordinary.json")
SIZES = ((60, 60), (150, 60), (400, 150), (1000, 1000), (3000, 500), (10_000, 2500), (40_000, 10_000))
"""Rows of the reference and of the window, of shuffled tables."""
MUST_NOT = frozenset({"retrain", "data_corruption", "schema_change", "unit_change", "stale_data", "concept_drift"})
_ONE_OF = {
    "city_bookings": ("market_segment", "customer_type"),
    "bikes": ("weekday", "weathersit"),
    "air_no2": (),
    "resort_bookings": ("meal", "market_segment"),
    "calls": ("job", "housing"),
}
"""Columns of which one category alone is taken."""
FAULTY_DAYS = {"bikes": ("2011-03-10", "2012-08-17")}
"""Days of a domain on which a sensor is known to have failed; no window that holds one is healthy."""
_TRIES = 10
"""Starts that are tried for each table and length of window; the look refuses most."""


def healthy_pairs(part: Part) -> list[LabelledCase]:
    """Return the healthy pairs of a part."""
    ordinary = set(json.loads(ORDINARY.read_text()))
    return [*random_parts(part), *(case for case in in_order(part) if case.name in ordinary)]


def ordinary_names() -> list[str]:
    """Look at every candidate in order of time, and return the names of those that are ordinary."""
    return [
        case.name
        for part in ("open", "closed")
        for case in in_order(part)  # type: ignore[arg-type]
        if not _faulty(case) and not refusal(table(str(case.spec["name"])), case.build())
    ]


def _faulty(case: LabelledCase) -> bool:
    _, window = case.build()
    return bool(window[TIME].dt.strftime("%Y-%m-%d").isin(FAULTY_DAYS.get(case.domain, ())).any())


def random_parts(part: Part) -> Iterator[LabelledCase]:
    """Yield pairs that are healthy by construction."""
    for item in TABLES:
        if item.part != part:
            continue
        rows = len(item.rows())
        for before, now in SIZES:
            if before + now <= rows:
                kind = "shuffled table of many-valued text" if "keys" in item.name else "shuffled table"
                yield _case(item, kind, f"{before} and {now} shuffled", partial(_shuffled, before=before, now=now))
        for most in (200, 2000, 20_000):
            if most <= rows:
                yield _case(item, "two samples of one time", f"halves of {most}", partial(_halves, most=most))
        for column in _ONE_OF.get(item.name, ()):
            take = partial(_shuffled_category, column=column)
            yield _case(item, "one category, shuffled", f"one {column} shuffled", take)


def in_order(part: Part) -> Iterator[LabelledCase]:
    """Yield candidates in order of time."""
    for item in TABLES:
        if item.part != part:
            continue
        for step in item.steps:
            length = pd.Timedelta(step)
            for number in range(_TRIES):
                windows = (4, 8, 13)[number % 3]
                name = f"{windows} × {step} and the next, {number}"
                yield _case(item, "the window after", name, partial(_following, step=length, windows=windows))
                name = f"{windows} × {step} and a year later, {number}"
                if windows * length <= YEAR:
                    yield _case(item, "the same season", name, partial(_season, step=length, windows=windows))
        for column in _ONE_OF.get(item.name, ()):
            step = pd.Timedelta(item.steps[-1]) if item.steps else None
            for number in range(_TRIES // 2 if step else 0):
                take = partial(_following_category, column=column, step=step)
                yield _case(item, "one category, the window after", f"one {column} and the next, {number}", take)


Draw = Callable[[Table, np.random.Generator], Rows]


def _case(item: Table, kind: str, name: str, draw: Draw) -> LabelledCase:
    label = f"{item.name}/{name}"

    def build() -> Rows:
        return draw(item, np.random.default_rng(zlib.crc32(label.encode())))

    return LabelledCase(
        name=label, collection=f"healthy_{item.part}", domain=item.domain, kind=kind, accept=("healthy",), healthy=True,
        spec=item.spec, build=build, must_not=MUST_NOT, harmful=False, about=f"nothing has changed: {name}",
    )  # fmt: skip


def _shuffled(item: Table, rng: np.random.Generator, *, before: int, now: int) -> Rows:
    return shuffled(item.rows(), rng, before, now)


def _halves(item: Table, rng: np.random.Generator, *, most: int) -> Rows:
    return halves(item.rows(), rng, most)


def _of_one_category(item: Table, rng: np.random.Generator, column: str) -> pd.DataFrame:
    rows = item.rows()
    counts = rows[column].value_counts()
    chosen = rng.choice(counts.index[counts >= min(600, counts.max())].to_numpy())
    return rows[rows[column] == chosen]


def _shuffled_category(item: Table, rng: np.random.Generator, *, column: str) -> Rows:
    rows = _of_one_category(item, rng, column)
    return shuffled(rows, rng, int(len(rows) * 0.75), int(len(rows) * 0.25))


def _following_category(item: Table, rng: np.random.Generator, *, column: str, step: pd.Timedelta) -> Rows:
    rows = _of_one_category(item, rng, column)
    return following(rows, _start(rows, rng, 5 * step), step, 4)


def _following(item: Table, rng: np.random.Generator, *, step: pd.Timedelta, windows: int) -> Rows:
    rows = item.rows()
    return following(rows, _start(rows, rng, (windows + 1) * step), step, windows)


def _season(item: Table, rng: np.random.Generator, *, step: pd.Timedelta, windows: int) -> Rows:
    rows = item.rows()
    return season_later(rows, _start(rows, rng, YEAR + step), step, windows)


def _start(rows: pd.DataFrame, rng: np.random.Generator, length: pd.Timedelta) -> pd.Timestamp:
    """Return a midnight from which the rows go on for a while, or the first one where they do not."""
    first = rows[TIME].iloc[0].ceil("D")
    days = max(int((rows[TIME].iloc[-1] - first - length) / pd.Timedelta(days=1)), 0)
    return first + pd.Timedelta(days=int(rng.integers(0, days + 1)))
