"""The comparison of two versions in words that somebody understands who answers for the product."""

from __future__ import annotations

from collections.abc import Callable

from airmedic_core.numbers import measure_name, number
from airmedic_core.records import GateResult

USUAL_CONFIDENCE = 0.95
"""Of the interval, unless a spec says otherwise: what ``gate.confidence`` is by default."""

_PAIR = "Of two rows, {pair}, it picks the right one in"
_MEANINGS: dict[str, tuple[Callable[[float], str], str]] = {
    "roc_auc": (lambda value: f"{100 * value:.0f}", f"{_PAIR} {{}} of 100 cases, today in {{}}"),
    "accuracy": (lambda value: f"{100 * value:.0f}", "{} of 100 answers are right, today {}"),
    "mae": (lambda value: f"{value:.3g}", "Answers are off by {} on average, today by {}"),
}
"""What two values of a metric mean to somebody who has never heard of it, where a few words say it."""
_VERBS = frozenset({"is", "was", "has", "had", "will"})
"""Beginnings of a target's name that make a sentence of it: ``is_canceled``."""


def worth_of(result: GateResult) -> str:
    """Return what the new version is worth in the test before deployment, and what that means.

    Examples
    --------
    >>> print(worth_of(GateResult("passed", "roc_auc", (), "1", "2", 0.5847, 0.6804, 0.0957, 0.031, 0.1636, rows=1068)))
    AUC 0.680 instead of 0.585, on 1,068 rows new to both versions.
    """
    if result.champion_value is None or result.challenger_value is None:
        return ""
    before, after = short(result.champion_value), short(result.challenger_value)
    told = f"{measure_name(result.metric)} {after} instead of {before}"
    return f"{told}, on {result.rows:,} rows new to both versions."


def meaning(result: GateResult, target: str) -> str:
    """Return what the values of two versions mean, in a sentence; empty for a metric that no few words explain.

    Parameters
    ----------
    result : GateResult
        The comparison.
    target : str
        Name of the column that is predicted.

    Examples
    --------
    >>> compared = GateResult("passed", "roc_auc", (), "1", "2", 0.5847, 0.6804)
    >>> print(meaning(compared, "is_canceled"))
    Of two rows, one that is canceled and one that is not, it picks the right one in 68 of 100 cases, today in 58.
    """
    known = _MEANINGS.get(result.metric)
    if known is None or result.champion_value is None or result.challenger_value is None:
        return ""
    written, words = known
    after, before = written(result.challenger_value), written(result.champion_value)
    return f"{words.format(after, before, pair=_pair(target))}."


def _pair(target: str) -> str:
    """Return what two rows of different labels are.

    >>> _pair("has_churned"), _pair("churn")
    ('one that has churned and one that has not', 'one with “churn” and one without')
    """
    verb, _, rest = target.partition("_")
    if rest and verb in _VERBS:
        return f"one that {verb} {rest.replace('_', ' ')} and one that {verb} not"
    return f"one with “{target}” and one without"


def gained(result: GateResult, confidence: float = USUAL_CONFIDENCE) -> str:
    """Return by how much the new version is better or worse, with the one interval that this is known to.

    Parameters
    ----------
    result : GateResult
        The comparison. It signs differences so that positive is better, whatever the metric.
    confidence : float
        Of the interval.

    Examples
    --------
    >>> gained(GateResult("passed", "roc_auc", (), "1", "2", 0.5847, 0.6804, 0.0957, 0.031, 0.1636, rows=1068))
    'better by 0.096 (95 % certain: 0.031 to 0.164)'
    >>> gained(GateResult("inconclusive", "mae", (), "1", "2", 10.0, 10.2, -0.02, -0.05, 0.01, rows=300))
    'worse by 2.0 % (95 % certain: between 5.0 % worse and 1.0 % better)'
    """
    if result.difference is None:
        return "not compared"
    # DAG files are parsed without numpy, which the metrics need.
    from airmedic_core.metrics import is_relative

    size = _share if is_relative(result.metric) else short
    told = f"{'better' if result.difference >= 0 else 'worse'} by {size(abs(result.difference))}"
    if result.low is None or result.high is None:
        return told
    sure = f"{number(confidence, 'fraction')} certain"
    if result.low * result.high >= 0:
        least, most = sorted((abs(result.low), abs(result.high)))
        return f"{told} ({sure}: {size(least)} to {size(most)})"
    return f"{told} ({sure}: between {size(-result.low)} worse and {size(result.high)} better)"


def allowed(margin: float, *, relative: bool) -> str:
    """Return what a gate's margin demands of a new version, as a sentence.

    >>> allowed(-0.01, relative=False), allowed(0.0, relative=True), allowed(0.02, relative=True)
    ('At most 0.010 worse is allowed.', 'It may not be worse.', 'It has to be better by 2.0 %.')
    """
    size = _share(abs(margin)) if relative else short(abs(margin))
    if margin < 0:
        return f"At most {size} worse is allowed."
    return f"It has to be better by {size}." if margin else "It may not be worse."


def short(value: float) -> str:
    """Return a number with three digits behind the point below 1, and three that matter above.

    >>> short(0.68037), short(12.345), short(0.0004)
    ('0.680', '12.3', '0.0004')
    """
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 1:
        return f"{value:.3g}"
    return f"{value:.3f}" if size >= 0.001 or not size else f"{value:.2g}"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"
