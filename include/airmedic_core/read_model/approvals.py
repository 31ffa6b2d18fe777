"""Says what waits for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from airmedic_core.actions import question
from airmedic_core.decide.deciding_picture import DecidingPicture, deciding_picture
from airmedic_core.decide.propose import REVIEWED
from airmedic_core.decide.question import facts_of
from airmedic_core.decide.rejections import CHOICES, UNLESS_SAID
from airmedic_core.errors import LedgerError
from airmedic_core.read_model.plain import rounded
from airmedic_core.read_model.proposals import proposal_json
from airmedic_core.read_model.specs import KnownSpec
from airmedic_core.records import Incident, Json
from airmedic_core.reports.gate_words import short
from airmedic_core.reports.private import Privacy

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger


def approvals_waiting(
    ledger: Ledger | None, specs: Mapping[str, KnownSpec], *, now: datetime, shown: Collection[str]
) -> Json:
    """Return the questions that wait for an answer, oldest first.

    The two proposals of one question, to promote a version that is tried and to end its trial, are one line: the
    second stands with the first, under ``alternatives``.

    Parameters
    ----------
    ledger : Ledger or None
        The ledger; nothing where none was made yet.
    specs : mapping
        The specs by the names of their models.
    now : datetime
        The moment.
    shown : collection of str
        The models that the person who asks may read.
    """
    lines: list[Json] = []
    asked: dict[tuple[str, str, str], Json] = {}
    for waiting in ledger.waiting_proposals(now=now) if ledger else ():
        proposal = waiting.proposal
        known = specs.get(proposal.model)
        if ledger is None or proposal.model not in shown or known is None or known.spec is None:
            continue
        try:
            incident = ledger.incident(proposal.incident_id)
        except LedgerError:
            continue
        spec, privacy = known.spec, Privacy(known.spec)
        told = proposal_json(proposal, waiting.answers, privacy, gate=proposal.params.get("gate"))
        title = spec.title or spec.name
        known_facts = [
            {"name": fact.name, "sentences": [privacy.text(sentence) for sentence in fact.sentences]}
            for fact in facts_of(ledger, spec, proposal)
        ]
        if first := asked.get(waiting.question):
            first["facts"] = [fact for fact in first["facts"] if fact in known_facts]
            first["alternatives"].append(told)
            first["question"] = f"What becomes of version {proposal.params.get('version')} of {title}, which is tried?"
            continue
        line: Json = {
            "model": proposal.model,
            "incident_id": proposal.incident_id,
            "headline": privacy.text(incident.headline),
            "cause_words": incident.cause.words,
            "severity": incident.severity.value,
            "dag_id": dag_of(incident),
            "run_id": run_of(incident),
            "question": question(proposal.action, title),
            "approvers": list(spec.approvers),
            **told,
            "facts": known_facts,
            "picture": _picture(deciding_picture(ledger, spec, proposal)),
            "snooze": {"choices": list(CHOICES), "usual": f"{UNLESS_SAID.days} days"},
            "alternatives": [],
        }
        lines.append(line)
        asked[waiting.question] = line
    return {"approvals": lines}


def _picture(drawn: DecidingPicture | None) -> Json | None:
    if drawn is None:
        return None
    bars = [
        {"label": bar.label, "value": rounded(bar.value), "words": short(bar.value), "decides": bar.decides}
        for bar in drawn.bars
    ]
    return {"metric": drawn.metric, "title": drawn.title, "bars": bars, "note": drawn.note, "full": rounded(drawn.full),
            "chance": drawn.chance, "has_lengths": drawn.has_lengths}  # fmt: skip


def dag_of(incident: Incident) -> str:
    """Return the DAG whose run asks about an incident: the model's review for what a review proposes."""
    reviewed = incident.resolution.get("requested") == REVIEWED
    return f"review__{incident.model}" if reviewed else f"remediate__{incident.model}"


def run_of(incident: Incident) -> str:
    """Return the run of the remediation: named as the incident is, unless a person or a review has started it.

    A run that was killed and left its incident open is followed by another, ``<incident>__again__<8 hex digits>``.
    Airflow knows which of them runs.
    """
    return str(incident.resolution.get("run_id") or incident.id)


def run_page(incident: Incident) -> str:
    """Return the path of the run's page in Airflow."""
    return f"/dags/{dag_of(incident)}/runs/{quote(run_of(incident), safe='')}"
