"""Hooks: what the operators reach through Airflow's connections."""
