"""Spans of checks below a task's span, in memory and over OTLP/HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks import CHECKS, running
from airmedic_core.monitor import assess, check_batch, resolve_batch
from airmedic_core.records import Batch
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.monitor.conftest import change_days
from tests.core.renewals import day
from tests.core.tracing import collecting, spans_of, task_span


@pytest.fixture
def batch(ws: Workspace) -> Batch:
    def sentinel(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(usage=rows["usage"].mask(np.arange(len(rows)) % 3 == 0, -9127.5))

    change_days(ws, 33, 33, sentinel)
    return resolve_batch(ws, window=Window(day(33), day(34)), moment=day(34))


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    with collecting() as collector:
        yield collector


def test_each_check_is_a_span_that_says_what_it_found_and_holds_no_value(ws: Workspace, batch: Batch) -> None:
    spans = spans_of(lambda: [check_batch(ws, batch, "data"), assess(ws, batch)])
    about = {"airmedic.model": ws.spec.name, "airmedic.window": batch.window.key}
    of_data = [name for name in running(ws.spec) if CHECKS.member(name).group == "data"]
    assert {f"check {name}" for name in of_data} | {"assess"} == set(spans)
    assert dict(spans["check corruption"].attributes or {}) == about | {
        "airmedic.check": "corruption",
        "airmedic.group": "data",
        "airmedic.findings": sum(finding.check == "corruption" for finding in ws.ledger.findings(batch.id)),
        "airmedic.verdict": "alert",
        "airmedic.cause": "data_corruption",
        "airmedic.severity": "high",
    }
    assert dict(spans["assess"].attributes or {}) == about | {
        "airmedic.outcome": "incident",
        "airmedic.cause": "data_corruption",
        "airmedic.severity": "high",
    }
    (parent,) = {span.parent.span_id for span in spans.values() if span.parent}
    assert parent not in {span.context.span_id for span in spans.values()}, "they lie below the task's span"
    assert not any("9127" in span.to_json() for span in spans.values())


def test_a_check_that_fails_is_a_failed_span_without_the_text_of_its_error(
    ws: Workspace, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object) -> list[object]:
        raise ValueError("anna@example.com is no number")

    monkeypatch.setattr(type(CHECKS.member("schema")), "run", run)
    failed = spans_of(lambda: check_batch(ws, batch, "data"))["check schema"]
    assert (failed.status.is_ok, failed.status.description) == (False, "ValueError")
    assert (failed.attributes or {})["error.type"] == "ValueError"
    assert failed.events == ()
    assert "anna" not in failed.to_json()


def test_the_spans_reach_a_collector(ws: Workspace, batch: Batch, collector: tuple[str, list[bytes]]) -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    address, bodies = collector
    with task_span(OTLPSpanExporter(endpoint=address)):
        check_batch(ws, batch, "data")
    sent = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    scopes = [scope for request in sent for part in request.resource_spans for scope in part.scope_spans]
    spans = [span for scope in scopes for span in scope.spans]
    task = next(span for span in spans if span.name == "worker.task")
    checks = [span for span in spans if span.name.startswith("check ")]
    assert {span.name for span in checks} >= {"check corruption", "check schema", "check volume"}
    assert {(span.trace_id, span.parent_span_id) for span in checks} == {(task.trace_id, task.span_id)}
