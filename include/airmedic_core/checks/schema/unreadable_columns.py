"""Columns of numbers that hold what is no number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.checks.schema.options import LIMITS, Options
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext


def unreadable_findings(context: CheckContext, name: str, options: Options) -> list[Finding]:
    """Return the finding on a column of numbers in which more values than usual are no numbers.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        A column that the window has.
    options : Options
        Of the check.
    """
    from airmedic_core.profile import NumericProfile

    now, before = context.profile.columns[name], context.reference.whole.columns[name]
    if not isinstance(now, NumericProfile) or not isinstance(before, NumericProfile) or not now.unreadable:
        return []
    share, usual = now.unreadable / max(now.rows, 1), before.unreadable / max(before.rows, 1)
    # Of numbers alone nobody expects text: what none of many rows has had is no chance in a few of them.
    never = not before.unreadable and before.rows >= LIMITS.constant_rows and now.unreadable >= LIMITS.varied_rows
    least = min(options.unreadable_fraction, LIMITS.new_text) if never else options.unreadable_fraction
    if share - usual < least:
        return []
    # Single values that are no numbers are damaged; a column of them is delivered in another form.
    causes = (Cause.DATA_CORRUPTION, Cause.SCHEMA_CHANGE)
    return [
        Finding(
            "schema", name, "unreadable_fraction", Verdict.ALERT, value=share, baseline=usual,
            limit=usual + least, effect=share - usual, sample_size=now.rows, unit="fraction",
            message=f"{percent(share)} of the values of {name} are no numbers, such as {_no_number(context, name)}.",
            suggests=causes if share <= LIMITS.mostly_text else causes[::-1], role=Role.DATA_FAULT,
        )
    ]  # fmt: skip


def _no_number(context: CheckContext, name: str) -> str:
    import pandas as pd

    values = context.frame[name]
    return _example(values[pd.to_numeric(values, errors="coerce").isna() & values.notna()])


def _example(values: pd.Series) -> str:
    present = values.dropna()
    return repr(str(present.iloc[0])[:40]) if len(present) else "nothing"
