"""Strategies of investigation: which causes to hear first, by the kind of alert.

Broken data makes every other finding doubtful, so its causes come first whatever the alert. After them the order
follows what the alert is about. A cause stands if it is convincing and no earlier rung of the ladder is.
"""

from __future__ import annotations

from dataclasses import dataclass

from airmedic_core.diagnose.facts import Facts
from airmedic_core.records import Cause

_DATA = frozenset(cause for cause in Cause if cause.lies_in_data)
_MODEL = frozenset({Cause.CONCEPT_DRIFT, Cause.HARMFUL_COVARIATE_SHIFT, Cause.LABEL_SHIFT})
_DEPLOYED = frozenset({Cause.BAD_DEPLOYMENT})
_SLOW = frozenset({Cause.LATENCY_REGRESSION})
_HARMLESS = frozenset({Cause.HARMLESS_COVARIATE_SHIFT})
_ANOMALOUS = frozenset({Cause.ANOMALY_SPIKE})


@dataclass(frozen=True)
class Strategy:
    """How one kind of alert is investigated."""

    alert: str
    question: str
    """What the investigation asks, for the record."""
    ladder: tuple[frozenset[Cause], ...]
    """Causes by rung; those of one rung compete by confidence."""


DATA = Strategy(
    "data",
    "Is the data broken? Only sound data can say anything about the model.",
    (_DATA, _DEPLOYED, _SLOW, _MODEL, _ANOMALOUS, _HARMLESS),
)
PERFORMANCE = Strategy(
    "performance",
    "Does the loss start with a new version? If not, do the inputs or the class mix explain it, or has the relation "
    "changed?",
    (_DATA, _DEPLOYED, _MODEL, _SLOW, _ANOMALOUS, _HARMLESS),
)
LATENCY = Strategy(
    "latency",
    "Is serving slower, and since which version?",
    (_DATA, _SLOW, _DEPLOYED, _MODEL, _ANOMALOUS, _HARMLESS),
)
INPUTS = Strategy(
    "inputs",
    "The inputs moved: does it cost performance?",
    (_DATA, _DEPLOYED, _MODEL, _ANOMALOUS, _HARMLESS),
)
ANOMALIES = Strategy(
    "anomalies",
    "Many rows are unlike the reference: a fault, an attack or new business?",
    (_DATA, _ANOMALOUS, _DEPLOYED, _MODEL, _HARMLESS),
)
QUIET = Strategy("quiet", "Nothing alarms: is there anything to explain?", (frozenset({Cause.HEALTHY}),))


def strategy_for(facts: Facts) -> Strategy:
    """Return the strategy for what alarms."""
    checks = {str(item.details.get("check", "")) for item in facts.alarms}
    if any(item.kind == "finding.data" for item in facts.alarms):
        return DATA
    if facts.losses:
        return PERFORMANCE
    if "latency" in checks:
        return LATENCY
    if checks == {"anomalies"}:
        return ANOMALIES
    return INPUTS if facts.alarms else QUIET
