"""Says what Airflow's triggerer runs to notice that there is something new for a model."""
