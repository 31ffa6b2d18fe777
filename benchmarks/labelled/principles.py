"""Generated pairs that follow from what a word means: for rules that no other labelled case decides.

A code that lies among ordinary sizes, a time stamp that lost its hour, a clock that was never set, a service that
answers nothing: each is wrong whatever the data are, so nobody has to judge the case.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from labelled.case import LabelledCase, Rows

_DAYS, _WINDOW_DAYS, _ROWS_A_DAY = 70, 10, 96
_NUMBERS, _CATEGORIES = ("age", "warmth"), ("kind",)
Damage = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def principles() -> list[LabelledCase]:
    """Return all cases."""
    cases = [
        _case("nothing changed", _nothing, "healthy"),
        _case("99 stands for an unknown age in 8 %", partial(_code, "age", 99), "data_corruption"),
        _case("0 stands for an unknown warmth in 8 %", partial(_code, "warmth", 0), "data_corruption"),
        _case("times lose their hour", _without_hours, "schema_change", "data_corruption"),
        _case("a clock was not set in 8 %", _unset_clock, "data_corruption"),
    ]
    for name, damage in (("nothing changed", _nothing), ("no answer in 60 %", _no_answer), ("one answer", _one_answer)):
        right = ("healthy",) if damage is _nothing else ("unknown", "bad_deployment", "data_corruption")
        cases.append(_case(f"logged answers without labels: {name}", damage, *right, logged=True))
    return cases


def _case(name: str, damage: Damage, *accept: str, logged: bool = False) -> LabelledCase:
    healthy = accept == ("healthy",)
    spec = {
        "name": "principles",
        "task": "binary",
        "target": "bought",
        "data": {"source": "file", "path": "rows.parquet", "time_column": "at"},
        "features": {"numeric": list(_NUMBERS), "categorical": list(_CATEGORIES)},
        **({"prediction": {"score": "score"}} if logged else {}),
    }
    return LabelledCase(
        name=f"principles:{name}", collection="principles", domain="principles", kind=accept[0], accept=accept,
        healthy=healthy, spec=spec, build=partial(_build, damage, logged), injected=not healthy,
        harmful=not healthy, must_not=frozenset() if healthy else frozenset({"retrain"}), about=name,
    )  # fmt: skip


def _build(damage: Damage, logged: bool) -> Rows:
    random = np.random.default_rng(11)
    rows = _DAYS * _ROWS_A_DAY
    at = pd.date_range("2026-01-01", periods=rows, freq="15min")
    age, warmth = random.integers(18, 91, rows), np.clip(random.normal(30, 5, rows), 12, 48).round(1)
    chance = 1 / (1 + np.exp(-(age - 54) / 12))
    kind = random.choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2])
    bought = (random.random(rows) < chance).astype(float)
    frame = pd.DataFrame({"at": at, "age": age, "warmth": warmth, "kind": kind, "bought": bought})
    if logged:
        frame["score"] = np.clip(chance + random.normal(0, 0.02, rows), 0, 1)
        frame["bought"] = np.nan
    split = rows - _WINDOW_DAYS * _ROWS_A_DAY
    return frame[:split], damage(frame[split:].reset_index(drop=True), random)


def _nothing(rows: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return rows


def _code(column: str, code: float, rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    return rows.assign(**{column: rows[column].where(random.random(len(rows)) > 0.08, code)})


def _without_hours(rows: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return rows.assign(at=rows["at"].dt.floor("D"))


def _unset_clock(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    return rows.assign(at=rows["at"].where(random.random(len(rows)) > 0.08, pd.Timestamp("1970-01-01")))


def _no_answer(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    return rows.assign(score=rows["score"].where(random.random(len(rows)) > 0.6))


def _one_answer(rows: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return rows.assign(score=0.5)
