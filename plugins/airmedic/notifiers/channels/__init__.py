"""The notifiers that need Airflow. One file is one notifier, as in ``airmedic_core.notifiers``."""
