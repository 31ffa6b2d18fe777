"""The incident report: one MLflow run that tells the whole story of one incident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.records import Json, to_json
from airmedic_core.reports.consultations import link_traces
from airmedic_core.reports.decision_trace import decision_trace
from airmedic_core.reports.dossier import Dossier, read_dossier
from airmedic_core.reports.narrative import incident_markdown, incident_note
from airmedic_core.reports.runs import (
    AIRFLOW_TAG,
    Point,
    Report,
    RunContent,
    airflow_link,
    finite,
    metric_key,
    write_run,
)
from airmedic_core.reports.text import first_day

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

INCIDENT_TAG = "airmedic.incident_id"


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
    markdown = incident_markdown(dossier)
    trace = decision_trace(dossier).mermaid()
    note = incident_note(dossier)
    tags = {
        "airmedic.kind": "incident",
        "airmedic.model": incident.model,
        "airmedic.state": incident.state,
        "airmedic.cause": incident.cause,
        "airmedic.severity": incident.severity,
        "airmedic.window": incident.window.key,
        "airmedic.batch_ids": json.dumps(incident.batch_ids),
        "airmedic.packet_hash": dossier.packet.hash if dossier.packet else "",
        AIRFLOW_TAG: airflow_url,
    }
    content = RunContent(
        identity=identity,
        name=f"incident {first_day(incident.window)}: {incident.cause}, {incident.state}",
        note=f"{note}\n\n[Run in Airflow]({airflow_url})" if airflow_url else note,
        basis=[_settled(dossier, markdown), trace],
        tags=tags,
        points=_points(dossier),
    )
    from airmedic_core.ledger.checkpoints import keep_checkpoint

    checkpoint = keep_checkpoint(ws.ledger, ws.settings)
    report = write_run(ws, content, lambda folder: _write(dossier, markdown, trace, checkpoint, folder))
    if dossier.calls:
        link_traces(ws, incident_id, report.run_id)
    if incident.mlflow_run_id != report.run_id:
        # It may have moved on while the report was written.
        state = ws.ledger.incident(incident.id).state
        ws.ledger.move_incident(incident.id, state, mlflow_run_id=report.run_id)
    return report


def _settled(dossier: Dossier, markdown: str) -> str:
    # The audit chain grows with whatever else happens; that alone is no reason to write the report again.
    return markdown.replace(dossier.audit[1], "").partition("* Audit chain")[0] if dossier.audit else markdown


def _points(dossier: Dossier) -> tuple[Point, ...]:
    incident, resolution = dossier.incident, dossier.incident.resolution
    moment = int((incident.closed_at or incident.as_of).timestamp() * 1000)
    values: dict[str, object] = {
        "metric_before": resolution.get("before"),
        "metric_after": resolution.get("after"),
        "confidence": dossier.standing.confidence if dossier.standing else None,
    }
    if incident.closed_at is not None:
        values["seconds_open"] = (incident.closed_at - incident.opened_at).total_seconds()
    points = [
        Point(metric_key(key), float(value), 0, moment)
        for key, value in values.items()
        if isinstance(value, int | float)
    ]
    ends = {point.window_end: point.value for point in dossier.history}
    points += [
        Point(metric_key("history", dossier.spec.metric), value, step, int(end.timestamp() * 1000))
        for step, (end, value) in enumerate(sorted(ends.items()))
    ]
    return finite(points)


def _write(dossier: Dossier, markdown: str, trace: str, checkpoint: Json | None, folder: Path) -> None:
    from airmedic_core.reports.drawing import draw_gate, draw_history, draw_trace

    (folder / "incident.md").write_text(f"{markdown}\n## Decision trace\n\n```mermaid\n{trace}```\n", encoding="utf-8")
    (folder / "decision_trace.mmd").write_text(trace, encoding="utf-8")
    draw_trace(decision_trace(dossier), folder / "decision_trace.png")
    for place, gate in enumerate(dossier.gates, start=1):
        name = "gate" if len(dossier.gates) == 1 else f"gate_{place}"
        if gate.difference is not None:
            draw_gate(gate, folder / f"{name}.png")
        _dump(folder / f"{name}.json", to_json(gate))
    if len(dossier.history) > 1:
        draw_history(dossier.spec.metric, dossier.history, dossier, folder / "metric_history.png")
    _dump(folder / "record.json", _record(dossier))
    if checkpoint is not None:
        _dump(folder / "checkpoint.json", checkpoint)


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
