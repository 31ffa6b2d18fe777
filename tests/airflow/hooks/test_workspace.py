"""What Airflow's connections add to a workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SPEC = """\
name: beta
task: binary
target: y
data:
  source: sql
  connection: warehouse
  table: rows
  time_column: at
"""


def test_the_rows_may_be_behind_any_connection_of_airflow(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic_core.sources.sql import connection_url

    (content / "models" / "beta.yaml").write_text(SPEC)
    # As JSON Airflow understands it, and the engine, which wants a URL, does not.
    known = {"conn_type": "postgres", "login": "me", "password": "p@ss", "host": "db", "port": 5433, "schema": "dwh"}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(known))
    open_workspace("beta")
    assert connection_url("warehouse") == "postgres://me:p%40ss@db:5433/dwh"


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        ("postgres://me:p%40ss@db:5433/airmedic", "postgresql+psycopg://me:p%40ss@db:5433/airmedic"),
        ("mysql://me@db/airmedic", "mysql+pymysql://me@db/airmedic"),
        ("generic://?url=sqlite%3A%2F%2F%2F%2Fdata%2Fledger.db", "sqlite:////data/ledger.db"),
    ],
)
def test_the_ledger_may_be_named_by_a_connection(monkeypatch: pytest.MonkeyPatch, uri: str, url: str) -> None:
    from airmedic.hooks.workspace import settings

    monkeypatch.setenv("AIRFLOW_CONN_AIRMEDIC_LEDGER", uri)
    assert settings().ledger_url == url


def test_mlflow_may_be_named_by_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from airmedic.hooks.workspace import settings

    monkeypatch.setenv("AIRFLOW_CONN_AIRMEDIC_MLFLOW", "http://me:secret@mlflow:5000")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "")
    assert settings().tracking_uri == "http://mlflow:5000"
    assert os.environ["MLFLOW_TRACKING_PASSWORD"] == "secret"  # noqa: S105
