"""Shares of broken values: how far beyond their own history they lie, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext

WHERE_THE_COLUMN_CHANGED = (Cause.UNIT_CHANGE, Cause.SCHEMA_CHANGE)
"""Causes that put a column's values elsewhere: they look damaged, and are not."""
WHERE_ROWS_ARE_STRANGE = (*WHERE_THE_COLUMN_CHANGED, Cause.ANOMALY_SPIKE)
"""The same for what rows that are extreme in many columns at once also show: extreme values, and repeated ones."""


def broken_finding(
    context: CheckContext, name: str, statistic: str, share: float, usual: float, limit: float, text: str,
    verdict: Verdict = Verdict.ALERT, *, explained_by: tuple[Cause, ...] = WHERE_THE_COLUMN_CHANGED,
) -> Finding:  # fmt: skip
    """Return the finding of a share of broken values beside its usual one."""
    return Finding(
        "corruption", name, statistic, verdict, value=share, baseline=usual, limit=usual + limit, effect=share - usual,
        sample_size=context.batch.rows, unit="fraction", message=text, suggests=(Cause.DATA_CORRUPTION,),
        role=Role.DATA_FAULT, explained_by=explained_by,
    )  # fmt: skip


def beyond(
    context: CheckContext, share: float, past: list[float], least: float, spreads: float, *, rarest: float | None = None
) -> bool:
    """Whether a fraction lies beyond its history, by more than matters and than windows or rows explain.

    What history never had counts as usual in one row of the window, or in a share of ``rarest`` where that is given.

    Parameters
    ----------
    context : CheckContext
        Says how many rows there are.
    share : float
        Of this window.
    past : list of float
        Of earlier windows.
    least : float
        A rise up to here is of no interest.
    spreads : float
        Standard deviations, of rows and windows together, by which it must exceed the mean of its history.
    rarest : float, optional
        Share that stands in for one that history never had.
    """
    import numpy as np

    usual = float(np.mean(past)) if past else 0.0
    rows = max(context.batch.rows, 1)
    noise = float(np.sqrt(max(usual * (1.0 - usual), 1.0 / rows if rarest is None else rarest) / rows))
    spread = float(np.std(past, ddof=1)) if len(past) > 1 else 0.0
    return share - usual > max(least, spreads * float(np.hypot(noise, spread))) and share > max(past, default=0.0)
