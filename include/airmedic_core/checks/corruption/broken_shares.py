"""Shares of broken values: how far beyond their own history they lie, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.checks.corruption.options import LIMITS
from airmedic_core.records import Cause, Finding, Json, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext

WHERE_THE_COLUMN_CHANGED = (Cause.UNIT_CHANGE, Cause.SCHEMA_CHANGE)
"""Causes that put a column's values elsewhere: they look damaged, and are not."""
WHERE_ROWS_ARE_STRANGE = (*WHERE_THE_COLUMN_CHANGED, Cause.ANOMALY_SPIKE)
"""The same for what rows that are extreme in many columns at once also show: extreme values, and repeated ones."""


def broken_finding(
    context: CheckContext, name: str, statistic: str, share: float, usual: float, limit: float, text: str,
    verdict: Verdict = Verdict.ALERT, *, explained_by: tuple[Cause, ...] = WHERE_THE_COLUMN_CHANGED,
    details: Json | None = None,
) -> Finding:  # fmt: skip
    """Return the finding of a share of broken values beside its usual one.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        The column, or ``batch``.
    statistic : str
        What was measured.
    share, usual : float
        The fraction of the rows, now and in earlier windows.
    limit : float
        How far the share may lie above the usual one.
    text : str
        The finding in words.
    verdict : Verdict
        What the share amounts to.
    explained_by : tuple of Cause
        Causes of which such a share is only a symptom.
    details : dict, optional
        What else is known, such as how the fault is undone.
    """
    return Finding(
        "corruption", name, statistic, verdict, value=share, baseline=usual, limit=usual + limit, effect=share - usual,
        sample_size=context.batch.rows, unit="fraction", message=text, suggests=(Cause.DATA_CORRUPTION,),
        role=Role.DATA_FAULT, explained_by=explained_by, details=details or {},
    )  # fmt: skip


def beyond(
    rows: int, share: float, past: list[float], least: float, spreads: float, *, rarest: float | None = None
) -> bool:
    """Say whether a fraction lies beyond its history, by more than matters and than windows or rows explain.

    Parameters
    ----------
    rows : int
        Rows of the window.
    share : float
        The fraction of them.
    past : list of float
        The same fraction in earlier windows.
    least : float
        The smallest rise that matters.
    spreads : float
        How many standard deviations of windows and of rows together the rise must exceed.
    rarest : float, optional
        The fraction that counts as usual for what history never had. One row of the window where not given.

    Examples
    --------
    Where 1 % are usual, 9 % of 500 rows are beyond what windows and rows explain; of 20 rows they are not.

    >>> past = [0.010, 0.012, 0.008, 0.011]
    >>> beyond(500, 0.09, past, least=0.05, spreads=5.0), beyond(20, 0.09, past, least=0.05, spreads=5.0)
    (True, False)
    """
    import numpy as np

    usual = float(np.mean(past)) if past else 0.0
    rows = max(rows, 1)
    noise = float(np.sqrt(max(usual * (1.0 - usual), 1.0 / rows if rarest is None else rarest) / rows))
    spread = float(np.std(past, ddof=1)) if len(past) > 1 else 0.0
    return share - usual > max(least, spreads * float(np.hypot(noise, spread))) and share > max(past, default=0.0)


def rarest_share(context: CheckContext) -> float:
    """Return the share of a value that none of the reference's rows has had: at most one in so many."""
    return 1.0 / max(context.reference.whole.rows, 1)


def never_seen(share: float, values: int, past: list[float]) -> bool:
    """Say whether no earlier window has had what now takes a share of so many values, and it is more than a slip.

    Parameters
    ----------
    share : float
        Its share in this window.
    values : int
        The values that the window has in the column.
    past : list of float
        Its share in each earlier window.

    Examples
    --------
    >>> never_seen(0.02, 500, [0.0, 0.0]), never_seen(0.02, 100, [0.0, 0.0]), never_seen(0.02, 500, [0.0, 0.001])
    (True, False, False)
    """
    return not any(past) and share * values >= LIMITS.new_value_rows
