"""The diagnosis by rules: always run, without network, and the same for the same packet."""

from __future__ import annotations

from collections.abc import Sequence

from airmedic_core.assess import rank_causes
from airmedic_core.diagnose.confidence import with_chances
from airmedic_core.diagnose.facts import Facts, citation
from airmedic_core.diagnose.hearing import hear
from airmedic_core.diagnose.remedies import actions_for
from airmedic_core.diagnose.summary import similar_to, summarise
from airmedic_core.records import (
    Cause,
    Diagnosis,
    Evidence,
    EvidencePacket,
    RankedCause,
    Severity,
    Verdict,
)

ENGINE = "rules"
CONVINCING = 0.5
"""Strength of the evidence from which a cause that is borne out may stand first: more for it than against it."""
_LARGE_LOSS = 4.0
"""A loss of so many times what the limit allows raises the severity."""
_LONG_WINDOWS = 3


def diagnose_by_rules(packet: EvidencePacket, *, upstream_dag: str = "") -> Diagnosis:
    """Rank the causes that a packet's evidence speaks for, and recommend what to do.

    Parameters
    ----------
    packet : EvidencePacket
        The evidence.
    upstream_dag : str
        The pipeline that could be run again; without one, no rerun is recommended.
    """
    facts = Facts(packet)
    causes, rival = with_chances(_rank(facts), facts)
    first = causes[0]
    actions = actions_for(first.cause, facts, rival=rival.cause if rival else None, upstream_dag=upstream_dag)
    return Diagnosis(
        incident_id=packet.incident_id,
        engine=ENGINE,
        causes=tuple(causes),
        severity=severity_of(first, facts),
        summary=summarise(facts, first, actions, rival),
        actions=actions,
        packet_hash=packet.hash,
        runbook=first.cause.traits.runbook,
        similar_incidents=tuple(item.subject for item in similar_to(facts, first)),
        not_knowable=tuple(item.statement for item in facts.of("not_knowable")),
    )


def severity_of(first: RankedCause, facts: Facts) -> Severity:
    """Return how bad the first cause is: its usual severity, raised by a large or long loss or a whole fleet."""
    assessed = facts.assessment is not None and first.cause in facts.assessment.suggests
    known = str(facts.assessment.details.get("severity", "")) if assessed and facts.assessment else ""
    severity = Severity(known) if known else first.cause.traits.severity
    if first.cause.traits.harmless:
        return severity
    large = any(item.verdict is Verdict.ALERT and _times_limit(item) >= _LARGE_LOSS for item in facts.losses)
    cited = {item.subject for item in facts.by_id(first.supporting)}
    long = any(int(item.details.get("windows", 1)) >= _LONG_WINDOWS for item in facts.of("onset")
               if item.subject in cited)  # fmt: skip
    fleet = bool(facts.of("siblings")) and first.cause.lies_in_data
    return severity.raised if (large and not known) or long or fleet else severity


def worse(first: Severity, second: Severity) -> Severity:
    """Return the worse of two severities."""
    return max(first, second, key=lambda severity: severity.order)


def _rank(facts: Facts) -> list[RankedCause]:
    """Return the causes that something speaks for: those that are borne out and convincing, then the others.

    The order of the former is that of the monitor's own assessment.
    """
    heard = {cause: ranked for cause in Cause if cause.is_specific and (ranked := hear(cause, facts)) is not None}
    claims = rank_causes(facts.signs, new_version=facts.starts_with_version)
    claimed = [heard[claim.cause] for claim in claims if claim.cause in heard]
    standing = [ranked for ranked in claimed if ranked.confidence >= CONVINCING]
    others = sorted(
        (ranked for ranked in heard.values() if ranked not in standing), key=lambda cause: -cause.confidence
    )
    return [*standing, *others] if standing else [_unexplained(facts, others), *others]


def _unexplained(facts: Facts, heard: Sequence[RankedCause]) -> RankedCause:
    """Return ``healthy`` where nothing alarms and every check ran, else ``unknown`` with what nothing explains."""
    findings = facts.of("finding")
    failed = any(item.details.get("failed") for item in findings)
    if findings and not facts.alarms and not heard and not failed:
        quiet = [item for item in findings if item.verdict is Verdict.OK][:4]
        return RankedCause(
            Cause.HEALTHY,
            0.9 if facts.sound_performance else 0.6,
            supporting=tuple(item.id for item in quiet),
            explanation=f"{Cause.HEALTHY.traits.decided_by} {_told(quiet)}".strip(),
        )
    alarms = facts.alarms or [item for item in facts.packet.items if item.verdict is not Verdict.OK]
    return RankedCause(
        Cause.UNKNOWN,
        0.5,
        supporting=tuple(item.id for item in alarms[:6]),
        explanation=f"No rule explains what is seen. {_told(alarms)}".strip(),
    )


def _told(items: list[Evidence]) -> str:
    return " ".join(citation(item) for item in items[:3])


def _times_limit(item: Evidence) -> float:
    """Return how many times the allowed distance a value lies from its baseline."""
    if item.value is None or item.baseline is None or item.limit is None or item.limit == item.baseline:
        return 0.0
    return abs(item.value - item.baseline) / abs(item.limit - item.baseline)
