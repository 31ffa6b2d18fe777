"""Faults that only the unseen cases have, in the form of ``faults.py``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from faults import Fault, resample
from heldout_populations import DAYS
from unseen_slices import SLICES, slice_rows

Chosen = Callable[[pd.DataFrame], "pd.Series[bool]"]
"""Which rows something happens to."""
MANY_ROWS = 6000
"""From here on a row that is drawn twice does not show."""


def convert_where(column: str, chosen: Chosen, factor: float, offset: float = 0.0, digits: int = 2) -> Fault:
    """Deliver the rows of some sources in another unit."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        values = current[column].astype(float)
        return current.assign(**{column: values.mask(chosen(current), np.round(values * factor + offset, digits))})

    return apply


def put_where(column: str, value: float | str | None, chosen: Chosen, share: float = 1.0) -> Fault:
    """Put one value, or a null, in place of a share of some sources' values."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        hit = chosen(current).to_numpy() & (rng.random(len(current)) < share)
        values = current[column].astype(object if isinstance(value, str) else current[column].dtype)
        return current.assign(**{column: values.mask(hit, np.nan if value is None else value)})

    return apply


def shift_clock(column: str, hours: int, chosen: Chosen | None = None) -> Fault:
    """Derive the hour from another time zone, for some sources or all."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        moved = (current[column] + hours) % 24
        return current.assign(**{column: moved if chosen is None else current[column].mask(chosen(current), moved)})

    return apply


def lose_where(chosen: Chosen) -> Fault:
    """Lose the rows of some sources: an inner join that found no partner."""
    return lambda _r, current, _rng: current[~chosen(current)].reset_index(drop=True)


def rename_values(column: str, words: dict[str, str]) -> Fault:
    """Deliver some values of an enumeration under other names."""
    return lambda _r, current, _rng: current.assign(**{column: current[column].replace(words)})


def rotate_values(column: str) -> Fault:
    """Deliver each category under the name of the next one: codes that were renumbered."""

    def apply(reference: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        names = sorted(reference[column].dropna().unique())
        return current.assign(**{column: current[column].map(dict(zip(names, names[1:] + names[:1], strict=True)))})

    return apply


def with_decimal_comma(column: str) -> Fault:
    """Deliver numbers as text with a comma: an export in another locale."""
    return lambda _r, current, _rng: current.assign(
        **{column: [f"{value:.2f}".replace(".", ",") for value in current[column]]}
    )


def without_decimals(column: str) -> Fault:
    """Cut decimals off: a column that became an integer."""
    return lambda _r, current, _rng: current.assign(**{column: np.floor(current[column]).astype(int)})


def deliver_as_it_was(windows_back: int, every: str = "day") -> Fault:
    """Deliver the rows of an earlier window again, under their old times."""

    def apply(reference: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        start = current["time"].min().floor("D")
        back = (
            [start - pd.DateOffset(months=value) for value in (windows_back, windows_back - 1)]
            if every == "month"
            else [start - pd.Timedelta(days=DAYS[every] * value) for value in (windows_back, windows_back - 1)]
        )
        return reference[(reference["time"] >= back[0]) & (reference["time"] < back[1])].reset_index(drop=True)

    return apply


def repeat_yesterday_from(hour: int) -> Fault:
    """Deliver yesterday's rows again from an hour of the day on, under today's date."""

    def apply(reference: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        today = current["time"].iloc[0].floor("D")
        old = reference[reference["time"] >= today - pd.Timedelta(days=1) + pd.Timedelta(hours=hour)]
        old = old.assign(time=old["time"] + pd.Timedelta(days=1))
        return pd.concat([current[current["time"].dt.hour < hour], old], ignore_index=True)

    return apply


def repeat_hours(first: int, last: int, times: int) -> Fault:
    """Deliver the rows of some hours several times, with the same times: a batch that was retried."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        again = current[current["time"].dt.hour.between(first, last)]
        return pd.concat([current, *[again] * (times - 1)]).sort_values("time", kind="stable").reset_index(drop=True)

    return apply


def more_of_all(draw: Callable[..., tuple[pd.DataFrame, pd.DataFrame]], times: float) -> Fault:
    """Add new rows of the same population, so that there are several times as many."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        fresh = draw(rng, round(len(current) * (times - 1)), 1, "day")[0]
        moved = fresh["time"] - fresh["time"].dt.floor("D") + current["time"].iloc[0].floor("D")
        return pd.concat([current, fresh.assign(time=moved)]).sort_values("time", kind="stable").reset_index(drop=True)

    return apply


def reselect(
    draw: Callable[..., tuple[pd.DataFrame, pd.DataFrame]], weight: Callable[[pd.DataFrame], np.ndarray], pool: int = 10
) -> Fault:
    """Select as many other rows of the population with weights, none of them twice; a row keeps its time of the day.

    A large sample is drawn from itself, where a repeated row does no harm.
    """

    def apply(reference: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        if len(current) >= MANY_ROWS:
            return resample(weight)(reference, current, rng)
        fresh = draw(rng, len(current), pool, "day")[0]
        return _picked(fresh, np.asarray(weight(fresh), dtype=float), current, rng)

    return apply


def reselect_bookings(name: str, weight: Callable[[pd.DataFrame], np.ndarray]) -> Fault:
    """Select bookings of a slice that neither window holds with weights, none of them twice."""
    if name not in SLICES:
        raise ValueError(f"{name!r} is no slice; slices: {', '.join(SLICES)}.")

    def apply(reference: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        if len(current) >= MANY_ROWS:
            return resample(weight)(reference, current, rng)
        pool = slice_rows(name)
        columns = [column for column in pool if column != "time"]
        known = pd.concat([pd.util.hash_pandas_object(frame[columns], index=False) for frame in (reference, current)])
        fresh = pool[~pd.util.hash_pandas_object(pool[columns], index=False).isin(known)]
        return _picked(fresh, np.asarray(weight(fresh), dtype=float), current, rng, keep_hours=False)

    return apply


def _picked(
    fresh: pd.DataFrame,
    weights: np.ndarray,
    current: pd.DataFrame,
    rng: np.random.Generator,
    *,
    keep_hours: bool = True,
) -> pd.DataFrame:
    chosen = fresh.iloc[rng.choice(len(fresh), len(current), replace=False, p=weights / weights.sum())]
    if not keep_hours:
        return chosen.assign(time=current["time"].to_numpy()).reset_index(drop=True)
    chosen, days = chosen.reset_index(drop=True), current["time"].dt.floor("D").reset_index(drop=True)
    moved = chosen.assign(time=days + (chosen["time"] - chosen["time"].dt.floor("D")))
    return moved.sort_values("time", kind="stable").reset_index(drop=True)


def classes_by(target: str, times: dict[object, float]) -> Callable[[pd.DataFrame], np.ndarray]:
    """Return weights by class: how many times more often than before each is drawn."""
    return lambda frame: frame[target].map(times).fillna(1.0).to_numpy(dtype=float)


def relabel(target: str, value: object, chosen: Chosen, share: float = 1.0) -> Fault:
    """Give a share of some rows another label at the same inputs: a new rule or definition."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        hit = chosen(current).to_numpy() & (rng.random(len(current)) < share)
        return current.assign(**{target: current[target].mask(hit, value)})

    return apply


def labels_until(target: str, share: float) -> Fault:
    """Deliver the labels of a share of the rows, drawn at random; the others have not arrived."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        late = rng.random(len(current)) >= share
        values = current[target].astype(object if current[target].dtype == object else float)
        return current.assign(**{target: values.mask(late, np.nan)})

    return apply


def add(columns: list[str], amount: float, noise: float = 0.0) -> Fault:
    """Move columns together by an amount: other weather, with the ties between them kept."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        step = np.round(amount + noise * rng.normal(size=len(current)), 1)
        return current.assign(**{column: current[column] + step for column in columns})

    return apply


def insert_cluster(values: dict[str, tuple[float, float]], share: float) -> Fault:
    """Replace rows by ones from a tight cloud of values that do not occur together: bots, a ring of fraud.

    ``values`` says of each column the quantiles of the reference that its values lie between.
    """

    def apply(reference: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        hit, changed = rng.random(len(current)) < share, current.copy()
        for column, (low, high) in values.items():
            drawn = reference[column].quantile(rng.uniform(low, high, len(current))).to_numpy()
            changed[column] = changed[column].astype(float).mask(hit, drawn)
        return changed

    return apply


def lose_end_of_month(day: int) -> Fault:
    """Lose the rows after a day of the month: the last files were not loaded."""
    return lambda _r, current, _rng: current[current["time"].dt.day <= day].reset_index(drop=True)


def refine_grain(minutes: tuple[int, ...], columns: list[str]) -> Fault:
    """Deliver readings of moments in between as well: other ones, near to those of the hour."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        parts = [current]
        for later in minutes:
            near = {name: np.round(current[name] * rng.normal(1, 0.02, len(current)), 1) for name in columns}
            parts.append(current.assign(time=current["time"] + pd.Timedelta(minutes=later), **near))
        return pd.concat(parts).sort_values("time", kind="stable").reset_index(drop=True)

    return apply


def columns_of_yesterday(columns: list[str]) -> Fault:
    """Take some columns from the same hour and machine of the day before: a feature table that was not built."""

    def apply(reference: pd.DataFrame, current: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
        day = pd.Timedelta(days=1)
        old = reference[reference["time"] >= current["time"].min() - day]
        keys = [frame.groupby("time").cumcount() for frame in (current, old)]
        left, right = current.assign(_machine=keys[0]), old.assign(_machine=keys[1], time=old["time"] + day)
        joined = left[["time", "_machine"]].merge(right[["time", "_machine", *columns]], "left")
        return current.assign(
            **{name: joined[name].where(joined[name].notna(), current[name]).to_numpy() for name in columns}
        )

    return apply
