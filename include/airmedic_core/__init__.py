"""The engine of Airmedic: detection, diagnosis, decision and healing, without Airflow."""

__version__ = "0.1.0"
