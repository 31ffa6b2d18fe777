"""Tells people of an incident, and opens its ticket, once and without failing anything."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airmedic.operators.announce import AnnounceOperator

with DAG(
    "example_announce",
    schedule=None,
    doc_md=__doc__,
    params={"incident_id": Param("", type="string", title="Incident")},
):
    announce = AnnounceOperator(task_id="announce", model="orders", incident_id="{{ params.incident_id }}")
