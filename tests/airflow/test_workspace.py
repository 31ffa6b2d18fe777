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
