"""Rows of one window that repeat each other: a delivery that was made twice, and what only looks like one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.checks.corruption.broken_shares import beyond, broken_finding
from airmedic_core.checks.corruption.options import LIMITS, Options
from airmedic_core.numbers import percent
from airmedic_core.records import Finding, Json
from airmedic_core.repair import DropRepeats, repairable, row_hashes

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext, RowFacts


def duplicates(context: CheckContext, options: Options) -> list[Finding]:
    """Return a finding where more rows than usual repeat another row of the window in every column.

    A delivery that is repeated repeats its rows equally often. Rows that were drawn with replacement, to have more of a
    rare class, come in all numbers and are left to the checks of the labels.

    Parameters
    ----------
    context : CheckContext
        The window.
    options : Options
        How much more than usual matters.

    Examples
    --------
    >>> import pandas as pd
    >>> from airmedic_core.simulate.example import example_context
    >>> thrice = example_context(lambda day: pd.concat([day] * 3).sort_values("at"))
    >>> print(duplicates(thrice, Options())[0].message)
    67 % of the rows repeat another row of the window in every column; usual are 0 %.
    """
    now = context.facts
    if not now.whole or now.same_copies < LIMITS.same_copies:
        return []
    past = [facts.duplicate_fraction for facts in context.past_facts]
    share = now.duplicate_fraction
    if not past:
        reference = _whole_reference(context)
        every_row_repeated = now.alone_fraction <= LIMITS.alone_fraction
        if reference is None or not every_row_repeated or reference.alone_fraction < LIMITS.usually_alone:
            return []
        past = [reference.duplicate_fraction]
    if not beyond(context.batch.rows, share, past, options.duplicate_fraction, options.spreads):
        return []
    usual = sum(past) / len(past)
    text = f"{percent(share)} of the rows repeat another row of the window in every column; usual are {percent(usual)}."
    return [
        broken_finding(
            context, "batch", "duplicate_fraction", share, usual, options.duplicate_fraction, text,
            details=_without_repeats(context, usual),
        )
    ]  # fmt: skip


def _without_repeats(context: CheckContext, usual: float) -> Json:
    """Return how repeated rows are taken back to what they were, or why nobody can tell what they were."""
    import numpy as np

    logged = context.spec.prediction
    said = {logged.score, logged.label, logged.latency_ms, logged.version}
    ignored = tuple(name for name in map(str, context.frame) if name in said or context.spec.is_class_score(name))
    copies = np.unique(row_hashes(context.frame.drop(columns=list(ignored))), return_counts=True)[1]
    often = int(np.bincount(copies[copies > 1]).argmax())
    if (copies[copies > 1] % often).any():
        return repairable(why_not="Some rows come another number of times than the others that are repeated.")
    if usual and (copies == 1).any():
        return repairable(why_not="Some rows usually repeat others, and those are not told from what came twice.")
    return repairable(DropRepeats(often, ignored))


def _whole_reference(context: CheckContext) -> RowFacts | None:
    """Return the facts of a reference that is not split into windows; None where a sample of its rows is at hand."""
    from airmedic_core.comparison import row_facts

    rows = context.reference_rows
    if rows is None or len(rows) < context.reference.whole.rows:
        return None
    return row_facts(context.spec, rows, context.batch.window, list(context.features))
