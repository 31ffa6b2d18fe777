"""Airflow DAGs ``review__<model>``: look back each week, and propose settings and expectations that serve better."""

from airmedic.dag_factory import dags_of_specs
from airmedic.dags.review import review

globals().update(dags_of_specs("review", review, file=__file__))
