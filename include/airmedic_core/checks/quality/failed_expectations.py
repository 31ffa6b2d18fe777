"""A failed expectation in words."""

from __future__ import annotations

from typing import Any

from airmedic_core.expectations import Result
from airmedic_core.numbers import number


def failure_sentence(result: Result, *, absent: bool) -> str:
    """Say what broke which rule.

    Parameters
    ----------
    result : Result
        Of an expectation that failed.
    absent : bool
        Whether the rows lack its column.

    Examples
    --------
    >>> between = Result("expect_column_max_to_be_between", "age", {"max_value": 120}, False, "critical", observed=4000)
    >>> failure_sentence(between, absent=False)
    'age breaks the rule “max to be at most 120”: found 4,000.'
    """
    if absent:
        return f"There is no column {result.column}, of which {result.type} is expected."
    rule = f"“{rule_in_words(result)}”"
    if result.unexpected_fraction is not None:
        share = number(result.unexpected_fraction, "fraction")
        return f"{share} of the values of {result.column} break the rule {rule}."
    observed = "" if result.observed is None else f": found {number(result.observed)}"
    return f"{result.column} breaks the rule {rule}{observed}."


def rule_in_words(result: Result) -> str:
    """Return an expectation in words.

    >>> rule_in_words(Result("expect_column_values_to_be_between", "age", {"min_value": 0, "max_value": 120}, True, ""))
    'values to be between 0 and 120'
    """
    words = result.type.removeprefix("expect_").removeprefix("column_").replace("_", " ")
    limits = {key: value for key, value in result.kwargs.items() if key != "mostly" and value is not None}
    low, high = (limits.pop(key, None) for key in ("min_value", "max_value"))
    span = [_limit(limit) for limit in (low, high) if limit is not None]
    if len(span) == 1:
        words = words.replace("to be between", f"to be at {'least' if high is None else 'most'}")
    arguments = [f"{key.replace('_', ' ')} {_limit(value)}" for key, value in limits.items()]
    return " ".join([words, " and ".join(span), ", ".join(arguments)[:120]]).strip()


def _limit(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else str(value)
