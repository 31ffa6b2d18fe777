"""Leaves out single rows whose time lies years away from all others: 1970 and 2262 are no days of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

_BULK = 0.1, 0.9
"""Quantiles of the times: between these lie the rows that say when the set happened."""
_REACH_SPANS = 5.0
"""Times the span of the bulk: rows farther away are not of the same time, however it is spread."""
_LEAST_REACH_DAYS = 365.0
"""A row may be late or early by a season; a year is a damaged time."""
_MANY_FRACTION, _MANY_ROWS = 0.05, 3
"""From so many rows on, the times are damaged; fewer are told of and looked at no further."""


def without_strays(spec: ModelSpec, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return rows without those whose time lies years away from all others, and a finding on these.

    One such row would make the window decades long, and hide that most of its rows are missing.

    Parameters
    ----------
    spec : ModelSpec
        Names the time column.
    rows : pandas.DataFrame
        In the order of their times, which are moments.
    """
    column = spec.data.time_column
    seconds = rows[column].dt.as_unit("ns").astype("int64").to_numpy() / 1e9
    first, last = np.quantile(seconds, _BULK, method="nearest")
    reach = max(_REACH_SPANS * (last - first), _LEAST_REACH_DAYS * 86_400)
    stray = (seconds < first - reach) | (seconds > last + reach)
    count = int(stray.sum())
    if not count:
        return rows, []
    share = count / len(rows)
    many = count >= _MANY_ROWS and share > _MANY_FRACTION
    example = rows[column][stray].iloc[0]
    told = f"{count} row lies" if count == 1 else f"{count} rows lie"
    finding = Finding(
        "pair", column, "stray_times", Verdict.ALERT if many else Verdict.WATCH, value=share, baseline=0.0,
        limit=_MANY_FRACTION, effect=share, sample_size=len(rows), unit="fraction",
        suggests=(Cause.DATA_CORRUPTION,) if many else (), role=Role.DATA_FAULT if many else Role.INFORMATION,
        message=f"{told} years away from all others in {column}, such as {example:%Y-%m-%d}; left out.",
    )  # fmt: skip
    return rows[~stray].reset_index(drop=True), [finding]
