"""Print what is known of an incident: causes with their evidence, what to do, what is not known.

Without --incident the newest open one is explained, else the newest. Where it was not diagnosed yet, the evidence is
collected and the rules answer now. Exit code 0: explained. 2: could not be.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from airmedic_core.terminal.arguments import add_json, add_model, workspace_of

if TYPE_CHECKING:
    from airmedic_core.records import Diagnosis, EvidencePacket, Incident
    from airmedic_core.workspace import Workspace

SUMMARY = "print the diagnosis of an incident"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_model(parser)
    parser.add_argument("--incident", metavar="ID", help="which incident")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Explain."""
    from airmedic_core.records import to_json
    from airmedic_core.terminal.output import say, write_json

    ws = workspace_of(args.model)
    incident = _incident(ws, args.incident)
    if incident is None:
        say(f"{ws.spec.name} has no incidents.")
        return 0
    diagnosis, packet = _diagnosis(ws, incident)
    if args.json:
        plain = {"incident": to_json(incident), "diagnosis": to_json(diagnosis), "evidence": to_json(packet)}
        write_json(args.json, plain)
    else:
        _print(incident, diagnosis, packet)
    return 0


def _incident(ws: Workspace, wanted: str | None) -> Incident | None:
    if wanted:
        return ws.ledger.incident(wanted)
    for open_only in (True, False):
        incidents = ws.ledger.incidents(ws.spec.name, open_only=open_only, limit=1)
        if incidents:
            return incidents[0]
    return None


def _diagnosis(ws: Workspace, incident: Incident) -> tuple[Diagnosis, EvidencePacket]:
    from airmedic_core.diagnose import collect_evidence, diagnose

    packet = ws.ledger.packet(incident.id)
    known = [diagnosis for diagnosis, stands in ws.ledger.diagnoses(incident.id) if stands]
    if packet is not None and known:
        return known[-1], packet
    packet = packet or collect_evidence(ws, incident.id)
    return diagnose(ws, incident.id, None), packet


def _print(incident: Incident, diagnosis: Diagnosis, packet: EvidencePacket) -> None:
    from airmedic_core.reports.text import number
    from airmedic_core.terminal.output import say, show

    say(incident.headline, "bold")
    say(f"{incident.id}: {incident.state}, severity {incident.severity}, first seen in {incident.window}")
    say(f"\n{diagnosis.summary}\n")
    causes = [
        (
            cause.cause.words,
            number(cause.confidence, "fraction"),
            ", ".join(cause.supporting),
            ", ".join(cause.contradicting),
            cause.explanation,
        )
        for cause in diagnosis.causes
    ]
    show(f"Causes by {diagnosis.engine}", ("Cause", "Confidence", "For", "Against", "Why"), causes)
    actions = [(action.priority, action.action, action.condition, action.why) for action in diagnosis.actions]
    if actions:
        show("What to do", ("Order", "Action", "When", "Why"), actions)
    items = [
        (item.id, item.statement, number(item.value, item.unit), number(item.baseline, item.unit), item.verdict)
        for item in packet.items
    ]
    show("Evidence", ("Id", "Statement", "Value", "Usual", "Verdict"), items)
    for gap in packet.gaps:
        say(f"Not known: {gap}")
    for note in diagnosis.notes:
        say(f"Note: {note}")
    if diagnosis.runbook:
        say(f"Runbook: {diagnosis.runbook}")
