"""Closes an incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException, AirflowRuntimeError

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.further_runs import start_run
from airmedic.hooks.workspace import open_workspace
from airmedic.links import MLFLOW_URL, MLflowRunLink, run_url
from airmedic.operators.model import ModelOperator
from airmedic.people_notifier import tell
from airmedic_core.notifiers import Event
from airmedic_core.records import Json, from_json


class CloseIncidentOperator(ModelOperator):
    """Verifies the outcome, writes the resolution and the report, and tells everyone who does not know of it already.

    Its trigger rule is ``all_done``, so that an incident is closed whatever happened before. As the last task it
    decides the state of the DAG run: if a task before it failed, it fails after its work is done.

    After false alarms it starts ``review__<model>``, once a day at most. Where the alarm has gone quiet before an
    approved action began, the incident stays open, and another run of ``remediate__<model>`` asks about it again.

    Parameters
    ----------
    model : str
        Name of the model spec.
    incident_id : str
        The incident; empty if the run failed before there was one.
    tolerated : sequence of str
        Tasks that may fail without failing the run: those that only tell people.
    request : dict
        What a person asked for. After a dry run, or a diagnosis only, an incident that monitoring opened stays open.

    Returns
    -------
    dict
        ``state``, ``headline``, ``resolution`` and ``url`` of the report in MLflow.
    """

    template_fields: Sequence[str] = ("model", "incident_id", "request")
    operator_extra_links = (MLflowRunLink(),)

    def __init__(
        self,
        *,
        incident_id: str,
        request: Mapping[str, str] | None = None,
        tolerated: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.incident_id = incident_id
        self.tolerated = tolerated
        self.request = request

    def execute(self, context: Context) -> Json:
        """Close the incident."""
        failed = [task for task in _failed_tasks(context) if task not in self.tolerated]
        if not self.incident_id:
            raise AirflowFailException(f"There is no incident to close: {', '.join(failed)} failed.")
        with airflow_errors():
            from airmedic_core.decide import Request
            from airmedic_core.decide.handed_over import ended_without_a_word
            from airmedic_core.incident_lifecycle import asked_again, close_incident
            from airmedic_core.reports import incident_answer, incident_outcome, incident_report
            from airmedic_core.review import review_due

            now = datetime.now(UTC)
            workspace = open_workspace(self.model)
            only_looked = from_json(Request, dict(self.request or {})).only_looks
            incident = close_incident(workspace, self.incident_id, now=now, failed=failed, only_looked=only_looked)
            report = incident_report(workspace, self.incident_id, airflow_url=run_url(context))
            answer = incident_answer(workspace, self.incident_id)
            came_of = incident_outcome(workspace, self.incident_id)
            review_run = review_due(workspace, incident, now=now)
            again = "" if only_looked else asked_again(workspace, incident)
            known = not failed and ended_without_a_word(workspace, self.incident_id)
        context["ti"].xcom_push(MLFLOW_URL, report.url)
        # Whoever asked for it looks here first.
        self.log.info("%s", answer or incident.resolution.get("summary") or incident.headline)
        headline = f"Incident {incident.id} is {incident.state}: {incident.headline}"
        if not known:
            tell(workspace.spec, headline, *came_of, event=Event.INCIDENT_CLOSED, incident=incident, links=[report.url])
        if review_run:
            self._start_review(review_run)
        if again and not failed:
            conf = {"incident_id": incident.id, "reason": "The alarm has gone quiet since the approval."}
            start_run(f"remediate__{self.model}", f"{incident.id}__again__{again[:8]}", conf)
        if failed:
            raise AirflowFailException(f"The incident is closed as {incident.state}, but {', '.join(failed)} failed.")
        return {
            "state": str(incident.state),
            "headline": incident.headline,
            "resolution": incident.resolution,
            "url": report.url,
        }

    def _start_review(self, run_id: str) -> None:
        from airmedic_core.review.review import AFTER_FALSE_ALARMS

        try:
            start_run(f"review__{self.model}", run_id, {"occasion": AFTER_FALSE_ALARMS})
        except AirflowRuntimeError as error:
            # A team may have left the review out; that is no reason for an incident to stay open.
            self.log.warning("The review after false alarms could not be started: %s", error)


def _failed_tasks(context: Context) -> list[str]:
    run = context["dag_run"]
    states = context["ti"].get_task_states(dag_id=run.dag_id, run_ids=[run.run_id]).get(run.run_id, {})
    return sorted(task for task, state in states.items() if state == "failed")
