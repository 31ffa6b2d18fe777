"""Says how sure to be of a named cause, and of others that findings speak for: chances that were fitted on outcomes.

The weights stand in ``assurance.json`` with their provenance; ``benchmarks/calibration_of_confidence.py`` writes them.
They are those of a logistic regression on a few signs that a reader can hold against a report. It names no cause: the
ranking does. It says how often such an answer was right.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from airmedic_core.assess.doubts import CountedSign
from airmedic_core.assess.signs import is_measured_loss
from airmedic_core.causes import Cause
from airmedic_core.records import ABNORMAL, Role, Verdict

_FEW_ROWS = 200
"""Rows of a window that are few: a share of them is known to within seven points (95 % interval)."""
_MOST_INPUTS = 3
"""Inputs that moved from which many moved: a season or another regime moves them together."""
_AS_LIKELY = 3.0
"""Times as likely up to which one of two causes is hardly preferred: a smaller ratio is not worth more than a bare
mention (Jeffreys 1961, Theory of Probability, appendix B)."""


@dataclass(frozen=True)
class Likely:
    """A cause, and how likely it is right."""

    cause: Cause
    chance: float


def likely_causes(findings: Iterable[CountedSign], named: Cause) -> tuple[Likely, ...]:
    """Return the named cause, then the others that the findings speak for, the likeliest first.

    Parameters
    ----------
    findings : iterable of CountedSign
        All findings of the window, or the evidence made of them.
    named : Cause
        What the ranking of causes names; ``healthy`` where it names none.

    Returns
    -------
    tuple of Likely
        The chance of each is its own: two causes may both be right, so they need not sum to one.

    Examples
    --------
    >>> from airmedic_core.records import Finding
    >>> converted = Finding("units", "weight", "share", Verdict.ALERT, sample_size=5000, role=Role.DATA_FAULT,
    ...                     suggests=(Cause.UNIT_CHANGE, Cause.DATA_CORRUPTION))
    >>> [likely.cause.value for likely in likely_causes([converted], Cause.UNIT_CHANGE)]
    ['unit_change', 'data_corruption', 'healthy']
    """
    known = tuple(findings)
    weights = _weights()
    every = [Likely(cause, chance_of(signs_of(known, cause, named), weights)) for cause in candidates(known, named)]
    return (every[0], *sorted(every[1:], key=lambda likely: -likely.chance))


def as_likely(causes: Sequence[Likely]) -> Likely | None:
    """Return the second cause where the first is hardly more likely; ``None`` where one stands out."""
    rival = causes[1] if len(causes) > 1 else None
    return rival if rival is not None and rival.chance * _AS_LIKELY >= causes[0].chance else None


def candidates(findings: Sequence[CountedSign], named: Cause) -> list[Cause]:
    """Return the named cause, those that findings suggest, and ``healthy``."""
    telling = [finding for finding in findings if finding.verdict in ABNORMAL or finding.details.get("decides")]
    suggested = [cause for finding in telling for cause in finding.suggests if cause.is_specific]
    return list(dict.fromkeys([named, *suggested, Cause.HEALTHY]))


def signs_of(findings: Sequence[CountedSign], cause: Cause, named: Cause) -> dict[str, float]:
    """Return what speaks for and against a cause, by name. Signs that are left out are zero.

    Parameters
    ----------
    findings : sequence of CountedSign
        All findings.
    cause : Cause
        The cause in question.
    named : Cause
        The cause that is named.
    """
    if cause is Cause.HEALTHY:
        return _signs_of_health(findings) if named is Cause.HEALTHY else _signs_of_false_alarm(findings)
    alerts = _alerts(findings)
    for_it = sum(finding.suggests[:1] == (cause,) for finding in alerts)
    against = [finding for finding in alerts if finding.suggests and finding.suggests[0] is not cause]
    faults = [finding for finding in against if finding.suggests[0].lies_in_data]
    others = [finding for finding in against if finding not in faults and finding.role is not Role.INPUT_MOVED]
    lost = any(finding.role is Role.LOSS for finding in alerts)
    moved = sum(finding.role is Role.INPUT_MOVED for finding in alerts)
    which = "named" if cause is named else "another"
    signs = {
        "always": 1.0,
        "lies in the data": float(cause.lies_in_data),
        "few rows": float(_few(findings)),
        "alerts for it (log)": math.log1p(for_it),
        "alerts of other faults of the data (log)": math.log1p(len(faults)),
        "alerts of other causes (log)": math.log1p(len(others)),
        "loss of performance": float(lost),
        "many inputs moved": float(moved >= _MOST_INPUTS),
    }
    return {f"{which}: {sign}": value for sign, value in signs.items()}


def chance_of(signs: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Return the chance that signs give by their weights."""
    score = sum(weights.get(sign, 0.0) * value for sign, value in signs.items())
    return 1.0 / (1.0 + math.exp(-score))


def _signs_of_health(findings: Sequence[CountedSign]) -> dict[str, float]:
    measured = any(is_measured_loss(finding) and finding.verdict is Verdict.OK for finding in findings)
    return {
        "healthy: always": 1.0,
        "healthy: performance measured": float(measured),
        "healthy: something watched": float(any(finding.verdict in ABNORMAL for finding in findings)),
        "healthy: few rows": float(_few(findings)),
    }


def _signs_of_false_alarm(findings: Sequence[CountedSign]) -> dict[str, float]:
    return {
        "false alarm: always": 1.0,
        "false alarm: alerts (log)": math.log1p(len(_alerts(findings))),
        "false alarm: few rows": float(_few(findings)),
    }


def _alerts(findings: Sequence[CountedSign]) -> list[CountedSign]:
    return [finding for finding in findings if finding.verdict is Verdict.ALERT]


def _few(findings: Sequence[CountedSign]) -> bool:
    return max((finding.sample_size or 0 for finding in findings), default=0) < _FEW_ROWS


@cache
def _weights() -> dict[str, float]:
    text = (files("airmedic_core.assess") / "assurance.json").read_text(encoding="utf-8")
    return {str(sign): float(weight) for sign, weight in json.loads(text)["weights"].items()}
