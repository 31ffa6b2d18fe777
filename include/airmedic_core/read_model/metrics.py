"""The fleet as Prometheus reads it, in its text format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from airmedic_core.read_model.fleet import STATES, FleetModel

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Sample(NamedTuple):
    """One number of one model."""

    metric: str
    labels: dict[str, str]
    value: float


METRICS = {
    "airmedic_model_healthy": "1 where the last check found nothing, else 0.",
    "airmedic_model_state": "1 for the state that a model is in, 0 for the others.",
    "airmedic_open_incidents": "Incidents that have not ended.",
    "airmedic_approvals_waiting": "Questions that wait for an answer.",
    "airmedic_approvals_waiting_oldest_seconds": "How long the oldest question has waited; 0 where none waits.",
    "airmedic_last_check_age_seconds": "Seconds since the last check.",
    "airmedic_metric_value": "The metric that decides, in the last window in which it was measured.",
    "airmedic_metric_limit": "What that metric may not pass.",
    "airmedic_drift_ratio": "How far the input that moved most has moved in the last window: 1 is at its limit.",
}
"""Each metric, and what it says. All are gauges, by model."""


def metrics_text(models: Sequence[FleetModel], *, now: datetime) -> str:
    """Return the metrics of models in Prometheus' text format.

    Parameters
    ----------
    models : sequence of FleetModel
        What :func:`airmedic_core.read_model.read_fleet` returned.
    now : datetime
        The moment, for ages.
    """
    lines = {metric: [f"# HELP {metric} {told}", f"# TYPE {metric} gauge"] for metric, told in METRICS.items()}
    for model in models:
        for sample in _samples(model, now):
            labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
            lines[sample.metric].append(f"{sample.metric}{{{labels}}} {sample.value:.10g}")
    return "\n".join(line for group in lines.values() for line in group) + "\n"


def _samples(model: FleetModel, now: datetime) -> Iterator[Sample]:
    labels = {"model": model.known.name}
    yield Sample("airmedic_model_healthy", labels, float(model.state == "healthy"))
    for state in STATES:
        yield Sample("airmedic_model_state", labels | {"state": state}, float(model.state == state))
    yield Sample("airmedic_open_incidents", labels, model.open_incidents)
    yield Sample("airmedic_approvals_waiting", labels, len(model.waiting_since))
    oldest = (now - model.waiting_since[0]).total_seconds() if model.waiting_since else 0.0
    yield Sample("airmedic_approvals_waiting_oldest_seconds", labels, oldest)
    if model.checked_at is not None:
        yield Sample("airmedic_last_check_age_seconds", labels, (now - model.checked_at).total_seconds())
    if (measured := model.metric) is not None:
        named = labels | {"metric": measured.metric_name or ""}
        for metric, value in (
            ("airmedic_metric_value", measured.metric_value),
            ("airmedic_metric_limit", measured.metric_limit),
        ):
            if value is not None:
                yield Sample(metric, named, value)
    if model.largest_move is not None:
        yield Sample("airmedic_drift_ratio", labels, model.largest_move)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
