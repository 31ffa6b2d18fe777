"""Validates rows with Great Expectations, and answers in plain values."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import SpecError, closest
from airmedic_core.records import Json

if TYPE_CHECKING:
    import pandas as pd

_SUBJECTS = ("column", "column_A", "column_list", "column_set")
_COLUMNS = (*_SUBJECTS, "column_B")
_CONDITIONS = ("row_condition", "unexpected_rows_query")
"""Arguments that name columns, and their values, in code."""


@dataclass(frozen=True)
class Result:
    """Holds what came of one expectation."""

    type: str
    column: str
    """The column it is about, the first one where there are several; ``batch`` where there is none."""
    kwargs: Json
    success: bool
    severity: str
    """``critical``, ``warning`` or ``info``, as the suite says."""
    unexpected_rows: int | None = None
    unexpected_fraction: float | None = None
    """Share of the values that break the rule, among those that are not null."""
    observed: float | None = None
    """The number that was measured in place of the expected one; None where it is no number. It may be infinite."""
    error: str = ""
    """Why the expectation could not be evaluated; empty if it could."""
    columns: tuple[str, ...] = ()
    """All columns that it is about."""

    def is_about(self, column: str) -> bool:
        """Return whether the expectation is about a column, or has a condition that names it."""
        conditions = " ".join(str(self.kwargs.get(key) or "") for key in _CONDITIONS)
        return column in self.columns or bool(re.search(rf"(?<!\w){re.escape(column)}(?!\w)", conditions))


def build_expectations(suite: Json, name: str) -> list[Any]:
    """Return a suite's expectations as objects of Great Expectations.

    Great Expectations itself leaves out what it does not understand, with a line in the log, so that a suite with a
    misspelt expectation would pass.

    Parameters
    ----------
    suite : dict
        ``{"expectations": [{"type": …, "kwargs": {…}}, …]}``.
    name : str
        What errors call the suite.

    Raises
    ------
    SpecError
        If an expectation does not exist or does not take these arguments. A retry does not help.
    """
    _quieten()
    from great_expectations.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    built = []
    for number, expectation in enumerate(suite["expectations"], start=1):
        where = f"{name}, expectation {number} ({expectation['type']})"
        try:
            configuration = ExpectationConfiguration(
                type=expectation["type"],
                kwargs=dict(expectation["kwargs"]),
                severity=expectation.get("severity") or "critical",
            )
            built.append(configuration.to_domain_obj())
        except ExpectationNotFoundError as error:
            known = list_registered_expectation_implementations()
            raise SpecError(f"{where}: there is no such expectation.", closest(expectation["type"], known)) from error
        except (ValueError, TypeError) as error:
            details = "; ".join(line.strip() for line in str(error).splitlines()[1:] if line.strip()) or str(error)
            raise SpecError(f"{where} is not valid: {details[:400]}.", "Correct its kwargs or its severity.") from error
    return built


def validate(frame: pd.DataFrame, suite: Json, name: str) -> list[Result]:
    """Validate rows and return one result for each expectation.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    suite : dict
        ``{"expectations": [{"type": …, "kwargs": {…}}, …]}``.
    name : str
        What errors call the suite.

    Raises
    ------
    SpecError
        If an expectation is not valid. A retry does not help.

    Examples
    --------
    >>> import pandas as pd
    >>> rule = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "max_value": 120}}
    >>> (result,) = validate(pd.DataFrame({"age": [30, 40, 4000, 50]}), {"expectations": [rule]}, "the suite")
    >>> result.success, result.unexpected_rows, result.unexpected_fraction
    (False, 1, 0.25)
    """
    expectations = build_expectations(suite, name)
    if not expectations:
        return []
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    # By default Great Expectations makes a folder on disk for documentation that is never built.
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    silent = DataContextConfig(
        store_backend_defaults=stores, progress_bars={"globally": False}, analytics_enabled=False
    )
    context = gx.get_context(mode="ephemeral", project_config=silent)
    asset = context.data_sources.add_pandas("airmedic").add_dataframe_asset("batch")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    result = batch.validate(gx.ExpectationSuite(name="airmedic", expectations=expectations), result_format="BASIC")
    return [_result(validated) for validated in result.results]


def _quieten() -> None:
    # The import alone writes hundreds of lines at INFO.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)


def _result(validated: Any) -> Result:
    configuration, measured = validated.expectation_config, validated.result
    kwargs = {key: value for key, value in configuration.kwargs.items() if key not in {"batch_id", *_SUBJECTS}}
    fraction, observed = measured.get("unexpected_percent"), measured.get("observed_value")
    number = isinstance(observed, int | float) and not isinstance(observed, bool)
    return Result(
        type=configuration.type,
        column=subject_of(configuration.kwargs),
        kwargs=kwargs,
        success=bool(validated.success),
        severity=str(getattr(configuration.severity, "value", configuration.severity)),
        unexpected_rows=measured.get("unexpected_count"),
        unexpected_fraction=None if fraction is None else float(fraction) / 100.0,
        observed=float(observed) if number else None,
        error=_error(validated.exception_info or {}),
        columns=columns_of(configuration.kwargs),
    )


def subject_of(kwargs: Json) -> str:
    """Return the column that an expectation is about.

    >>> subject_of({"column_A": "price", "column_B": "age"}), subject_of({"min_value": 100})
    ('price', 'batch')
    """
    named = next((kwargs[key] for key in _SUBJECTS if kwargs.get(key)), "batch")
    return str(named if isinstance(named, str) else next(iter(named), "batch"))


def columns_of(kwargs: Json) -> tuple[str, ...]:
    """Return all columns that an expectation is about.

    >>> columns_of({"column_A": "price", "column_B": "age"})
    ('price', 'age')
    """
    columns: list[str] = []
    for key in _COLUMNS:
        named = kwargs.get(key) or ()
        columns += [named] if isinstance(named, str) else map(str, named)
    return tuple(columns)


def _error(info: Json) -> str:
    """Return the message of the first exception: there is one for the expectation, or one for each of its metrics."""
    for exception in (info, *(inner for inner in info.values() if isinstance(inner, dict))):
        message = exception.get("exception_message")
        if message:
            return str(message).strip().splitlines()[0][:200]
    return ""
