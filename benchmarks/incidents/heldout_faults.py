"""Faults that only the held-out cases have, in the form of ``faults.py``."""

from __future__ import annotations

import numpy as np
import pandas as pd
from faults import Fault


def lose_after(hour: int) -> Fault:
    """Lose the rows from an hour of the day on: the extract ran too early."""
    return lambda _r, current, _rng: current[current["time"].dt.hour < hour].reset_index(drop=True)


def lose_group(column: str, value: str) -> Fault:
    """Lose the rows of one value: a partition that was not delivered."""
    return lambda _r, current, _rng: current[current[column] != value].reset_index(drop=True)


def deliver_window_of(days_back: int) -> Fault:
    """Deliver the rows of the day that many days back again, under today's date."""

    def apply(reference: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        today = current["time"].iloc[0].floor("D")
        old = reference[reference["time"].dt.floor("D") == today - pd.Timedelta(days=days_back)]
        return old.assign(time=old["time"] + pd.Timedelta(days=days_back)).reset_index(drop=True)

    return apply


def columns_from_yesterday(columns: list[str]) -> Fault:
    """Take some columns from earlier rows: a table that is joined was not refreshed."""

    def apply(reference: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        old = reference.iloc[-len(current) :]
        return current.assign(**{column: old[column].to_numpy() for column in columns})

    return apply


def swap(first: str, second: str) -> Fault:
    """Deliver two columns under each other's names."""
    return lambda _r, current, _rng: current.assign(**{first: current[second], second: current[first]})


def cap(column: str, quantile: float) -> Fault:
    """Cut a column off at a quantile of the reference: a field that became too narrow."""
    return lambda reference, current, _rng: current.assign(
        **{column: current[column].clip(upper=float(reference[column].quantile(quantile)))}
    )


def fill_with_mean(column: str, share: float) -> Fault:
    """Replace values by the reference's mean: a default for what could not be looked up."""

    def apply(reference: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        mean = round(float(reference[column].mean()), 2)
        return current.assign(**{column: current[column].astype(float).mask(rng.random(len(current)) < share, mean)})

    return apply


def negate(column: str, share: float = 1.0) -> Fault:
    """Turn the sign of a column, or of a share of its rows."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        values = current[column].astype(float)
        return current.assign(**{column: values.mask(rng.random(len(current)) < share, -values)})

    return apply


def as_bands(column: str, edges: list[float]) -> Fault:
    """Deliver a number as letters for bands."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        letters = np.array(list("ABCDEFGHIJ"))
        return current.assign(**{column: letters[np.searchsorted(edges, current[column].to_numpy())]})

    return apply


def translate(column: str, words: dict[str, str]) -> Fault:
    """Deliver categories in other words."""
    return lambda _r, current, _rng: current.assign(**{column: current[column].map(words)})


def slow_down(target: str, share: float, factor: float) -> Fault:
    """Multiply a numeric label in a share of rows that no input tells apart."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        hit = rng.random(len(current)) < share
        return current.assign(**{target: current[target].where(~hit, np.round(current[target] * factor, 1))})

    return apply
