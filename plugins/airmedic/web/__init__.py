"""The health page inside Airflow's UI, and the read model as JSON and as Prometheus reads it."""
