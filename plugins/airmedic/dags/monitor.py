"""Airflow DAGs ``monitor__<model>``: look at every batch of every model."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, TriggerRule

from airmedic.dag_factory import model_dag, schedule_of
from airmedic.operators.assess import AssessOperator
from airmedic.operators.data_quality import DataQualityOperator
from airmedic.operators.drift_check import DriftCheckOperator
from airmedic.operators.open_incident import OpenIncidentOperator
from airmedic.operators.performance_check import PerformanceCheckOperator
from airmedic.operators.publish_report import PublishReportOperator
from airmedic.operators.record_healthy import RecordHealthyOperator
from airmedic.operators.resolve_batch import ResolveBatchOperator
from airmedic_core.spec import ModelSpec

DOC = """
Looks at every batch of **{title}** and decides whether it is healthy, to be watched, or an incident.

An incident starts `remediate__{name}`, so that monitoring never waits for people. Reports are in MLflow, in the
experiment `airmedic/{name}`.

To look at a window again, trigger the DAG with `window_start` and `window_end`. The same window is the same batch:
nothing is counted twice.
"""


def moment(title: str, description: str) -> Param:
    """Return a field of the form for a time that may be left empty."""
    return Param(None, type=["null", "string"], format="date-time", title=title, description=description)


def monitor(spec: ModelSpec) -> DAG:
    """Make the monitoring DAG of one model."""
    with model_dag(
        "monitor",
        spec,
        schedule=schedule_of(spec),
        description=f"Watches {spec.title or spec.name}",
        doc_md=DOC.format(title=spec.title or spec.name, name=spec.name),
        params={
            "window_start": moment("Window start", "Empty: the last complete window."),
            "window_end": moment("Window end", "The first moment that is not part of the window."),
            "as_of": moment("As of", "Labels that became known later do not exist yet."),
        },
    ) as dag:
        resolve_batch = ResolveBatchOperator(
            task_id="resolve_batch",
            model=spec.name,
            window_start="{{ params.window_start or '' }}",
            window_end="{{ params.window_end or '' }}",
            as_of="{{ params.as_of or '' }}",
            # About an hour: rows may land late.
            retries=12,
        )
        batch = resolve_batch.output
        checks = [
            DataQualityOperator(task_id="validate_data", model=spec.name, batch=batch),
            DriftCheckOperator(task_id="check_drift", model=spec.name, batch=batch),
            PerformanceCheckOperator(task_id="check_performance", model=spec.name, batch=batch),
        ]
        assess = AssessOperator(task_id="assess", model=spec.name, batch=batch)
        record_healthy = RecordHealthyOperator(task_id="record_healthy", model=spec.name, batch=batch)
        keep_watching = EmptyOperator(task_id="keep_watching")
        open_incident = OpenIncidentOperator(task_id="open_incident", model=spec.name, batch=batch)
        start_remediation = TriggerDagRunOperator(
            task_id="start_remediation",
            trigger_dag_id=f"remediate__{spec.name}",
            # The incident is the run: a retry, or one more batch of the same incident, finds the run there already.
            trigger_run_id="{{ ti.xcom_pull(task_ids='open_incident')['run_id'] }}",
            conf={"incident_id": "{{ ti.xcom_pull(task_ids='open_incident')['incident_id'] }}"},
            logical_date=None,
            skip_when_already_exists=True,
        )
        publish_report = PublishReportOperator(
            task_id="publish_report",
            model=spec.name,
            batch=batch,
            # Where the window is on record already, all before it is skipped, and there is nothing to publish.
            trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        )

        checks >> assess >> [record_healthy, keep_watching, open_incident]
        open_incident >> start_remediation
        [record_healthy, keep_watching, start_remediation] >> publish_report
    return dag
