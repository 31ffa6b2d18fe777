"""Notifiers that need Airflow, such as a connection of it. Those that do not lie in ``airmedic_core.notifiers``."""
