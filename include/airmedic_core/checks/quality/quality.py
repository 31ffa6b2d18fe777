"""Quality: the expectation suite of the model (Great Expectations)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.checks.quality.failed_expectations import failure_sentence
from airmedic_core.checks.quality.suite import Suite, suites_for
from airmedic_core.expectations import Result, validate
from airmedic_core.extras import is_installed, missing_library
from airmedic_core.records import Cause, Finding, Role, Verdict
from airmedic_core.repair import MISSING

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext


class Options(CheckOptions):
    """Says how the suite is used. Which one it is stands in the spec under ``quality.suite``."""

    propose: bool = True
    """A suite that the reference suggests is used where the team has none; by `airmedic check` only if this is set."""


@dataclass(frozen=True)
class Limits:
    """Limits that no team needs to set."""

    few_rows: int = 3
    """Fewer rows than this that break a rule of a proposed suite are watched. Nobody stands behind a proposal, and one
    odd row in a small window is worth a look, not an alarm."""
    most_statistic: int = 60
    """Characters of an expectation's type in a finding's statistic. The ledger holds 63, and two rules of one kind on
    one column are numbered: ``_2``."""


LIMITS = Limits()
_OF_ALL_ROWS = ("expect_table_row_count", "expect_column_sum", "expect_column_unique_value_count")
"""Beginnings of the types of expectations that a sample cannot answer."""
_CAUSES = (
    ("expect_table_row_count", Cause.VOLUME_ANOMALY),
    ("expect_table_column", Cause.SCHEMA_CHANGE),
    ("expect_column_to_exist", Cause.SCHEMA_CHANGE),
    ("expect_column_values_to_be_of_type", Cause.SCHEMA_CHANGE),
    ("expect_column_values_to_be_in_type_list", Cause.SCHEMA_CHANGE),
)
"""Says what a failed expectation speaks for, by the beginning of its type. All others speak for damaged data."""
_NOT_NULL = "expect_column_values_to_not_be_null"
_EXPLAINED_BY = (Cause.UNIT_CHANGE, Cause.SCHEMA_CHANGE)
"""A column in another unit, or another column under its name, breaks rules too."""


@final
class Quality(Check[Options]):
    """The expectation suite of the model, validated by Great Expectations.

    The suite is the team's own file, the expectations of the spec, or a cautious proposal from the reference.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> rule = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "income", "max_value": 10_000}}
    >>> context = example_context(quality={"expectations": {"income": rule}})
    >>> findings = Quality().run(context, Options())
    >>> print(f"{findings[0].verdict}: {findings[0].message}")
    alert: income breaks the rule “max to be at most 10,000”: found 95,424.
    """

    group = "data"
    options = Options
    # Nobody has looked at a proposal, and what it is about the other checks see too.
    options_of_pair: Mapping[str, Any] = {"propose": False}
    validates_suite = True

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Validate the rows against the suite. A failed expectation is never passed over in silence."""
        suites = suites_for(context, propose=options.propose)
        if not context.batch.rows or not suites:
            return []
        if not any(suite.own for suite in suites) and not is_installed("great_expectations"):
            return [_left_out(suites)]
        results = [(result, suite) for suite in suites for result in _validated(context, suite)]
        judged = [(result, suite) for result, suite in results if not _needs_rows_beyond_sample(context, result)]
        findings = [_finding(context, result, suite) for result, suite in judged if not result.success]
        held = len(judged) - len(findings)
        text = f"{held} of {len(judged)} expectations of {' and '.join(suite.name for suite in suites)} hold."
        findings.append(
            Finding("quality", "batch", "expectations", Verdict.OK, value=held, limit=len(judged),
                    sample_size=context.rows_seen, message=text)
        )  # fmt: skip
        findings += [
            _not_judged(context, result, suite)
            for result, suite in results
            if _needs_rows_beyond_sample(context, result)
        ]
        return _numbered(findings)


def _left_out(suites: list[Suite]) -> Finding:
    """Say that proposals were not looked at. Nobody stands behind them, so that no alarm is missed by it."""
    names = " and ".join(suite.name for suite in suites)
    message = f"{names.capitalize()} was left out: {missing_library('great_expectations')}"
    return Finding("quality", "batch", "expectations", Verdict.UNKNOWN, message=message)


def _needs_rows_beyond_sample(context: CheckContext, result: Result) -> bool:
    return context.sampled and result.type.startswith(_OF_ALL_ROWS)


def _not_judged(context: CheckContext, result: Result, suite: Suite) -> Finding:
    return Finding(
        "quality", result.column, _statistic(result), Verdict.UNKNOWN, sample_size=context.rows_seen,
        message=f"{result.type} of {suite.name} needs all rows, and only a sample of this window was read.",
    )  # fmt: skip


def _validated(context: CheckContext, suite: Suite) -> list[Result]:
    from airmedic_core.checks.quality.proposed_suite import rows_for_proposal

    rows = context.frame if suite.own else rows_for_proposal(context.frame, suite.content)
    return validate(rows, suite.content, suite.name)


def _finding(context: CheckContext, result: Result, suite: Suite) -> Finding:
    absent = result.column != "batch" and result.column not in set(map(str, context.frame.columns))
    subject = result.column if absent else _subject(context, result)
    if result.error and not absent:
        # Not evidence against the rows: the expectation may not fit the column's type.
        return Finding(
            "quality", subject, "error", Verdict.UNKNOWN, sample_size=context.rows_seen,
            message=f"{result.type} of {suite.name} could not be evaluated: {result.error}", details={"failed": True},
        )  # fmt: skip
    cause = next((cause for start, cause in _CAUSES if result.type.startswith(start)), Cause.DATA_CORRUPTION)
    fraction = result.unexpected_fraction
    return Finding(
        "quality", subject, _statistic(result), _verdict(result, suite, absent=absent),
        value=_finite(result.observed) if fraction is None else fraction,
        limit=None if fraction is None else 1.0 - float(result.kwargs.get("mostly", 1.0)), effect=fraction,
        sample_size=context.rows_seen, unit="" if fraction is None else "fraction",
        message=failure_sentence(result, absent=absent), suggests=(Cause.SCHEMA_CHANGE if absent else cause,),
        role=Role.DATA_FAULT, explained_by=_EXPLAINED_BY,
        details={"suite": suite.name, "severity": result.severity}
        | ({MISSING: True} if result.type == _NOT_NULL else {}),
    )  # fmt: skip


def _subject(context: CheckContext, result: Result) -> str:
    """Return the column that a finding is about: a private one where there is any, so that it stays private.

    Expectations of the table's columns tell no values, and hide no fault of the other columns.
    """
    if result.type.startswith("expect_table_column"):
        return result.column
    return next(filter(result.is_about, context.spec.private), result.column)


def _statistic(result: Result) -> str:
    return result.type[: LIMITS.most_statistic]


def _finite(value: float | None) -> float | None:
    """Return a number that a ledger can hold: no database stores infinity the way another does."""
    return value if value is not None and math.isfinite(value) else None


def _verdict(result: Result, suite: Suite, *, absent: bool) -> Verdict:
    if suite.own:
        return Verdict.ALERT if result.severity == "critical" else Verdict.WATCH
    few = result.unexpected_rows is not None and result.unexpected_rows < LIMITS.few_rows
    return Verdict.WATCH if few and not absent else Verdict.ALERT


def _numbered(findings: list[Finding]) -> list[Finding]:
    """Tell apart the expectations of one kind on one column: findings have an identity."""
    times: dict[str, int] = {}
    numbered = []
    for finding in findings:
        times[finding.key] = times.get(finding.key, 0) + 1
        place = times[finding.key]
        statistic = finding.statistic if place == 1 else f"{finding.statistic}_{place}"
        numbered.append(replace(finding, statistic=statistic))
    return numbered
