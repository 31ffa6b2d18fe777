"""Says what happened in the demo: one line for each action, and the steps of the story that did not happen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.table import Table

from airmedic_core.actions import Path, known_action
from airmedic_core.assess.signs import WHOLE, is_measured_loss
from airmedic_core.numbers import measure_name
from airmedic_core.records import Cause, Incident, IncidentState
from airmedic_core.simulate import CHAPTERS, Chapter, is_told, story_so_far
from airmedic_local.airflow_client import AirflowClient, Json, moment

if TYPE_CHECKING:
    from airmedic_core.ledger.actions import RecordedAction
    from airmedic_core.workspace import Workspace


_CHANGES_THE_MODEL = frozenset({Path.DEPLOY, Path.ROLLBACK})
"""Ways after which another version serves. Only they are judged by the metric: after the others the next batch is
another batch, and a training alone changes nothing that serves."""


@dataclass(frozen=True)
class Line:
    """One action that was carried out, with how long things took."""

    incident: Incident
    cause: Cause
    action: str
    status: str
    metric_before: float | None
    metric_after: float | None
    """Both are empty where the action leaves the model as it is."""
    request_seconds: float | None
    """Seconds from the arrival of the batch to the request for approval; empty where nobody had to be asked."""
    done_seconds: float | None
    """Seconds from the approval to the verified end of the action; empty where nobody had to be asked."""


def lines(
    ws: Workspace, arrivals: Mapping[datetime, datetime], requests: Mapping[str, Mapping[str, datetime]]
) -> list[Line]:
    """Return one line for each action of each incident of the model, oldest first.

    Parameters
    ----------
    ws : Workspace
        The model.
    arrivals : mapping
        What :func:`arrival_times` says.
    requests : mapping
        What :func:`request_times` says.
    """
    told: list[Line] = []
    for incident in sorted(ws.ledger.incidents(ws.spec.name), key=lambda incident: incident.opened_at):
        around = metric_around(ws, incident)
        asked = sorted(requests.get(incident.id, {}).values())
        arrived = arrivals.get(incident.window.start)
        for action in ws.ledger.actions(incident_id=incident.id):
            # The first request is what the batch led to; a later one follows from the action before it.
            answered = _answered_at(ws, action)
            requested = asked.pop(0) if asked and answered else None
            first = requested is not None and not any(line.incident.id == incident.id for line in told)
            before, after = around if action.status == "done" and _changes_the_model(action) else (None, None)
            told.append(
                Line(
                    incident=incident,
                    cause=standing_cause(ws, incident),
                    action=action.action,
                    status=action.status,
                    metric_before=before,
                    metric_after=after,
                    request_seconds=_seconds(arrived, requested) if first else None,
                    done_seconds=_seconds(answered, action.finished_at),
                )
            )
    return told


def table(ws: Workspace, told: list[Line]) -> Table:
    """Return the lines as a table for the terminal; a dash stands where there is nothing to say."""
    drawn = Table(title=f"What happened to {ws.spec.name} (a generated production)", title_justify="left")
    for heading in ("Incident", "Cause found", "Action", f"{measure_name(ws.spec.metric)} before → after"):
        drawn.add_column(heading)
    for heading in ("Batch → request (s)", "Approval → done (s)"):
        drawn.add_column(heading, justify="right")
    for line in told:
        drawn.add_row(
            str(line.incident.window),
            line.cause.words,
            line.action if line.status == "done" else f"{line.action} ({line.status})",
            _change(line.metric_before, line.metric_after),
            _number(line.request_seconds, 1),
            _number(line.done_seconds, 1),
        )
    return drawn


def missing_steps(ws: Workspace) -> list[str]:
    """Return the steps of the story that did not happen, each as a sentence; empty if it was told to its end."""
    days = story_so_far(ws)
    incidents = ws.ledger.incidents(ws.spec.name)
    expected: set[str] = set()
    missing: list[str] = []
    for chapter in CHAPTERS:
        window = [day.window.start for day in days if (day.chapter, day.phase) == (chapter.name, "trouble")]
        mine = [incident for incident in incidents if window and window[0] <= incident.window.start <= window[-1]]
        expected |= {incident.id for incident in mine}
        missing += _missing_of_chapter(ws, chapter, mine, reached=bool(window))
    missing += [
        f"No incident should have opened on {incident.window}, but one did: {incident.headline}"
        for incident in incidents
        if incident.id not in expected
    ]
    if not is_told(days):
        missing.append(
            f"The story ends {'before its first day' if not days else f'on {days[-1].date}'}, before its end."
        )
    return missing


def arrival_times(client: AirflowClient) -> dict[datetime, datetime]:
    """Return window start → moment at which its batch was announced."""
    events: Json = client.request("GET", "/assets/events", params={"limit": 1000})
    return {
        moment(event["extra"]["window_start"]): moment(event["timestamp"])
        for event in events["asset_events"]
        if "window_start" in event["extra"]
    }


def request_times(client: AirflowClient) -> dict[str, dict[str, datetime]]:
    """Return incident → task → moment at which it asked for an approval."""
    details: Json = client.request("GET", "/dags/~/dagRuns/~/hitlDetails", params={"limit": 1000})
    times: dict[str, dict[str, datetime]] = {}
    for detail in details["hitl_details"]:
        task = detail["task_instance"]
        times.setdefault(task["dag_run_id"], {})[task["task_id"]] = moment(detail["created_at"])
    return times


def standing_cause(ws: Workspace, incident: Incident) -> Cause:
    """Return the cause that the standing diagnosis names, or that of the incident where there is none."""
    standing = ws.ledger.standing_diagnosis(incident.id)
    return standing.cause if standing else incident.cause


def metric_around(ws: Workspace, incident: Incident) -> tuple[float | None, float | None]:
    """Return the model's metric on the newest batch of an incident and on the first batch after it was closed."""
    newest = max(incident.batch_ids, default="")
    later = [
        seen.batch.id
        for seen in ws.ledger.batches(ws.spec.name, limit=500)
        if seen.batch.id > newest and seen.assessment is not None
    ]
    return _metric(ws, newest), _metric(ws, min(later)) if later else None


def _missing_of_chapter(ws: Workspace, chapter: Chapter, mine: list[Incident], *, reached: bool) -> Iterator[str]:
    if not reached:
        yield f"{chapter.name}: the story did not come so far."
        return
    if not mine:
        yield f"{chapter.name}: nobody noticed that {chapter.title}."
        return
    causes = {standing_cause(ws, incident) for incident in mine}
    if not causes & set(chapter.causes):
        said = ", ".join(sorted(causes))
        yield f"{chapter.name}: the cause is {' or '.join(chapter.causes)}, but the diagnosis said {said}."
    done = {a.action for incident in mine for a in ws.ledger.actions(incident_id=incident.id) if a.status == "done"}
    for action in chapter.actions:
        if action not in done:
            yield f"{chapter.name}: {action} was not carried out (done: {', '.join(sorted(done)) or 'nothing'})."
    for incident in mine:
        if incident.state is not IncidentState.RESOLVED:
            yield f"{chapter.name}: the incident {incident.id} is {incident.state}, not resolved."
        if incident.mlflow_run_id is None:
            yield f"{chapter.name}: the incident {incident.id} has no report in MLflow."


def _changes_the_model(recorded: RecordedAction) -> bool:
    action = known_action(recorded.action)
    return action is not None and action.path in _CHANGES_THE_MODEL


def _answered_at(ws: Workspace, action: RecordedAction) -> datetime | None:
    answers = ws.ledger.approvals(action.proposal_hash)
    by_people = [answer.at for answer in answers if answer.channel != "policy" and not answer.refused_because]
    return max(by_people, default=None)


def _metric(ws: Workspace, batch_id: str) -> float | None:
    measured = [finding for finding in ws.ledger.findings(batch_id) if is_measured_loss(finding)]
    of_all_rows = [finding for finding in measured if (finding.statistic, finding.subject) == (ws.spec.metric, WHOLE)]
    return of_all_rows[0].value if of_all_rows else None


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()


def _change(before: float | None, after: float | None) -> str:
    return "–" if before is None and after is None else f"{_number(before, 3)} → {_number(after, 3)}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
