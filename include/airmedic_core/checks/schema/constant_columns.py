"""Columns that held one value in every row of the reference, and hold others now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.checks.schema.options import LIMITS, Options
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext


def constant_findings(context: CheckContext, name: str, options: Options) -> list[Finding]:
    """Return the finding on a column that never varied and does now: it is filled by another source, or means more.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        A column that the window has.
    options : Options
        Of the check.

    Examples
    --------
    A reference of 5,600 rows in which a column is 1 leaves no room for a day of other values.

    >>> from airmedic_core.simulate.example import example_context
    >>> constant_findings(example_context(), "income", Options())
    []
    """
    from airmedic_core.profile import NumericProfile

    usual, now = context.reference.whole.columns[name], context.profile.columns[name]
    if not isinstance(usual, NumericProfile) or not isinstance(now, NumericProfile):
        return []
    if usual.minimum is None or usual.minimum != usual.maximum or usual.values < LIMITS.constant_rows:
        return []
    if any(
        isinstance(past := profile.columns[name], NumericProfile) and past.values
        and (past.minimum, past.maximum) != (usual.minimum, usual.minimum)
        for profile in context.past_profiles
    ):  # fmt: skip
        return []
    from airmedic_core.profile.values import numbers

    values = numbers(context.frame[name])[0]
    known = values[values == values]  # noqa: PLR0124  not-a-number is missing, and unlike itself
    share = float((known != usual.minimum).mean()) if len(known) else 0.0
    if share < options.unseen_fraction or share * len(known) < LIMITS.varied_rows:
        return []
    turns = int((known[1:] != known[:-1]).sum())
    if turns <= min(2 * len(set(known.tolist())), len(known) / LIMITS.rows_of_a_step):
        # What moves on by steps, such as a rate that holds for a quarter, has not begun to vary: it has moved.
        return []
    text = (
        f"{percent(share)} of {name} are other than {usual.minimum:g}, which it was in all {usual.values:,} rows of "
        "the reference."
    )
    return [
        Finding(
            "schema", name, "constant_ended", Verdict.ALERT, value=share, baseline=0.0, limit=options.unseen_fraction,
            effect=share, sample_size=len(known), unit="fraction", message=text, suggests=(Cause.SCHEMA_CHANGE,),
            role=Role.DATA_FAULT,
        )
    ]  # fmt: skip
