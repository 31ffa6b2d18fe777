"""Says what the report rests on: the evidence, what is still unknown, the timeline and the hashes."""

from __future__ import annotations

from collections.abc import Iterable

from airmedic_core.records import Evidence, Verdict
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.narrative.cause import EVIDENCE_ID, sides
from airmedic_core.reports.text import code, moment, number, prose, table

RECORD = "Record"
"""Title of the section with the hashes, the last of the report."""
AUDIT_LINE = "* Audit chain"
"""Beginning of its line that grows with whatever else the ledger records."""


def settled(markdown: str) -> str:
    """Return a report without what its ledger's other records change: that alone is no reason to write it again."""
    told, _, record = markdown.rpartition(f"## {RECORD}\n")
    return "\n".join([told, *(line for line in record.splitlines() if not line.startswith(AUDIT_LINE))])


def still_unknown(dossier: Dossier) -> str:
    """Return what could not be found out."""
    gaps = list(dossier.packet.gaps) if dossier.packet else []
    gaps += [text for assessment in dossier.assessments[-1:] for text in assessment.not_knowable]
    standing = dossier.standing
    if standing is not None and standing.causes and (against := sides(dossier, standing.causes[0])[1]):
        gaps.append(f"How {', '.join(against)} fits in: it speaks against the first cause.")
    return "\n".join(f"* {prose(gap)}" for gap in dict.fromkeys(gaps)) or "Nothing that was asked for is missing."


def evidence_table(dossier: Dossier, *, whole: bool) -> str:
    """Return the evidence as a table: all of it, or only what the diagnosis cites."""
    items: Iterable[Evidence] = dossier.evidence
    if not whole:
        cited = _cited(dossier)
        items = [item for item in items if item.id in cited][:12]
    rows = [
        (
            item.id,
            prose(item.statement, 400 if whole else 160),
            number(item.value, item.unit),
            number(item.baseline, item.unit),
            number(item.sample_size),
            f"**{item.verdict}**" if item.verdict is Verdict.ALERT else str(item.verdict),
            prose(f"{item.trust}, {item.source or item.collector}", 80),
        )
        for item in items
    ]
    return table(("Id", "Statement", "Value", "Usual", "n", "Verdict", "Source"), rows)


def _cited(dossier: Dossier) -> set[str]:
    standing = dossier.standing
    if standing is None:
        return set()
    ids = {cited for cause in standing.causes for side in sides(dossier, cause) for cited in side}
    return ids | set(EVIDENCE_ID.findall(standing.summary))


def timeline_table(dossier: Dossier) -> str:
    """Return what happened, in order of time."""
    rows = [(moment(event.at), event.kind, prose(event.text, 240)) for event in dossier.timeline()]
    return table(("At", "Kind", "What"), rows)


def record_lines(dossier: Dossier) -> str:
    """Return the hashes by which the report can be checked."""
    lines = []
    if dossier.packet is not None:
        lines.append(f"* Evidence packet {code(dossier.packet.hash)}")
    lines += [f"* Proposal {prose(proposal.action, 40)} {code(proposal.hash)}" for proposal in dossier.proposals]
    if dossier.audit is not None:
        count, head = dossier.audit
        lines.append(f"{AUDIT_LINE}: {count:,} records, head {code(head)}. Check it with `airmedic audit verify`.")
    return "\n".join(lines)
