"""Schema: columns, their types and their vocabulary against those of the reference."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.checks.schema.renames import renamed_columns
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Json, Role, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.columns import ColumnType
    from airmedic_core.comparison import CheckContext
    from airmedic_core.profile import CategoricalProfile

_LEAST_WINDOWS = 4
_LEAST_GONE = 20
"""Rows of a category that every window would have had: they do not go by chance."""
_SUGGESTS = (Cause.SCHEMA_CHANGE,)


class Options(CheckOptions):
    """When columns count as changed."""

    unreadable_fraction: float = Field(default=0.05, gt=0, le=1)
    """Values of a numeric column that are no numbers, beyond the reference's share."""
    unseen_fraction: float = Field(default=0.3, gt=0, le=1)
    """Rows with categories that the reference does not know, beyond its usual share: the vocabulary has changed."""
    grain_factor: float = Field(default=3.0, gt=1)
    """Rows for each moment, against those of earlier windows: the table has another grain."""


class Schema(Check[Options]):
    """Columns, their types and their vocabulary against those of the reference."""

    group = "data"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Compare columns, types, vocabularies and grain with the reference's."""
        if not context.batch.rows:
            return []
        missing, new = _missing_and_new(context)
        renamed = renamed_columns(context, missing, new)
        findings = [_missing(context, name, renamed.get(name)) for name in missing]
        typed = [_types(context, name) for name in context.features if name not in missing]
        findings += [finding for finding in typed if finding is not None]
        for name in context.features:
            if name not in missing:
                findings += _unreadable(context, name, options) + _vocabulary(context, name, options)
        findings += _grain(context, options) + _exchanged(context)
        fresh = sorted(name for name in set(new) - set(renamed.values()) if not context.spec.is_private(name))
        if fresh:
            shown = ", ".join(fresh[:10]) + (", …" if len(fresh) > 10 else "")
            findings.append(
                Finding(
                    "schema", "batch", "new_columns", Verdict.OK, value=len(fresh), message=f"New columns: {shown}.",
                    details={"columns": fresh[:50]},
                )
            )  # fmt: skip
        if not any(finding.verdict is Verdict.ALERT for finding in findings):
            count = len(context.features)
            findings.append(
                Finding(
                    "schema", "batch", "columns", Verdict.OK, value=count, message=f"All {count} inputs are as before."
                )
            )
        return findings


def _missing_and_new(context: CheckContext) -> tuple[list[str], list[str]]:
    present = [str(name) for name in context.frame.columns]
    expected = set(context.features) | {context.spec.entity_column} - {""}
    known = set(context.reference.schema)
    missing = sorted(name for name in expected if name not in present)
    return missing, sorted(name for name in set(present) - known if context.spec.may_be_feature(name))


def _missing(context: CheckContext, name: str, new_name: str | None) -> Finding:
    text = f"The column {name} is missing."
    if new_name:
        shown = _public(context, new_name)
        text = f"The column {name} is missing; {shown} holds the same values: it was probably renamed."
    details: Json = {"renamed_to": new_name} if new_name and not context.spec.is_private(new_name) else {}
    return Finding(
        "schema", name, "missing_column", Verdict.ALERT, value=1.0, effect=1.0, sample_size=context.batch.rows,
        message=text, suggests=_SUGGESTS, role=Role.DATA_FAULT, details=details,
    )  # fmt: skip


def _public(context: CheckContext, name: str) -> str:
    """Return a column's name as a finding on another column may say it."""
    return "another column" if context.spec.is_private(name) else name


def _types(context: CheckContext, name: str) -> Finding | None:
    before = context.reference.schema.get(name)
    values = context.frame[name]
    if before is None or not hasattr(values, "dtype"):
        return None
    from airmedic_core.columns import column_type

    now = column_type(values)
    if not _differs(before, now, values):
        return None
    return Finding(
        "schema", name, "type", Verdict.ALERT, effect=1.0, sample_size=context.batch.rows,
        message=f"{name} was {before.value} and is {now.value} now, such as {_example(values)}.", suggests=_SUGGESTS,
        role=Role.DATA_FAULT, details={"before": before.value, "now": now.value},
    )  # fmt: skip


def _differs(before: ColumnType, now: ColumnType, values: pd.Series) -> bool:
    numbers = {"integer", "number"}
    if now == before or now.value == "empty" or {before.value, now.value} <= numbers:
        return False
    if {before.value, now.value} <= {"text", "mixed", "boolean", *numbers}:
        # Numbers as text are harmless where they read as numbers; text for categories may look like anything.
        from airmedic_core.profile.values import numbers as read_numbers

        if before.value in numbers:
            read, unreadable = read_numbers(values)
            return unreadable > 0.05 * max(len(read), 1)
        return before.value == "boolean" and now.value not in numbers and not _boolean_words(values)
    return True


def _boolean_words(values: pd.Series) -> bool:
    return set(values.dropna().astype(str).str.lower().unique()) <= {"true", "false", "0", "1", "0.0", "1.0"}


def _example(values: pd.Series) -> str:
    present = values.dropna()
    return repr(str(present.iloc[0])[:40]) if len(present) else "nothing"


def _unreadable(context: CheckContext, name: str, options: Options) -> list[Finding]:
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
            message=f"{percent(share)} of the values of {name} are no numbers, such as {_text_example(context, name)}.",
            suggests=_SUGGESTS, role=Role.DATA_FAULT,
        )
    ]  # fmt: skip


def _text_example(context: CheckContext, name: str) -> str:
    import pandas as pd

    values = context.frame[name]
    wrong = values[pd.to_numeric(values, errors="coerce").isna() & values.notna()]
    return _example(wrong)


def _vocabulary(context: CheckContext, name: str, options: Options) -> list[Finding]:
    from airmedic_core.measures.stand_in_values import is_stand_in
    from airmedic_core.profile import CategoricalProfile

    now = context.profile.columns[name]
    if not isinstance(now, CategoricalProfile) or not now.values or not now.unseen:
        return []
    past = [
        column for profile in context.past_profiles if isinstance(column := profile.columns[name], CategoricalProfile)
    ]
    usual = max((column.unseen / column.values for column in past if column.values), default=0.0)
    # A word for "missing" is one value that was lost, not another vocabulary.
    lost = sum(rows for value, rows in now.unseen_names.items() if is_stand_in(value))
    share = (now.unseen - lost) / now.values
    # A category may be new to the business; a whole vocabulary is new to the source.
    renames = _same_categories(now) or _replaced(now, past)
    if share - usual < options.unseen_fraction and not (renames and share - usual > 0.02):
        return []
    if _one_value_anyway(context, name):
        return []
    names = ", ".join(repr(value) for value in [one for one in now.unseen_names if not is_stand_in(one)][:3])
    text = f"{percent(share)} of the rows of {name} hold categories that the reference does not know, such as {names}."
    if renames:
        old, new = next(iter(renames.items()))
        text += f" They look renamed: {old!r} → {new!r}."
    return [
        Finding(
            "schema", name, "unseen_fraction", Verdict.ALERT, value=share, baseline=usual,
            limit=usual + options.unseen_fraction, effect=share - usual, sample_size=now.values, unit="fraction",
            message=text, suggests=_SUGGESTS, role=Role.DATA_FAULT, details={"renamed": renames},
        )
    ]  # fmt: skip


def _exchanged(context: CheckContext) -> list[Finding]:
    from airmedic_core.checks.schema.exchanged import exchanged_columns

    return [
        _exchanged_with(context, name, other)
        for pair in exchanged_columns(context)
        for name, other in (pair, pair[::-1])
    ]


def _exchanged_with(context: CheckContext, name: str, other: str) -> Finding:
    private, shown = context.spec.is_private(other), _public(context, other)
    that = "that" if private else other
    return Finding(
        "schema", name, "exchanged", Verdict.ALERT, effect=1.0, sample_size=context.batch.rows,
        message=f"{name} lies where {shown} was, and {that} where {name} was: they were probably exchanged.",
        suggests=_SUGGESTS, role=Role.DATA_FAULT, details={} if private else {"exchanged_with": other},
    )  # fmt: skip


def _one_value_anyway(context: CheckContext, name: str) -> bool:
    from airmedic_core.measures.column_statistics import one_value_per_window

    return one_value_per_window(context.past_profiles, name)


def _same_categories(now: object) -> dict[str, str]:
    from airmedic_core.profile import CategoricalProfile

    if not isinstance(now, CategoricalProfile):
        return {}
    plain = {_plain(value): value for value in now.categories}
    found = {}
    for value in now.unseen_names:
        old = plain.get(_plain(value))
        # Renamed means that the old name is gone.
        if old is not None and now.counts[now.categories.index(old)] == 0:
            found[old] = value
    return found


def _replaced(now: CategoricalProfile, past: list[CategoricalProfile]) -> dict[str, str]:
    """Return the category that is gone and the new one that took its share, if every window had had the old one."""
    from airmedic_core.measures.stand_in_values import is_stand_in

    fresh = {value: rows for value, rows in now.unseen_names.items() if not is_stand_in(value)}
    windows = [column for column in past if column.values]
    if len(windows) < _LEAST_WINDOWS or not fresh:
        return {}
    new = max(fresh, key=lambda value: fresh[value])
    for at, value in enumerate(now.categories):
        shares = [float(column.counts[at] / column.values) for column in windows]
        usual = sum(shares) / len(shares)
        error = 3.0 * (usual * (1.0 - usual) / now.values) ** 0.5
        alike = min(shares) - error <= fresh[new] / now.values <= max(shares) + error
        if not now.counts[at] and min(shares) * now.values >= _LEAST_GONE and alike:
            return {value: new}
    return {}


def _plain(value: str) -> str:
    return re.sub(r"[^a-z0-9]+|_?v\d+$", "", value.lower().strip())


def _grain(context: CheckContext, options: Options) -> list[Finding]:
    facts, past = context.facts, context.past_facts
    if len(past) < 4 or not facts.distinct_times or context.batch.rows < context.spec.window.min_rows:
        return []
    ratios = [each.rows / each.distinct_times for each in past if each.distinct_times]
    if not ratios:
        return []
    now = facts.rows / facts.distinct_times
    low, high = min(ratios), max(ratios)
    if low / options.grain_factor <= now <= high * options.grain_factor:
        return []
    usual = sorted(ratios)[len(ratios) // 2]
    return [
        Finding(
            "schema", context.spec.data.time_column, "rows_per_moment", Verdict.ALERT, value=now, baseline=usual,
            limit=high * options.grain_factor if now > high else low / options.grain_factor, effect=now / usual - 1.0,
            sample_size=facts.rows, unit="rows",
            message=f"There are {now:.1f} rows for each moment where {usual:.1f} are usual: the grain has changed.",
            suggests=_SUGGESTS, role=Role.DATA_FAULT,
        )
    ]  # fmt: skip
