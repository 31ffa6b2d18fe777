"""Categories that stand in for others: words for "missing", and one value in every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from airmedic_core.checks.corruption.broken_shares import beyond, broken_finding, never_seen, rarest_share
from airmedic_core.checks.corruption.options import LIMITS, Options
from airmedic_core.checks.corruption.stuck_columns import never_stuck
from airmedic_core.measures.stand_in_values import is_certain_stand_in, is_stand_in
from airmedic_core.numbers import percent
from airmedic_core.profile import CategoricalProfile
from airmedic_core.repair import MakeNull, repairable

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.profile.columns import ColumnProfile
    from airmedic_core.records import Finding


def category_stand_ins(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    """Yield what of a column of categories is a word for "missing", or one value in every row.

    A word that hardly means anything else counts from ``unseen_fraction`` of the rows where it was never seen.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        A column of categories.
    options : Options
        Of the check.
    """
    column = context.profile.columns[name]
    if isinstance(column, CategoricalProfile):
        yield from _words_for_missing(context, name, column, options)
        yield from _stuck(context, name, column, options)


def _words_for_missing(
    context: CheckContext, name: str, column: CategoricalProfile, options: Options
) -> Iterator[Finding]:
    known = [profile.columns[name] for profile in context.past_profiles] or [context.reference.whole.columns[name]]
    kinds = ((is_stand_in, options.value_fraction), (is_certain_stand_in, options.unseen_fraction))
    for means_missing, least_if_new in kinds:
        share, past = _share_of(column, means_missing), [_share_of(before, means_missing) for before in known]
        new = never_seen(share, column.values, past)
        least = least_if_new if new else options.value_fraction
        rarest = rarest_share(context) if new else None
        if beyond(context.batch.rows, share, past, least, options.spreads, rarest=rarest):
            usual = sum(past) / len(past)
            words = {value: rows for value, rows in _rows_by_name(column).items() if rows and means_missing(value)}
            example = max(words, key=lambda value: words[value])
            text = f"{percent(share)} of {name} hold a stand-in such as {example!r}; usual are {percent(usual, 1)}."
            # Words that the model has learned stay: what is usual is no fault.
            known_words = set(context.reference.edges.categorical[name].positions)
            new_words = tuple(value for value in words if value not in known_words)
            details = repairable(MakeNull(name, new_words)) if new_words else None
            yield broken_finding(context, name, "stand_in_fraction", share, usual, least, text, details=details)
            return


def _share_of(column: ColumnProfile, chosen: Callable[[str], bool]) -> float:
    """Return the share of the rows whose category is chosen."""
    if not isinstance(column, CategoricalProfile) or not column.values:
        return 0.0
    return sum(rows for value, rows in _rows_by_name(column).items() if chosen(value)) / column.values


def _rows_by_name(column: CategoricalProfile) -> dict[str, int]:
    return dict(zip(column.categories, map(int, column.counts), strict=True)) | column.unseen_names


def _stuck(context: CheckContext, name: str, column: CategoricalProfile, options: Options) -> Iterator[Finding]:
    top = int(column.counts.max(initial=0))
    if column.values < LIMITS.constant_rows or top < column.values:
        return
    columns = [profile.columns[name] for profile in context.past_profiles]
    past = [before for before in columns if isinstance(before, CategoricalProfile) and before.values]
    top_shares = [float(max(before.counts.max(initial=0), before.unseen) / before.values) for before in past]
    if len(top_shares) < LIMITS.stuck_category_windows or max(top_shares) > LIMITS.usual_share:
        return
    beyond_history = beyond(context.batch.rows, 1.0, top_shares, options.value_fraction, options.spreads)
    if not beyond_history and not never_stuck(context, name, top_shares):
        return
    value, most = column.categories[int(column.counts.argmax())], max(top_shares)
    text = f"{name} is {value!r} in every row; in earlier windows no value took more than {percent(most)}."
    yield broken_finding(context, name, "constant", 1.0, most, options.value_fraction, text)
