"""Looks back over the last windows when somebody asks, and has what it proposes approved."""

from __future__ import annotations

from airflow.sdk import DAG, TriggerRule

from airmedic.operators.apply_change import ApplyChangeOperator
from airmedic.operators.close_incident import CloseIncidentOperator
from airmedic.operators.review import ReviewOperator
from airmedic.sensors.approval import ApprovalSensor

SETTING = "{{ ti.xcom_pull(task_ids='review', key='setting_hash') }}"

with DAG("example_review", schedule=None, doc_md=__doc__):
    review = ReviewOperator(task_id="review", model="orders", occasion="the end of the season")
    approve_setting = ApprovalSensor(task_id="approve_setting", model="orders", proposal_hash=SETTING)
    apply_setting = ApplyChangeOperator(task_id="apply_setting", model="orders", proposal_hash=SETTING)
    close_review = CloseIncidentOperator(
        task_id="close_review",
        model="orders",
        incident_id="{{ (ti.xcom_pull(task_ids='review') or {}).get('incident_id', '') }}",
        trigger_rule=TriggerRule.ALL_DONE,
    )
    review >> approve_setting >> apply_setting >> close_review
