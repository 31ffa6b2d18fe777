"""Airmedic for Airflow: operators, sensors, notifiers and the DAG factory."""
