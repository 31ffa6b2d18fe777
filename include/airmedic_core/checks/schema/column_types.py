"""Columns that hold values of another type than they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.checks.schema.options import LIMITS, Options
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.columns import ColumnType
    from airmedic_core.comparison import CheckContext

_BOOLEAN_WORDS = frozenset({"true", "false", "0", "1", "0.0", "1.0"})
_NUMBERS = frozenset({"integer", "number"})
_ONE_CELL = frozenset({"text", "mixed", "boolean", *_NUMBERS})
"""Types that a file without types writes alike."""


def type_findings(context: CheckContext, name: str) -> list[Finding]:
    """Return the finding on a column whose values are of another type."""
    before = context.reference.schema.get(name)
    values = context.frame[name]
    if before is None or not hasattr(values, "dtype"):
        return []
    from airmedic_core.columns import column_type

    now = column_type(values)
    if not _differs(before, now, values):
        return []
    return [
        Finding(
            "schema", name, "type", Verdict.ALERT, effect=1.0, sample_size=context.batch.rows,
            message=f"{name} was {before.value} and is {now.value} now, such as {_example(values)}.",
            suggests=(Cause.SCHEMA_CHANGE,), role=Role.DATA_FAULT,
            details={"before": before.value, "now": now.value},
        )
    ]  # fmt: skip


def _differs(before: ColumnType, now: ColumnType, values: pd.Series) -> bool:
    kinds = {before.value, now.value}
    if now == before or now.value == "empty" or kinds <= _NUMBERS:
        return False
    if not kinds <= _ONE_CELL:
        return True
    # Numbers as text are harmless where they read as numbers; text for categories may look like anything.
    if before.value in _NUMBERS:
        from airmedic_core.profile.values import numbers

        read, unreadable = numbers(values)
        return unreadable > LIMITS.number_text * max(len(read), 1)
    return before.value == "boolean" and now.value not in _NUMBERS and not _boolean_words(values)


def _boolean_words(values: pd.Series) -> bool:
    return set(values.dropna().astype(str).str.lower().unique()) <= _BOOLEAN_WORDS


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
    if share - usual < options.unreadable_fraction:
        return []
    return [
        Finding(
            "schema", name, "unreadable_fraction", Verdict.ALERT, value=share, baseline=usual,
            limit=usual + options.unreadable_fraction, effect=share - usual, sample_size=now.rows, unit="fraction",
            message=f"{percent(share)} of the values of {name} are no numbers, such as {_no_number(context, name)}.",
            suggests=(Cause.SCHEMA_CHANGE,), role=Role.DATA_FAULT,
        )
    ]  # fmt: skip


def _no_number(context: CheckContext, name: str) -> str:
    import pandas as pd

    values = context.frame[name]
    return _example(values[pd.to_numeric(values, errors="coerce").isna() & values.notna()])


def _example(values: pd.Series) -> str:
    present = values.dropna()
    return repr(str(present.iloc[0])[:40]) if len(present) else "nothing"
