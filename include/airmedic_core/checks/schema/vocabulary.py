"""Categories that the reference does not know: a new vocabulary, or old categories under new names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airmedic_core.checks.schema.options import LIMITS, Options
from airmedic_core.measures.stand_in_values import is_stand_in
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict
from airmedic_core.repair import RenameValues, repairable

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.profile import CategoricalProfile


def vocabulary_findings(context: CheckContext, name: str, options: Options) -> list[Finding]:
    """Return the finding on categories of a column that are new in more rows than usual.

    A category may be new to the business; a whole vocabulary is new to the source. Where categories look renamed, fewer
    rows are enough.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        A column that the window has.
    options : Options
        Of the check.
    """
    from airmedic_core.measures.chances import BY_ROWS_ALONE, chance_beyond_all
    from airmedic_core.measures.column_statistics import one_value_per_window
    from airmedic_core.measures.unseen_categories import usual_unseen
    from airmedic_core.profile import CategoricalProfile

    now = context.profile.columns[name]
    if not isinstance(now, CategoricalProfile) or not now.values or not now.unseen:
        return []
    columns = [profile.columns[name] for profile in context.past_profiles]
    past = [column for column in columns if isinstance(column, CategoricalProfile)]
    usual = max((column.unseen / column.values for column in past if column.values), default=0.0)
    usual = max(usual, usual_unseen(context, name).most(now.values))
    # A word for "missing" is one value that was lost, not another vocabulary.
    new_names = {value: rows for value, rows in now.unseen_names.items() if not is_stand_in(value)}
    lost = sum(now.unseen_names.values()) - sum(new_names.values())
    share = (now.unseen - lost) / now.values
    respelt = renamed_categories(now)
    renamed = respelt or _replaced_category(now, past)
    enough_renamed = bool(renamed) and share - usual > LIMITS.renamed_fraction
    if share - usual < options.unseen_fraction and not enough_renamed:
        return []
    # Of a column that holds a handful of values in all, what comes next is soon new.
    known = context.reference.whole.columns[name].rows - context.reference.whole.columns[name].nulls
    if chance_beyond_all(now.unseen - lost, now.values, known) > BY_ROWS_ALONE:
        return []
    if one_value_per_window(context.past_profiles, name):
        return []
    shown = ", ".join(repr(value) for value in list(new_names)[:3])
    text = f"{percent(share)} of the rows of {name} hold categories that the reference does not know, such as {shown}."
    if renamed:
        old, new = next(iter(renamed.items()))
        text += f" They look renamed: {old!r} → {new!r}."
    if respelt:
        back = repairable(RenameValues(name, tuple(sorted((new, old) for old, new in respelt.items()))))
    else:
        # An equal share is a sign, and no proof: two shops may have the same turnover.
        back = repairable(why_not=f"That a new category of {name} has the share of an old one does not prove it is it.")
    return [
        Finding(
            "schema", name, "unseen_fraction", Verdict.ALERT, value=share, baseline=usual,
            limit=usual + options.unseen_fraction, effect=share - usual, sample_size=now.values, unit="fraction",
            message=text, suggests=(Cause.SCHEMA_CHANGE,), role=Role.DATA_FAULT,
            details={"renamed": renamed} | (back if renamed else {}),
        )
    ]  # fmt: skip


def renamed_categories(now: CategoricalProfile) -> dict[str, str]:
    """Return the categories that are gone, with new ones that differ from them only in case, signs or a version.

    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.replace({"channel": {"web": "WEB_v2"}}))
    >>> renamed_categories(context.profile.columns["channel"])
    {'web': 'WEB_v2'}
    """
    by_letters = {_letters(value): value for value in now.categories}
    renamed = {}
    for new in now.unseen_names:
        old = by_letters.get(_letters(new))
        if old is not None and now.counts[now.categories.index(old)] == 0:
            renamed[old] = new
    return renamed


def _letters(value: str) -> str:
    return re.sub(r"[^a-z0-9]+|_?v\d+$", "", value.lower().strip())


def _replaced_category(now: CategoricalProfile, past: list[CategoricalProfile]) -> dict[str, str]:
    """Return the category that is gone and the new one that took its share, if every window had had the old one."""
    new_names = {value: rows for value, rows in now.unseen_names.items() if not is_stand_in(value)}
    windows = [column for column in past if column.values]
    if len(windows) < LIMITS.windows or not new_names:
        return {}
    new = max(new_names, key=lambda value: new_names[value])
    share = new_names[new] / now.values
    for position, old in enumerate(now.categories):
        shares = [float(column.counts[position] / column.values) for column in windows]
        usual = sum(shares) / len(shares)
        error = LIMITS.errors * (usual * (1.0 - usual) / now.values) ** 0.5
        alike = min(shares) - error <= share <= max(shares) + error
        if not now.counts[position] and min(shares) * now.values >= LIMITS.rows_gone and alike:
            return {old: new}
    return {}
