"""Faults that are put into the window of a healthy pair. Each returns new rows and leaves the given ones alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from labelled.case import Rows
from labelled.tables import TIME, Conversion

Injury = Callable[[pd.DataFrame, pd.DataFrame, np.random.Generator], Rows]
"""(reference, window, rng) → the reference, and the window with the fault."""


def convert(columns: dict[str, Conversion], of: tuple[str, object] | None = None) -> Injury:
    """Bring columns into another unit, in all rows or in those of one source (a column and its value)."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, _: np.random.Generator) -> Rows:
        rows = window.copy()
        mask = pd.Series(data=True, index=rows.index) if of is None else rows[of[0]] == of[1]
        for name, (_, factor, offset) in columns.items():
            rows[name] = rows[name].astype(float).where(~mask, rows[name] * factor + offset)
        return reference, rows

    return injure


def deliver_again(*, new_clock: bool) -> Injury:
    """Deliver the last rows of the reference again, under the window's times or under their own."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, _: np.random.Generator) -> Rows:
        rows = reference.tail(len(window)).reset_index(drop=True)
        if new_clock:
            rows[TIME] = window[TIME].to_numpy()[: len(rows)]
        return reference, rows

    return injure


def multiply(times: int) -> Injury:
    """Deliver every row several times."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, _: np.random.Generator) -> Rows:
        return reference, pd.concat([window] * times).sort_values(TIME, kind="stable").reset_index(drop=True)

    return injure


def slide(columns: Sequence[str], fraction: float) -> Injury:
    """Let the values of some rows slide into the next column."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, rng: np.random.Generator) -> Rows:
        rows, chosen = window.copy(), rng.random(len(window)) < fraction
        values = window[list(columns)].astype(object)
        slid = values.shift(1, axis=1)
        slid.iloc[:, 0] = values.iloc[:, -1]
        for name in columns:
            mixed = values[name].where(~chosen, slid[name])
            numbers = pd.to_numeric(mixed, errors="coerce")
            rows[name] = numbers if numbers.notna().sum() == mixed.notna().sum() else mixed.map(_as_text)
        return reference, rows

    return injure


def put(columns: Sequence[str], value: object, fraction: float, *, run: bool = False) -> Injury:
    """Put a code into a share of the rows of some columns, here and there or one after the other."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, rng: np.random.Generator) -> Rows:
        rows = window.copy()
        chosen = np.arange(len(rows)) < fraction * len(rows) if run else rng.random(len(rows)) < fraction
        for name in columns:
            rows[name] = rows[name].astype(object).where(~chosen, value).infer_objects()
        return reference, rows

    return injure


def fill_blanks(column: str, value: object) -> Injury:
    """Deliver a value where blanks were."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, _: np.random.Generator) -> Rows:
        return reference, window.assign(**{column: window[column].fillna(value)})

    return injure


def replace(column: str, change: Callable[[object], object], fraction: float = 1.0) -> Injury:
    """Put something else for each value of a column, in all rows or a share of them."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, rng: np.random.Generator) -> Rows:
        changed = window[column].map(change, na_action="ignore")
        chosen = rng.random(len(window)) < fraction
        return reference, window.assign(**{column: changed.where(chosen, window[column])})

    return injure


def drop_rows(*, fraction: float = 0.0, gap: float = 0.0, of: tuple[str, Sequence[object]] | None = None) -> Injury:
    """Lose rows: a share at random, a stretch in the middle of the window, or those of some categories."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, rng: np.random.Generator) -> Rows:
        place = np.arange(len(window)) / len(window)
        lost = (rng.random(len(window)) < fraction) | (np.abs(place - 0.5) < gap / 2)
        if of is not None:
            lost |= window[of[0]].isin(list(of[1])).to_numpy()
        return reference, window[~lost].reset_index(drop=True)

    return injure


def drop_column(column: str, new_name: str = "") -> Injury:
    """Lose a column, or deliver it under another name."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, _: np.random.Generator) -> Rows:
        return reference, window.rename(columns={column: new_name}) if new_name else window.drop(columns=column)

    return injure


def swap(first: str, second: str) -> Injury:
    """Exchange two columns."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, _: np.random.Generator) -> Rows:
        return reference, window.assign(**{first: window[second], second: window[first]})

    return injure


def scatter(column: str) -> Injury:
    """Give the values of a column to other rows."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, rng: np.random.Generator) -> Rows:
        return reference, window.assign(**{column: rng.permutation(window[column].to_numpy())})

    return injure


def move_mix(target: str, factor: float) -> Injury:
    """Keep all positives and so few negatives that the share of positives is several times as large."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, rng: np.random.Generator) -> Rows:
        share = window[target].mean()
        wanted = min(factor * share, 0.9)
        kept = share * (1 - wanted) / (wanted * (1 - share))
        chosen = (window[target] == 1) | (rng.random(len(window)) < kept)
        return reference, window[chosen].reset_index(drop=True)

    return injure


def select(column: str) -> Injury:
    """Let only rows come whose value lies in the upper third: the inputs move, the relation does not."""

    def injure(reference: pd.DataFrame, window: pd.DataFrame, _: np.random.Generator) -> Rows:
        return reference, window[window[column] >= window[column].quantile(2 / 3)].reset_index(drop=True)

    return injure


def _as_text(value: object) -> object:
    return value if value is None or value != value else str(value)  # noqa: PLR0124  only NaN differs from itself
