"""Partitions, files and messages start monitoring in a real Airflow, each window once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from tests.airflow.production import meter
from tests.airflow.running.steps import wait_for
from tests.redis_server import redis_server

if TYPE_CHECKING:
    from tests.airflow.conftest import Running


def add_model(running: Running, name: str, schedule: str, rows: str = "") -> str:
    """Write the spec of one more model, adopt its champion, and return its DAG once Airflow knows it."""
    models = running.content / "models"
    meter.write_spec(models, name, Path(rows) if rows else running.installation.home / "meter.csv")
    lines = (models / f"{name}.yaml").read_text().splitlines()
    changed = [f'schedule: "{schedule}"' if line.startswith("schedule:") else line for line in lines]
    (models / f"{name}.yaml").write_text("\n".join(changed) + "\n")
    running.adopt(name)
    running.client().wait_for_dags([f"monitor__{name}"])
    return f"monitor__{name}"


def resolved(running: Running, dag_id: str) -> dict[str, list[str]]:
    """Return the states of ``resolve_batch`` in the runs that have ended, by window; "" where it found none."""
    states: dict[str, list[str]] = {}
    client = running.client()
    for run in client.runs(dag_id):
        if run["state"] in {"success", "failed"}:
            tasks = client.task_states(dag_id, run["dag_run_id"])
            state = str(tasks["resolve_batch"])
            window = ""
            if state == "success":
                window = client.xcom(dag_id, run["dag_run_id"], "resolve_batch")["window"]["start"][:10]
            else:
                assert tasks["publish_report"] in {"skipped", "upstream_failed"}
            states.setdefault(window, []).append(state)
    return states


def assessed(running: Running, model: str) -> list[str]:
    """Return the windows that are on record, oldest first."""
    seen = running.workspace(model).ledger.batches(model)
    return sorted(str(observed.batch.window) for observed in seen if observed.assessment is not None)


def date(index: int) -> str:
    return meter.day(index)["window_start"][:10]


def test_each_partition_is_a_window_and_one_that_is_none_fails_alone(running: Running) -> None:
    dag_id = add_model(running, "partitioned", "partitions:airmedic://test/partitioned")
    client = running.client()
    (asset,) = client.request("GET", "/assets", params={"uri_pattern": "airmedic://test/partitioned"})["assets"]

    def announce(key: str) -> None:
        client.request("POST", "/assets/events", json={"asset_id": asset["id"], "partition_key": key})

    announce(date(3))
    announce("eu")
    wait_for(lambda: {"success", "failed"} <= {run["state"] for run in client.runs(dag_id)}, "Both runs")
    (failed,) = [run for run in client.runs(dag_id) if run["state"] == "failed"]
    assert failed["partition_key"] == "eu"
    told = client.task_log(dag_id, failed["dag_run_id"], "resolve_batch", 1)
    assert "'eu' is no window of one day" in told
    announce(date(3))
    announce(date(4))
    wait_for(lambda: resolved(running, dag_id).keys() >= {date(3), date(4)}, "The next window")
    wait_for(lambda: len(resolved(running, dag_id).get("", [])) == 2, "The window that came again")
    states = {window: sorted(states) for window, states in resolved(running, dag_id).items()}
    assert states == {date(3): ["success"], date(4): ["success"], "": ["failed", "skipped"]}
    assert assessed(running, "partitioned") == [date(3), date(4)]


@pytest.mark.events
def test_a_file_that_lands_is_looked_at(running: Running) -> None:
    folder = running.installation.home / "landing"
    folder.mkdir()
    rows = pd.read_csv(running.installation.home / "meter.csv")
    by_day = dict(list(rows.groupby(rows["at"].str[:10])))
    for index in range(meter.TURN + 1):
        by_day[date(index)].to_csv(folder / f"{date(index)}.csv", index=False)
    dag_id = add_model(running, "landing", "watch:files", f"{folder}/{{window_start:%Y-%m-%d}}.csv")
    wait_for(lambda: date(meter.TURN) in resolved(running, dag_id), "The newest file's run")
    by_day[date(meter.TURN + 1)].to_csv(folder / f"{date(meter.TURN + 1)}.csv", index=False)
    wait_for(lambda: date(meter.TURN + 1) in resolved(running, dag_id), "The next file's run")
    assert assessed(running, "landing") == [date(meter.TURN), date(meter.TURN + 1)]


@pytest.fixture
def redis(running: Running, tmp_path: Path) -> Iterator[Any]:
    """A Redis of the system's packages, which Airflow has a connection to."""
    pytest.importorskip("airflow.providers.redis", reason="the provider of Redis is not installed")
    import redis

    with redis_server(tmp_path) as port:
        connection = {"connection_id": "redis_default", "conn_type": "redis", "host": "127.0.0.1", "port": port}
        running.client().request("POST", "/connections", json=connection)
        with redis.Redis(port=port) as client:
            yield client


@pytest.mark.events
def test_a_message_in_redis_is_looked_at_once_and_one_that_is_no_window_fails_alone(
    running: Running, redis: Any
) -> None:
    redis.rpush("batches", date(5), date(5), f'{{"key": "{date(6)}", "model": "queued"}}', '{"model": "other"}')
    dag_id = add_model(running, "queued", "watch:redis:batches")
    wait_for(lambda: resolved(running, dag_id).keys() >= {date(5), date(6)}, "Both windows")
    wait_for(lambda: redis.llen("batches") == 0, "The end of the list")
    assert assessed(running, "queued") == [date(5), date(6)]
    # Airflow gives this run the messages of the beginning as well, whose windows are on record by now.
    redis.rpush("batches", "no window")
    wait_for(lambda: resolved(running, dag_id).get("", []), "The run of what is no window, beside windows")
    redis.rpush("batches", "no window")
    wait_for(lambda: "failed" in resolved(running, dag_id).get("", []), "The failed run of what is no window")
    redis.rpush("batches", date(5), date(7))
    wait_for(lambda: date(7) in resolved(running, dag_id), "The next window")
    states = resolved(running, dag_id)
    assert {window: states[window] for window in (date(5), date(6), date(7))} == {
        date(5): ["success"],
        date(6): ["success"],
        date(7): ["success"],
    }
    assert sorted(states[""])[:2] == ["failed", "skipped"]
    assert assessed(running, "queued") == [date(5), date(6), date(7)]
