"""What the health page reads, asked of a running Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from tests.airflow.conftest import Running


def test_the_running_api_server_answers_who_has_logged_in(running: Running) -> None:
    from tests.airflow.conftest import MODELS

    client = running.client()
    base = running.installation.airflow_url.rstrip("/")
    with httpx.Client(base_url=base, timeout=60) as stranger:
        assert stranger.get("/airmedic/api/fleet").status_code == 401
        client.request("GET", "/dags/monitor__meter")  # which logs in
        stranger.headers["Authorization"] = f"Bearer {client._token}"
        answer = stranger.get("/airmedic/api/fleet")
        assert answer.status_code == 200
        metrics = stranger.get("/airmedic/metrics").text
    states = {row["name"]: row["state"] for row in answer.json()["models"]}
    # Other tests of the same Airflow add models of their own.
    assert set(MODELS) <= set(states)
    assert "broken_spec" not in states.values()
    assert all(f'airmedic_model_healthy{{model="{name}"}}' in metrics for name in MODELS)
