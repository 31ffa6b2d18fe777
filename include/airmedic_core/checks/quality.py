"""Quality: the expectation suite of the model (Great Expectations)."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.checks import CheckOptions
from airmedic_core.errors import SpecError, closest
from airmedic_core.records import Cause, Finding, Json, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.checks import CheckContext
    from airmedic_core.profile import Reference

GROUP = "data"


class Options(CheckOptions):
    """How the suite is used. Which one it is stands in the spec under ``quality.suite``."""

    propose: bool = True
    """Where the team has no suite, one that the reference suggests is used."""


def run(context: CheckContext, options: Options) -> list[Finding]:
    """Validate the rows against the suite. A failed expectation is never passed over in silence."""
    path = suite_path(context)
    if path is None and (not options.propose or context.settings is None):
        return []
    suite = read_suite(path) if path is not None else propose_suite(context.reference)
    name = path.name if path is not None else "the suite proposed from the reference"
    if not context.batch.rows or not suite["expectations"]:
        return []
    results = validate(context.frame, suite)
    findings = [_finding(context, result, own=path is not None) for result in results if not result["success"]]
    failed = len(findings)
    text = f"{len(results) - failed} of {len(results)} expectations of {name} hold."
    findings.append(
        Finding("quality", "batch", "expectations", Verdict.OK, value=len(results) - failed, limit=len(results),
                sample_size=context.batch.rows, message=text)
    )  # fmt: skip
    return findings


def suite_path(context: CheckContext) -> Path | None:
    """Return the team's own suite, if there is one.

    Raises
    ------
    SpecError
        If the spec names a suite that does not exist. A retry does not help.
    """
    if context.settings is None:
        return None
    folder = context.settings.content / "expectations"
    named = context.spec.quality.suite
    path = folder / (named or f"{context.spec.name}.json")
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
    try:
        suite = json.loads(path.read_text(encoding="utf-8"))
        for each in suite["expectations"]:
            each["type"], each["kwargs"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecError(
            f"{path.name} is no expectation suite: {type(error).__name__}: {error}.",
            'It holds {"expectations": [{"type": …, "kwargs": {…}}]}.',
        ) from error
    found: Json = suite
    return found


def propose_suite(reference: Reference) -> Json:
    """Return a cautious suite that the reference suggests: a place to start from, not the last word.

    It asks for the columns, for values where there always were any, for numbers within a wide margin of those seen, and
    for known categories, each for the greater part of the rows.
    """
    from airmedic_core.profile import CategoricalProfile, NumericProfile

    expectations: list[Json] = []
    for name, column in reference.whole.columns.items():
        expectations.append({"type": "expect_column_to_exist", "kwargs": {"column": name}})
        if not column.values:
            continue
        if column.null_fraction < 0.01:
            kwargs: Json = {"column": name, "mostly": 0.9}
            expectations.append({"type": "expect_column_values_to_not_be_null", "kwargs": kwargs})
        if isinstance(column, NumericProfile) and column.minimum is not None and column.maximum is not None:
            margin = column.maximum - column.minimum or abs(column.maximum) or 1.0
            low = 0.0 if column.minimum >= 0 else column.minimum - margin
            kwargs = {"column": name, "min_value": low, "max_value": column.maximum + margin, "mostly": 0.98}
            expectations.append({"type": "expect_column_values_to_be_between", "kwargs": kwargs})
        elif isinstance(column, CategoricalProfile) and 1 < len(column.categories) <= 50 and not column.other:
            kwargs = {"column": name, "value_set": list(column.categories), "mostly": 0.6}
            expectations.append({"type": "expect_column_values_to_be_in_set", "kwargs": kwargs})
    return {"name": "proposed", "expectations": expectations}


def validate(frame: pd.DataFrame, suite: Json) -> list[Json]:
    """Validate rows with Great Expectations and return one plain result for each expectation."""
    # Its import alone writes hundreds of lines at INFO.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    definition = context.data_sources.add_pandas("airmedic").add_dataframe_asset("batch")
    batch = definition.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": _plain(frame, suite)})
    kept = [{"type": each["type"], "kwargs": each["kwargs"]} for each in suite["expectations"]]
    result = batch.validate(gx.ExpectationSuite(name="airmedic", expectations=kept), result_format="SUMMARY")
    return [_result(each) for each in result.results]


def _plain(frame: pd.DataFrame, suite: Json) -> pd.DataFrame:
    """Return the rows with categories as the text that they are counted under."""
    from airmedic_core.checks._ties import category_names

    named = {
        each["kwargs"]["column"]
        for each in suite["expectations"]
        if each["type"] == "expect_column_values_to_be_in_set" and suite.get("name") == "proposed"
    }
    text = {name: category_names(frame[name]) for name in named if name in frame}
    plain = frame.copy(deep=False)
    for name, values in text.items():
        plain[name] = [value or None for value in values]
    return plain


def _result(each: Any) -> Json:
    config = each.expectation_config
    return {
        "success": bool(each.success),
        "type": config.type,
        "column": str(config.kwargs.get("column", "batch")),
        "unexpected": each.result.get("unexpected_percent"),
        "observed": each.result.get("observed_value"),
        "mostly": config.kwargs.get("mostly", 1.0),
        "error": str((each.exception_info or {}).get("exception_message") or "")[:200],
    }


def _finding(context: CheckContext, result: Json, *, own: bool) -> Finding:
    unexpected = result["unexpected"]
    share = None if unexpected is None else float(unexpected) / 100.0
    text = f"{result['column']} does not meet {result['type']}"
    if share is not None:
        text += f": {share:.1%} of the values are unexpected"
    elif result["observed"] is not None:
        text += f": found {str(result['observed'])[:80]}"
    missing = result["type"] == "expect_column_to_exist" or result["column"] not in map(str, context.frame.columns)
    cause = Cause.SCHEMA_CHANGE if missing and result["column"] != "batch" else Cause.DATA_CORRUPTION
    return Finding(
        "quality", result["column"], result["type"], Verdict.ALERT if own else Verdict.WATCH, value=share,
        limit=1.0 - float(result["mostly"] or 0.0), effect=share, sample_size=context.batch.rows, unit="fraction",
        message=f"{text}.", suggests=(cause,), details={"error": result["error"]} if result["error"] else {},
    )  # fmt: skip
