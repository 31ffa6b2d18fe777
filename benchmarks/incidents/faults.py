"""Faults and real changes, each a function of the current window (and, where it must, of the reference).

``size`` runs from 0 (nothing) to 1 (everything). What a function changes is all it changes: a shift of inputs keeps the
relation, a change of the relation keeps the inputs, a change of the class mix keeps the inputs of each class.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

Fault = Callable[[pd.DataFrame, pd.DataFrame, np.random.Generator], pd.DataFrame]
"""(reference, current, rng) → current with the fault."""


def chain(*faults: Fault) -> Fault:
    """Apply several faults in turn."""

    def apply(reference: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        for fault in faults:
            current = fault(reference, current, rng)
        return current

    return apply


def nothing() -> Fault:
    """Leave the window as it is."""
    return lambda _reference, current, _rng: current


def lose_rows(keep: float) -> Fault:
    """Keep a share of the rows."""
    return lambda _r, current, rng: current[rng.random(len(current)) < keep].reset_index(drop=True)


def lose_hours(first: int, last: int) -> Fault:
    """Lose all rows of some hours of the day."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        hour = current["time"].dt.hour
        return current[~hour.between(first, last)].reset_index(drop=True)

    return apply


def repeat_rows(times: float) -> Fault:
    """Deliver rows more than once, with new times: a retried load."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        extra = current.iloc[rng.integers(0, len(current), int(len(current) * (times - 1)))]
        return pd.concat([current, extra]).sort_values("time", kind="stable").reset_index(drop=True)

    return apply


def deliver_earlier_window(share: float = 1.0) -> Fault:
    """Deliver the rows of an earlier window again, under today's times: a stale extract."""

    def apply(reference: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        old = reference.iloc[-len(current) :].reset_index(drop=True)
        stale = rng.random(len(current)) < share
        mixed = current.copy()
        columns = [column for column in current if column != "time"]
        mixed.loc[stale, columns] = old.loc[np.flatnonzero(stale), columns].to_numpy()
        return mixed.astype({column: current[column].dtype for column in columns})

    return apply


def drop_column(column: str) -> Fault:
    """Lose a column."""
    return lambda _r, current, _rng: current.drop(columns=column)


def rename_column(column: str, new: str) -> Fault:
    """Rename a column."""
    return lambda _r, current, _rng: current.rename(columns={column: new})


def as_text(column: str, form: str = "{:.2f} EUR") -> Fault:
    """Deliver a number as text."""
    return lambda _r, current, _rng: current.assign(**{column: [form.format(value) for value in current[column]]})


def recode(column: str) -> Fault:
    """Deliver categories under new names (upper case, underscores), as after a change of the source system."""
    return lambda _r, current, _rng: current.assign(
        **{column: current[column].astype(str).str.upper().str.replace(r"\W+", "_", regex=True) + "_V2"}
    )


def as_codes(column: str) -> Fault:
    """Deliver categories as integer codes."""
    return lambda _r, current, _rng: current.assign(**{column: pd.Categorical(current[column]).codes.astype(str)})


def scale(column: str, factor: float, offset: float = 0.0, share: float = 1.0) -> Fault:
    """Deliver a column, or a share of its rows, in another unit."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        values = current[column].astype(float)
        changed = rng.random(len(current)) < share
        return current.assign(**{column: values.where(~changed, values * factor + offset)})

    return apply


def nulls(column: str, share: float) -> Fault:
    """Lose values of a column."""
    return lambda _r, current, rng: current.assign(**{column: current[column].mask(rng.random(len(current)) < share)})


def fill(column: str, value: float | str, share: float) -> Fault:
    """Replace values by a sentinel or a default."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        hit = rng.random(len(current)) < share
        column_values = current[column].astype(float if isinstance(value, int | float) else object)
        return current.assign(**{column: column_values.mask(hit, value)})

    return apply


def freeze(column: str) -> Fault:
    """Deliver one value for the whole window: a stuck sensor."""
    return lambda _r, current, _rng: current.assign(**{column: current[column].iloc[0]})


def spike(column: str, factor: float, share: float) -> Fault:
    """Multiply a few values beyond anything seen."""

    def apply(reference: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        top = float(reference[column].max())
        hit = rng.random(len(current)) < share
        values = current[column].astype(float)
        return current.assign(**{column: values.mask(hit, top * factor * (1 + rng.random(len(current))))})

    return apply


def shuffle(column: str) -> Fault:
    """Break a column's tie to all others, keeping its distribution: a join on the wrong key."""
    return lambda _r, current, rng: current.assign(**{column: rng.permutation(current[column].to_numpy())})


def resample(weight: Callable[[pd.DataFrame], np.ndarray]) -> Fault:
    """Draw the window again with weights that depend on the inputs only: the relation stays as it is."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        weights = np.asarray(weight(current), dtype=float)
        picked = rng.choice(len(current), len(current), p=weights / weights.sum())
        return current.iloc[np.sort(picked)].assign(time=current["time"].to_numpy()).reset_index(drop=True)

    return apply


def class_mix(target: str, positive_share: float) -> Fault:
    """Draw the window again with another share of positives; inputs given the class stay as they are."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        positive = current[target].to_numpy() == 1
        weights = np.where(positive, positive_share / positive.mean(), (1 - positive_share) / (1 - positive.mean()))
        picked = rng.choice(len(current), len(current), p=weights / weights.sum())
        return current.iloc[np.sort(picked)].assign(time=current["time"].to_numpy()).reset_index(drop=True)

    return apply


def exchange_labels(target: str, group: Callable[[pd.DataFrame], pd.Series], share: float) -> Fault:
    """Permute the labels of a share of a group's rows: relation changed, inputs and class mix kept."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        hit = np.flatnonzero(group(current).to_numpy() & (rng.random(len(current)) < share))
        labels = current[target].to_numpy().copy()
        labels[hit] = labels[rng.permutation(hit)]
        return current.assign(**{target: labels})

    return apply


def invert_labels(target: str, group: Callable[[pd.DataFrame], pd.Series]) -> Fault:
    """Turn the label of a group around: what kept now leaves."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        hit = group(current).to_numpy()
        return current.assign(**{target: np.where(hit, 1 - current[target], current[target])})

    return apply


def grow_target(target: str, factor: float, group: Callable[[pd.DataFrame], pd.Series] | None = None) -> Fault:
    """Multiply a numeric label: demand grows at the same inputs."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        hit = np.ones(len(current), bool) if group is None else group(current).to_numpy()
        return current.assign(**{target: np.where(hit, np.round(current[target] * factor), current[target])})

    return apply


def hide_labels(target: str) -> Fault:
    """Deliver the window before its labels are known."""
    return lambda _r, current, _rng: current.assign(**{target: np.nan})


def scramble_rows(columns: list[str], share: float) -> Fault:
    """Replace rows by combinations of extreme but possible values that do not occur together: abuse, bots."""

    def apply(reference: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        hit = rng.random(len(current)) < share
        changed = current.copy()
        for column in columns:
            low, high = reference[column].quantile([0.002, 0.998])
            extreme = np.where(rng.random(len(current)) < 0.5, low, high)
            changed[column] = changed[column].astype(float).mask(hit, extreme)
        return changed

    return apply
