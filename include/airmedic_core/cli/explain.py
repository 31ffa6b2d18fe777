"""Print what is known of an incident: causes with their evidence, what to do, what is not known.

Without --incident the newest open one is explained, else the newest. Where it was not diagnosed yet, the evidence is
collected and the rules answer now. Exit code 0: explained. 2: could not be.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from airmedic_core.terminal.arguments import add_json, add_model, workspace_of
from airmedic_core.terminal.progress import step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from airmedic_core.records import Diagnosis, Evidence, EvidencePacket, Incident
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
        _print(ws, incident, diagnosis, packet)
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
    standing = ws.ledger.standing_diagnosis(incident.id)
    if packet is not None and standing is not None:
        return standing, packet
    step("collects the evidence")
    packet = packet or collect_evidence(ws, incident.id)
    step("diagnoses")
    return diagnose(ws, incident.id, None), packet


def _print(ws: Workspace, incident: Incident, diagnosis: Diagnosis, packet: EvidencePacket) -> None:
    from airmedic_core.reports.shares import shares
    from airmedic_core.reports.text import number
    from airmedic_core.terminal.output import say, show_under

    say(incident.headline, "bold")
    say(incident.id)
    say(f"{incident.state.replace('_', ' ')}, severity {incident.severity}, first seen in {incident.window}")
    for question, answer in _answers(ws, incident):
        say(f"{question}: {answer}")
    say(f"\n{diagnosis.summary}\n")
    known = {item.id: item for item in packet.items}
    told, rest = shares([cause.confidence for cause in diagnosis.causes])
    causes = [
        (
            f"{cause.cause.words}, {number(share, 'fraction')}",
            _cited("for it", known, cause.supporting),
            _cited("against it", known, [key for key in cause.contradicting if key not in cause.supporting]),
            cause.explanation,
        )
        for cause, share in zip(diagnosis.causes, told, strict=True)
    ]
    if diagnosis.causes and rest:
        causes.append((f"something else, {number(rest, 'fraction')}", "", "", ""))
    say(f"Causes by {diagnosis.engine}", "bold")
    show_under(("Cause", "For", "Against", "Why"), causes)
    if diagnosis.actions:
        say("\nWhat to do", "bold")
        for action in diagnosis.actions:
            condition = f" ({action.condition})" if action.condition else ""
            say(f"{action.priority}. {action.action}{condition}: {action.why}")
    say("\nEvidence", "bold")
    items = [(f"{item.id} {item.verdict}", *_compared(item), item.statement) for item in packet.items]
    show_under(("Id", "Value", "Usual", "Statement"), items)
    say()
    for gap in packet.gaps:
        say(f"Not known: {gap}")
    for note in diagnosis.notes:
        say(f"Note: {note}")
    if diagnosis.runbook:
        say(f"Runbook: {diagnosis.runbook}")
    for name, address in _addresses(ws, incident):
        say(f"{name}: {address}")


def _answers(ws: Workspace, incident: Incident) -> Iterator[tuple[str, str]]:
    """Yield who decided, whether it helped, and what comes next, as far as each is known."""
    from airmedic_core.reports.decided import next_step
    from airmedic_core.reports.dossier import read_dossier
    from airmedic_core.reports.narrative.name import asked_of, decider
    from airmedic_core.reports.narrative.remedy import measured_words

    dossier = read_dossier(ws, incident.id)
    if decided := decider(dossier):
        yield "Who decided", decided
    if measured := measured_words(dossier):
        yield "Did it help", " ".join(measured)
    yield "Next step", next_step(incident.state, incident.resolution, asked_of(dossier))


def _cited(side: str, known: Mapping[str, Evidence], ids: Iterable[str]) -> str:
    from airmedic_core.reports.distinct import distinct

    told = [item.id for item in distinct(known[key] for key in ids if key in known)]
    return f"{side}: {', '.join(told)}" if told else ""


def _compared(item: Evidence) -> tuple[str, str]:
    from airmedic_core.reports.text import number

    value = f"value {number(item.value, item.unit)}" if item.value is not None else ""
    return value, f"usual {number(item.baseline, item.unit)}" if item.baseline is not None else ""


def _addresses(ws: Workspace, incident: Incident) -> Iterator[tuple[str, str]]:
    """Yield where the incident is told in full, and where it is handled, as far as both are known here."""
    from airmedic_core.errors import AirmedicError
    from airmedic_core.reports.incident import INCIDENT_TAG
    from airmedic_core.reports.runs import airflow_link, mlflow_url

    if not incident.mlflow_run_id:
        return
    try:
        yield "MLflow", mlflow_url(ws, incident.mlflow_run_id) or f"run {incident.mlflow_run_id}"
        if address := airflow_link(ws, (INCIDENT_TAG, incident.id), ""):
            yield "Airflow", address
    except AirmedicError:  # the ledger alone explains the incident
        return
