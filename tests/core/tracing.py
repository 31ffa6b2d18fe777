"""Spans in tests: recorded by OpenTelemetry's own SDK, below a span that stands for Airflow's task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


@contextmanager
def task_span(exporter: Any) -> Iterator[TracerProvider]:
    """Record spans while the block runs, with what exports them."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with pytest.MonkeyPatch.context() as patch:
        # A process sets its provider once and for all; other tests have none.
        patch.setattr(trace, "_TRACER_PROVIDER", provider)
        with provider.get_tracer("airflow").start_as_current_span("worker.task"):
            yield provider
    provider.shutdown()


def spans_of(do: Callable[[], object]) -> dict[str, ReadableSpan]:
    """Do something within a task's span, and return the spans below it by name."""
    exporter = InMemorySpanExporter()
    with task_span(exporter):
        try:
            do()
        finally:
            recorded = exporter.get_finished_spans()
    return {span.name: span for span in recorded if span.name != "worker.task"}


@contextmanager
def collecting() -> Iterator[tuple[str, list[bytes]]]:
    """Run an OTLP/HTTP endpoint, and yield its address and the requests that it has got."""
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", bodies
        server.shutdown()
        thread.join()
