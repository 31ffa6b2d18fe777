"""Quality: the expectation suite of the model (Great Expectations)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.errors import SpecError, closest
from airmedic_core.numbers import number
from airmedic_core.records import Cause, Finding, Json, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.expectations import Result
    from airmedic_core.settings import Settings
    from airmedic_core.spec import ModelSpec

_FEW_ROWS = 3
_OF_ALL_ROWS = ("expect_table_row_count", "expect_column_sum", "expect_column_unique_value_count")
_EXPLAINED_BY = (Cause.UNIT_CHANGE, Cause.SCHEMA_CHANGE)
"""A column in another unit, or another column under its name, breaks rules too."""
_CAUSES = (
    ("expect_table_row_count", Cause.VOLUME_ANOMALY),
    ("expect_table_column", Cause.SCHEMA_CHANGE),
    ("expect_column_to_exist", Cause.SCHEMA_CHANGE),
    ("expect_column_values_to_be_of_type", Cause.SCHEMA_CHANGE),
    ("expect_column_values_to_be_in_type_list", Cause.SCHEMA_CHANGE),
)


class Options(CheckOptions):
    """How the suite is used. Which one it is stands in the spec under ``quality.suite``."""

    propose: bool = True
    """Where the team has no suite, one that the reference suggests is used; by `airmedic check` only if this is set."""


@dataclass(frozen=True)
class _Suite:
    name: str
    content: Json
    own: bool
    """Whether the team stands behind it."""


class Quality(Check[Options]):
    """The expectation suite of the model (Great Expectations)."""

    group = "data"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Validate the rows against the suite. A failed expectation is never passed over in silence."""
        suites = _suites(context, options)
        if not context.batch.rows or not suites:
            return []
        every = [(result, suite) for suite in suites for result in _validated(context, suite)]
        results = [(result, suite) for result, suite in every if not (context.sampled and _of_all_rows(result))]
        findings = [_finding(context, result, suite) for result, suite in results if not result.success]
        held = len(results) - len(findings)
        text = f"{held} of {len(results)} expectations of {' and '.join(suite.name for suite in suites)} hold."
        findings.append(
            Finding("quality", "batch", "expectations", Verdict.OK, value=held, limit=len(results),
                    sample_size=context.rows_seen, message=text)
        )  # fmt: skip
        findings += [_needs_all_rows(context, *each) for each in every if each not in results]
        return _numbered(findings)


def _of_all_rows(result: Result) -> bool:
    return result.type.startswith(_OF_ALL_ROWS)


def _needs_all_rows(context: CheckContext, result: Result, suite: _Suite) -> Finding:
    return Finding(
        "quality", result.column, result.type[:60], Verdict.UNKNOWN, sample_size=context.rows_seen,
        message=f"{result.type} of {suite.name} needs all rows, and only a sample of this window was read.",
    )  # fmt: skip


def _suites(context: CheckContext, options: Options) -> list[_Suite]:
    """Return the suites that are not empty."""
    from airmedic_core.checks.quality.proposed_suite import propose_suite

    own = [each.model_dump() for each in context.spec.quality.expectations.values()]
    replaced = {_subject(each) for each in own}
    path = suite_path(context)
    if path is not None:
        name, suite = path.name, read_suite(path)
    elif options.propose and context.settings is not None:
        name, suite = "the suite proposed from the reference", propose_suite(context.reference)
    else:
        name, suite = "", {"expectations": []}
    left = [each for each in suite["expectations"] if _subject(each) not in replaced]
    suites = [
        _Suite(name, {**suite, "expectations": left}, path is not None),
        _Suite("the spec", {"expectations": own}, True),
    ]
    return [found for found in suites if found.content["expectations"]]


def _validated(context: CheckContext, suite: _Suite) -> list[Result]:
    from airmedic_core.checks.quality.proposed_suite import rows_for_proposal
    from airmedic_core.expectations import validate

    rows = context.frame if suite.own else rows_for_proposal(context.frame, suite.content)
    return validate(rows, suite.content, suite.name)


def _subject(expectation: Json) -> tuple[str, str]:
    return str(expectation["type"]), str(expectation["kwargs"].get("column", "batch"))


def suite_path(context: CheckContext) -> Path | None:
    """Return the team's own suite, if there is one. Raises as :func:`suite_file`."""
    return None if context.settings is None else suite_file(context.spec, context.settings)


def suite_file(spec: ModelSpec, settings: Settings) -> Path | None:
    """Return the file of a model's own suite, if there is one.

    Raises
    ------
    SpecError
        If the spec names a suite that does not exist. A retry does not help.
    """
    folder = settings.content / "expectations"
    named = spec.quality.suite
    path = folder / (named or f"{spec.name}.json")
    if path.is_file():
        return path
    if named:
        known = [other.name for other in folder.glob("*.json")]
        raise SpecError(f"There is no expectation suite {named!r} in {folder.name}/.", closest(named, known))
    return None


def read_suite(path: Path) -> Json:
    """Read a suite in the form that Great Expectations exports.

    Raises
    ------
    SpecError
        If the file is not such a suite. A retry does not help.
    """
    hint = 'It holds {"expectations": [{"type": …, "kwargs": {…}}]}.'
    try:
        suite = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(f"{path.name} cannot be read as JSON: {error}.", hint) from error
    listed = suite.get("expectations") if isinstance(suite, dict) else None
    if not isinstance(listed, list):
        raise SpecError(f"{path.name} holds no list of expectations.", hint)
    read = []
    for place, each in enumerate(listed, start=1):
        # Until its version 1, Great Expectations wrote expectation_type.
        kind = (each.get("type") or each.get("expectation_type")) if isinstance(each, dict) else None
        if not isinstance(kind, str) or not isinstance(each.get("kwargs"), dict):
            raise SpecError(f"{path.name}: expectation {place} lacks its type or its kwargs.", hint)
        read.append({**each, "type": kind})
    return {**suite, "expectations": read}


def _finding(context: CheckContext, result: Result, suite: _Suite) -> Finding:
    present = set(map(str, context.frame.columns))
    absent = result.column != "batch" and result.column not in present
    if result.error and not absent:
        # Not evidence against the rows: the expectation may not fit the column's type.
        return Finding(
            "quality", result.column, "error", Verdict.UNKNOWN, sample_size=context.rows_seen,
            message=f"{result.type} of {suite.name} could not be evaluated: {result.error}",
        )  # fmt: skip
    cause = next((cause for start, cause in _CAUSES if result.type.startswith(start)), Cause.DATA_CORRUPTION)
    return Finding(
        "quality", result.column, result.type[:60], _verdict(result, suite, absent=absent),
        value=result.observed if result.unexpected_fraction is None else result.unexpected_fraction,
        limit=None if result.unexpected_fraction is None else 1.0 - float(result.kwargs.get("mostly", 1.0)),
        effect=result.unexpected_fraction, sample_size=context.rows_seen,
        unit="" if result.unexpected_fraction is None else "fraction",
        message=_message(result, absent=absent), suggests=(Cause.SCHEMA_CHANGE if absent else cause,),
        role=Role.DATA_FAULT, explained_by=_EXPLAINED_BY, details={"suite": suite.name, "severity": result.severity},
    )  # fmt: skip


def _verdict(result: Result, suite: _Suite, *, absent: bool) -> Verdict:
    if suite.own:
        return Verdict.ALERT if result.severity == "critical" else Verdict.WATCH
    # Nobody stands behind a proposal: one odd row in a small batch is worth a look, not an alarm.
    few = result.unexpected_rows is not None and result.unexpected_rows < _FEW_ROWS
    return Verdict.WATCH if few and not absent else Verdict.ALERT


def _message(result: Result, *, absent: bool) -> str:
    if absent:
        return f"There is no column {result.column}, of which {result.type} is expected."
    rule = f"“{_rule(result)}”"
    if result.unexpected_fraction is not None:
        share = number(result.unexpected_fraction, "fraction")
        return f"{share} of the values of {result.column} break the rule {rule}."
    found = "" if result.observed is None else f": found {number(result.observed)}"
    return f"{result.column} breaks the rule {rule}{found}."


def _rule(result: Result) -> str:
    """Return an expectation in words: ``values to be between 0 and 120``."""
    words = result.type.removeprefix("expect_").removeprefix("column_").replace("_", " ")
    limits = {key: value for key, value in result.kwargs.items() if key != "mostly" and value is not None}
    low, high = (limits.pop(key, None) for key in ("min_value", "max_value"))
    span = [_limit(each) for each in (low, high) if each is not None]
    if len(span) == 1:
        words = words.replace("to be between", f"to be at {'least' if high is None else 'most'}")
    others = [f"{key.replace('_', ' ')} {_limit(value)}" for key, value in limits.items()]
    return " ".join([words, " and ".join(span), ", ".join(others)[:120]]).strip()


def _limit(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else str(value)


def _numbered(findings: list[Finding]) -> list[Finding]:
    """Tell apart the expectations of one kind on one column: findings have an identity."""
    seen: dict[str, int] = {}
    told = []
    for each in findings:
        seen[each.key] = seen.get(each.key, 0) + 1
        told.append(each if seen[each.key] == 1 else replace(each, statistic=f"{each.statistic}_{seen[each.key]}"))
    return told
