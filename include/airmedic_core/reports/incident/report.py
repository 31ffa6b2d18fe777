"""The incident report: one MLflow run that tells the whole story of one incident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.records import Json, to_json
from airmedic_core.reports.batch.report import name_again
from airmedic_core.reports.consultations import link_traces
from airmedic_core.reports.decided import next_step, who_decided
from airmedic_core.reports.decision_trace import decision_trace
from airmedic_core.reports.dossier import Dossier, read_dossier
from airmedic_core.reports.incident.measures import incident_points
from airmedic_core.reports.incident.pages import incident_page, incident_pictures
from airmedic_core.reports.incident.tables import incident_tables
from airmedic_core.reports.narrative import incident_markdown, incident_name, incident_note, what_was_asked
from airmedic_core.reports.narrative.name import asked_of, decider
from airmedic_core.reports.narrative.record import settled
from airmedic_core.reports.narrative.remedy import measured_words
from airmedic_core.reports.runs import AIRFLOW_TAG, Report, RunContent, airflow_link, write_run
from airmedic_core.reports.text import line

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

INCIDENT_TAG = "airmedic.incident_id"
_NAMED_AGAIN = 3
"""Newest windows of an incident whose runs are named after how far it has come: each costs MLflow two requests."""


def incident_report(ws: Workspace, incident_id: str, *, airflow_url: str = "") -> Report:
    """Write an incident, as it stands, into its MLflow run.

    Call it whenever the incident has moved on: the run stays the same, and a report that is current is left alone.

    Parameters
    ----------
    ws : Workspace
        The model's workspace.
    incident_id : str
        Which incident.
    airflow_url : str
        Address of the DAG run that handles it, kept as a tag, so that the MLflow run links back.

    Returns
    -------
    Report
        The run and its address. The ledger's incident carries the run id from then on.

    Raises
    ------
    LedgerError
        If there is no such incident.
    RegistryUnavailableError
        If MLflow does not answer. Nothing half-written is left, a retry helps.
    """
    dossier = read_dossier(ws, incident_id)
    identity = (INCIDENT_TAG, incident_id)
    airflow_url = airflow_link(ws, identity, airflow_url)
    incident = dossier.incident
    markdown = incident_markdown(dossier, airflow_url)
    trace = decision_trace(dossier).mermaid()
    tables = incident_tables(dossier)
    content = RunContent(
        identity=identity,
        name=incident_name(dossier),
        note=incident_note(dossier, airflow_url),
        basis=[settled(markdown), trace],
        tags=_tags(dossier) | {AIRFLOW_TAG: airflow_url},
        points=incident_points(dossier),
        written_again=True,
        tables=tuple(tables),
    )
    from airmedic_core.ledger.checkpoints import keep_checkpoint

    checkpoint = keep_checkpoint(ws.ledger, ws.settings)

    def write(folder: Path) -> None:
        for name, table in tables.items():
            _dump(folder / name, table)
        _write(dossier, markdown, trace, folder)
        if checkpoint is not None:
            _dump(folder / "checkpoint.json", checkpoint)

    report = write_run(ws, content, write)
    name_again(ws, dossier.batches[-_NAMED_AGAIN:])
    if dossier.calls:
        link_traces(ws, incident_id, report.run_id)
    if incident.mlflow_run_id != report.run_id:
        # It may have moved on while the report was written.
        state = ws.ledger.incident(incident.id).state
        ws.ledger.move_incident(incident.id, state, mlflow_run_id=report.run_id)
    return report


def incident_answer(ws: Workspace, incident_id: str) -> str:
    """Return what came of a person's request, in plain text; empty where nobody asked for anything.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident_id : str
        The incident that was opened for the request, or that it was about.

    Raises
    ------
    LedgerError
        If there is no such incident.
    """
    dossier = read_dossier(ws, incident_id)
    return dossier.privacy.text(what_was_asked(dossier))


def incident_outcome(ws: Workspace, incident_id: str) -> list[str]:
    """Return who decided, whether it helped, and what came of it, a sentence each: for a message.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident_id : str
        The incident, which has ended.

    Raises
    ------
    LedgerError
        If there is no such incident.
    """
    dossier = read_dossier(ws, incident_id)
    resolution = dossier.incident.resolution
    decided = who_decided(resolution)
    told = [f"{decided[:1].upper()}{decided[1:]}." if decided else ""]
    told += [*measured_words(dossier), line(resolution.get("summary") or "", 300)]
    return [dossier.privacy.text(sentence) for sentence in told if sentence]


def _tags(dossier: Dossier) -> dict[str, str]:
    incident = dossier.incident
    resolution = incident.resolution
    return {
        "airmedic.kind": "incident",
        "airmedic.model": incident.model,
        "airmedic.state": incident.state,
        "airmedic.outcome": str(resolution.get("outcome") or ""),
        "airmedic.cause": incident.cause,
        "airmedic.severity": incident.severity,
        "airmedic.metric": dossier.summary.metric_name or "",
        "airmedic.window": incident.window.key,
        "airmedic.request": "dry_run" if dossier.rehearsed else str(resolution.get("requested") or ""),
        "airmedic.requested_by": str(resolution.get("requested_by") or ""),
        "airmedic.approved_by": ", ".join(dossier.approvers),
        "airmedic.who_decided": decider(dossier),
        "airmedic.next_step": next_step(incident.state, resolution, asked_of(dossier)),
        "airmedic.batch_ids": json.dumps(incident.batch_ids),
        "airmedic.packet_hash": dossier.packet.hash if dossier.packet else "",
    }


def _write(dossier: Dossier, markdown: str, trace: str, folder: Path) -> None:
    pictures = incident_pictures(dossier)
    for name, picture in pictures.items():
        (folder / name).write_text(picture.file(), encoding="utf-8")
    (folder / "report.html").write_text(incident_page(dossier, markdown, pictures), encoding="utf-8")
    shown = "".join(f"\n![{name.partition('.')[0]}]({name})\n" for name in pictures)
    told = f"{markdown}{shown}\n## Decision trace\n\n```mermaid\n{trace}```\n"
    (folder / "report.md").write_text(told, encoding="utf-8")
    (folder / "decision_trace.mmd").write_text(trace, encoding="utf-8")
    for place, gate in enumerate(dossier.gates, start=1):
        name = "gate" if len(dossier.gates) == 1 else f"gate_{place}"
        _dump(folder / f"{name}.json", to_json(gate))
    _dump(folder / "record.json", _record(dossier))


def _record(dossier: Dossier) -> Json:
    plain: Json = {
        "incident": to_json(dossier.incident),
        "evidence": [to_json(item) for item in dossier.evidence],
        "packet_hash": dossier.packet.hash if dossier.packet else None,
        "diagnoses": [{"stands": stands, **to_json(diagnosis)} for diagnosis, stands in dossier.diagnoses],
        "decisions": list(dossier.decisions),
        "proposals": [{"hash": proposal.hash, **to_json(proposal)} for proposal in dossier.proposals],
        "approvals": [to_json(answer) for answers in dossier.approvals.values() for answer in answers],
        "actions": [to_json(done) for done in dossier.actions],
        "promotions": [to_json(switch) for switch in dossier.switches],
        "audit": {"records": dossier.audit[0], "head": dossier.audit[1]} if dossier.audit else None,
    }
    text = json.dumps(dossier.privacy.plain(plain), ensure_ascii=False, default=str)
    cleaned: Json = json.loads(dossier.privacy.text(text))
    return cleaned


def _dump(path: Path, plain: Json) -> None:
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
