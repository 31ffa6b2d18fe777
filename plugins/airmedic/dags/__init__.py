"""The DAGs of a model, one kind a file. The files in ``dags/`` make them for all models."""
