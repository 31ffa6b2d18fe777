"""What a real Airflow tells of a monitoring run: spans over OTLP/HTTP, and the data quality of its batch."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.airflow.production import meter
from tests.airflow.running.steps import wait_for
from tests.core.tracing import collecting


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    with collecting() as collector:
        yield collector


def spans_of(bodies: list[bytes]) -> list[Any]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    sent = [ExportTraceServiceRequest.FromString(body) for body in list(bodies)]
    return [
        span
        for request in sent
        for part in request.resource_spans
        for scope in part.scope_spans
        for span in scope.spans
    ]


@pytest.mark.events
@pytest.mark.timeout(1800)
# MLflow's client keeps connections to its server that nobody can close.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_checks_are_spans_of_their_task_and_openlineage_knows_the_batch(
    collector: tuple[str, list[bytes]], tmp_path: Path
) -> None:
    pytest.importorskip("airflow.providers.openlineage", reason="the provider for OpenLineage is not installed")
    from airmedic_core.settings import Settings
    from airmedic_core.training.adopt import adopt
    from airmedic_core.workspace import Workspace
    from airmedic_local.installation import PROJECT, Installation

    address, bodies = collector
    content, dags, told = tmp_path / "content", tmp_path / "dags", tmp_path / "lineage.jsonl"
    shutil.copytree(PROJECT / "include" / "policies", content / "policies")
    (content / "models").mkdir()
    dags.mkdir()
    for kind in ("monitor.py", "remediate.py"):
        shutil.copy(PROJECT / "dags" / kind, dags / kind)
    meter.write_rows(tmp_path / "meter.csv", turn=meter.DAYS)
    meter.write_spec(content / "models", "meter", tmp_path / "meter.csv")
    env = {
        "AIRMEDIC_CONTENT": str(content),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__TRACES__OTEL_ON": "True",
        "OTEL_TRACES_EXPORTER": "otlp_proto_http",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": address,
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": "file", "log_file_path": str(told), "append": True}),
    }
    with Installation(tmp_path, dags=dags, env=env) as airflow:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adopt(Workspace.open("meter", Settings.from_env(airflow.environment())), by="anna")
        client = airflow.client()
        client.wait_for_dags(["monitor__meter"])
        client.trigger("monitor__meter", meter.day(21), run_id="seen")
        assert client.wait_for_run("monitor__meter", "seen")["state"] == "success"
        wait_for(lambda: any(span.name == "assess" for span in spans_of(bodies)), "The last span")
        wait_for(lambda: told.exists() and "dataQualityMetrics" in told.read_text(), "The facets")
    spans = spans_of(bodies)
    by_id = {span.span_id: span for span in spans}
    parents = {
        span.name: by_id[span.parent_span_id].name for span in spans if span.name.startswith(("check ", "assess"))
    }
    assert parents["check corruption"] == "worker.validate_data"
    assert parents["check drift"] == "worker.check_drift"
    assert parents["check performance"] == "worker.check_performance"
    assert parents["assess"] == "worker.assess"
    events = [json.loads(line) for line in told.read_text().splitlines()]
    (complete,) = [
        event
        for event in events
        if event["eventType"] == "COMPLETE" and event["job"]["name"] == "monitor__meter.validate_data"
    ]
    (batch,) = complete["inputs"]
    assert (batch["namespace"], batch["name"]) == ("file", str(tmp_path / "meter.csv"))
    assert batch["inputFacets"]["dataQualityMetrics"]["rowCount"] == 144
    assert batch["inputFacets"]["dataQualityAssertions"]["assertions"]
