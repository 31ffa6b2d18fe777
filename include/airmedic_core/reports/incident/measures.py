"""The metrics of an incident's run. Their names are documented, and stay: charts and searches rest on them."""

from __future__ import annotations

from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.runs import Point, finite, metric_key


def incident_points(dossier: Dossier) -> tuple[Point, ...]:
    """Return what is measured of an incident, and its model's metric by window, whose number is the step."""
    incident = dossier.incident
    at = int((incident.closed_at or incident.as_of).timestamp() * 1000)
    points = [
        Point(name, float(value), 0, at) for name, value in _whole(dossier).items() if isinstance(value, int | float)
    ]
    step_of = dossier.spec.window.step.ordinal
    points += [
        Point(
            metric_key("history", dossier.spec.metric),
            window.value,
            step_of(window.window.start),
            int(window.window.end.timestamp() * 1000),
        )
        for window in dossier.windows
        if window.value is not None
    ]
    return finite(points)


def _whole(dossier: Dossier) -> dict[str, object]:
    incident, resolution, summary = dossier.incident, dossier.incident.resolution, dossier.summary
    before, after = resolution.get("before"), resolution.get("after")
    gain = after - before if isinstance(before, int | float) and isinstance(after, int | float) else None
    change = None
    if summary.metric_value is not None and dossier.metric is not None and dossier.metric.baseline is not None:
        change = summary.metric_value - dossier.metric.baseline
    closed = incident.closed_at
    return {
        "metric": summary.metric_value,
        "metric_limit": summary.metric_limit,
        "metric_change": change,
        "metric_before": before,
        "metric_after": after,
        "metric_gain": gain,
        "drift": summary.largest_move,
        "drift_of_usual": dossier.moves[0].of_usual if dossier.moves else None,
        "severity": incident.severity.order + 1,
        "confidence": dossier.standing.confidence if dossier.standing else None,
        "open": 1 if closed is None else 0,
        "seconds_open": (closed - incident.opened_at).total_seconds() if closed else None,
        "seconds_to_request": resolution.get("seconds_to_request"),
        "seconds_to_approval": resolution.get("seconds_to_approval"),
        "seconds_to_done": resolution.get("seconds_to_done"),
    }
