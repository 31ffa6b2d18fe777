"""An incident's causes, evidence, answers and timeline as tables of MLflow."""

from __future__ import annotations

from collections.abc import Sequence

from airmedic_core.records import Json
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.narrative.cause import sides
from airmedic_core.reports.text import line, moment


def incident_tables(dossier: Dossier) -> dict[str, Json]:
    """Return the tables by the names of their files; those without a row are left out."""
    told = dossier.privacy.text
    causes = [
        (
            cause.cause.value,
            cause.confidence,
            *map(", ".join, sides(dossier, cause)),
            told(line(cause.explanation, 600)),
        )
        for cause in (dossier.standing.causes if dossier.standing else ())
    ]
    evidence = [
        (item.id, told(line(item.statement, 400)), item.value, item.baseline, item.sample_size, str(item.verdict),
         item.trust, line(item.source or item.collector, 80))
        for item in dossier.evidence
    ]  # fmt: skip
    answers = [
        (proposal.action, answer.answer, answer.by, moment(answer.at), not answer.refused_because,
         told(line(answer.refused_because or answer.comment, 300)), proposal.hash)
        for proposal in dossier.proposals
        for answer in dossier.approvals.get(proposal.hash, ())
    ]  # fmt: skip
    timeline = [(moment(event.at), event.kind, told(line(event.text, 300))) for event in dossier.timeline()]
    tables = {
        "causes.json": _table(("cause", "confidence", "for", "against", "why"), causes),
        "evidence.json": _table(("id", "statement", "value", "usual", "rows", "verdict", "trust", "source"), evidence),
        "answers.json": _table(("action", "answer", "by", "at", "counts", "comment", "proposal"), answers),
        "timeline.json": _table(("at", "kind", "what"), timeline),
    }
    return {name: table for name, table in tables.items() if table["data"]}


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Json:
    return {"columns": list(columns), "data": [list(row) for row in rows]}
