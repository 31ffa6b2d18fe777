from __future__ import annotations

from dataclasses import replace

import pytest

from airmedic_core.reports.addresses import experiment_address, model_address, page_address
from airmedic_core.reports.runs import mlflow_url
from airmedic_core.settings import Settings
from airmedic_core.workspace import Workspace


@pytest.mark.parametrize(
    ("tracking_uri", "public", "address"),
    [
        ("http://mlflow:5000/", "", "http://mlflow:5000"),
        ("https://ada:secret@host/ml/", "", "https://host/ml"),
        ("http://mlflow:5000", "http://localhost:5001", "http://localhost:5001"),
        ("sqlite:///x.db", "", ""),
    ],
)
def test_the_address_is_the_one_that_browsers_use(
    settings: Settings, tracking_uri: str, public: str, address: str
) -> None:
    assert page_address(replace(settings, tracking_uri=tracking_uri, mlflow_url=public)) == address


def test_a_plain_store_has_no_pages(ws: Workspace) -> None:
    assert mlflow_url(ws, "abc") == ""
    browsed = Workspace(ws.spec, replace(ws.settings, mlflow_url="http://here"), ws.ledger, ws.registry)
    experiment = ws.registry.experiment("churn")
    assert mlflow_url(browsed, "abc") == (
        f"http://here/#/experiments/{experiment}/runs/abc?workflowType=machine_learning"
    )


def test_lists_and_models_open_in_the_view_for_trained_models(settings: Settings) -> None:
    served = replace(settings, tracking_uri="http://mlflow:5000")
    # The word and its values are those of MLflow 3.17, in its context of the workflow's type.
    assert experiment_address(served, "3") == "http://mlflow:5000/#/experiments/3/runs?workflowType=machine_learning"
    assert model_address(served, "a/b") == "http://mlflow:5000/#/models/a%2Fb?workflowType=machine_learning"
    assert model_address(settings, "a") == ""
