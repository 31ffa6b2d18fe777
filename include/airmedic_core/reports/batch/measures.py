"""The metrics of a batch's run. Their names are documented, and stay: charts and searches rest on them."""

from __future__ import annotations

from airmedic_core.records import Verdict
from airmedic_core.reports.batch.story import BatchStory
from airmedic_core.reports.runs import Point, finite, metric_key


def batch_points(story: BatchStory) -> tuple[Point, ...]:
    """Return what is measured of a batch, each with the number of its window as its step."""
    step = story.spec.window.step.ordinal(story.batch.window.start)
    at = int(story.batch.as_of.timestamp() * 1000)
    points = [Point(name, float(value), step, at) for name, value in _whole(story).items() if value is not None]
    counts = {verdict: sum(finding.verdict is verdict for finding in story.findings) for verdict in Verdict}
    points += [Point(metric_key("findings", verdict), count, step, at) for verdict, count in counts.items()]
    # The batch as a whole comes first: a very wide model has more columns than MLflow takes at once.
    for finding in sorted(story.findings, key=lambda finding: (finding.subject != "batch", -abs(finding.effect or 0))):
        if finding.value is not None:
            subject = () if finding.subject == "batch" else (finding.subject,)
            points.append(Point(metric_key(finding.check, finding.statistic, *subject), finding.value, step, at))
    return finite(points)


def _whole(story: BatchStory) -> dict[str, float | None]:
    summary, measured = story.summary, story.metric
    change = None
    if summary.metric_value is not None and measured is not None and measured.baseline is not None:
        change = summary.metric_value - measured.baseline
    return {
        "metric": summary.metric_value,
        "metric_low": summary.metric_low,
        "metric_high": summary.metric_high,
        "metric_limit": summary.metric_limit,
        "metric_change": change,
        "drift": summary.largest_move,
        "drift_of_usual": story.moves[0].of_usual if story.moves else None,
        "severity": story.severity,
        "rows": story.batch.rows,
        "rows_expected": summary.rows_expected,
    }
