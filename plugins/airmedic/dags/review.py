"""Airflow DAGs ``review__<model>``: look back each week, and propose settings and expectations that serve better."""

from __future__ import annotations

from airflow.sdk import DAG, Param, TriggerRule

from airmedic.dag_factory import model_dag
from airmedic.dags.templates import approved, first_of, xcom
from airmedic.operators.apply_change import ApplyChangeOperator
from airmedic.operators.close_incident import CloseIncidentOperator
from airmedic.operators.review import EXPECTATION_HASH, SETTING_HASH, ReviewOperator
from airmedic.sensors.approval import ApprovalSensor
from airmedic_core.spec import ModelSpec

DOC = """
Looks back at the last windows of **{title}**: which setting raised false alarms, which fault in the data came back.

What would have served better, played back over those windows, is proposed: one setting and one expectation at a
time, so that the effect of each can be seen. Both wait in *Required Actions*. What is approved holds for 90 days.
`airmedic overrides --model {name}` lists it and takes it back.

It runs each Monday. `remediate__{name}` starts it as well when an alarm turns out false and was not the first, once a
day at most.
"""
MONDAYS = "0 6 * * 1"


def review(spec: ModelSpec) -> DAG:
    """Make the review DAG of one model."""
    model = spec.name
    with model_dag(
        "review",
        spec,
        schedule=MONDAYS,
        description=f"Reviews what {spec.title or model} is watched by",
        doc_md=DOC.format(title=spec.title or model, name=model),
        params={
            "occasion": Param(
                "the weekly review", type="string", title="Occasion", description_md="Why? It is kept with the review."
            )
        },
    ) as dag:
        look_back = ReviewOperator(task_id="review", model=model, occasion="{{ params.occasion }}")
        setting, expectation = xcom("review", SETTING_HASH), xcom("review", EXPECTATION_HASH)
        approve_setting = ApprovalSensor(task_id="approve_setting", model=model, proposal_hash=first_of(setting))
        apply_setting = ApplyChangeOperator(
            task_id="apply_setting", model=model, proposal_hash=approved("approve_setting", setting)
        )
        approve_expectation = ApprovalSensor(
            task_id="approve_expectation", model=model, proposal_hash=first_of(expectation)
        )
        apply_expectation = ApplyChangeOperator(
            task_id="apply_expectation", model=model, proposal_hash=approved("approve_expectation", expectation)
        )
        close_review = CloseIncidentOperator(
            task_id="close_review",
            model=model,
            incident_id="{{ (ti.xcom_pull(task_ids='review') or {}).get('incident_id', '') }}",
            trigger_rule=TriggerRule.ALL_DONE,
        )
        look_back >> approve_setting >> apply_setting >> close_review
        look_back >> approve_expectation >> apply_expectation >> close_review
    return dag
