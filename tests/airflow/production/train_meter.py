"""A team's own training: fits what it is told to on its own rows, and registers the version with the tag it is told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, get_current_context, task

with DAG("train_meter", schedule=None, is_paused_upon_creation=False):

    @task
    def train() -> dict[str, Any]:
        """Train, register, and return the order."""
        import mlflow
        import pandas as pd
        from sklearn.naive_bayes import GaussianNB

        order = dict(get_current_context()["dag_run"].conf)
        rows = pd.read_csv(Path(os.environ["AIRMEDIC_HOME"]) / "meter.csv", parse_dates=["at"])
        rows = rows[(rows["at"] >= order["window_start"]) & (rows["at"] < order["train_until"])]
        fitted = GaussianNB().fit(rows[["load", "heat"]], rows["failed"])
        with mlflow.start_run():
            logged = mlflow.sklearn.log_model(
                fitted,
                name="model",
                input_example=rows[["load", "heat"]].head(),
                pip_requirements=["scikit-learn"],
                registered_model_name=order["model"],
            )
        mlflow.MlflowClient().set_model_version_tag(
            order["model"], logged.registered_model_version, order["tag"], order["proposal_hash"]
        )
        return order

    train()
