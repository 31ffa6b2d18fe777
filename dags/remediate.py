"""Airflow DAGs ``remediate__<model>``: diagnose an incident, ask, act, and prove that it helped."""

from airmedic.dag_factory import dags_of_specs
from airmedic.dags.remediate import remediate

globals().update(dags_of_specs("remediate", remediate, file=__file__))
