"""Airflow DAGs ``monitor__<model>``: look at every batch of every model."""

from airmedic.dag_factory import dags_of_specs
from airmedic.dags.monitor import monitor

globals().update(dags_of_specs("monitor", monitor, file=__file__))
