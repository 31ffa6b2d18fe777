"""Says how the deciding metric went over the last windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from airmedic_core.assess.signs import WHOLE, is_measured_loss
from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.collectors.findings import direction
from airmedic_core.diagnose.wording import counted, measure_name, number
from airmedic_core.records import Evidence

MOST = 12


@final
class MetricHistory(Collector):
    """Says how the deciding metric went over the last windows."""

    order = 40

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield the series of the model's metric, oldest window first."""
        if case.newest is None:
            return
        metric = case.workspace.spec.metric
        measured = [finding for findings in case.findings.values() for finding in findings if is_measured_loss(finding)]
        now = next((finding for finding in measured if (finding.statistic, finding.subject) == (metric, WHOLE)), None)
        if now is None or now.value is None:
            case.gaps.append(
                f"{measure_name(metric)} is not measured in {case.newest.batch.window}: too few labels are known."
            )
            return
        past = [entry for entry in case.history(now)[:MOST] if entry[2].value is not None][::-1]
        if not past:
            return
        values = [earlier.value for _, _, earlier, _ in past if earlier.value is not None]
        versions = list(dict.fromkeys(version for _, version, _, _ in past if version))
        mean = sum(values) / len(values)
        yield Evidence(
            id="",
            kind="history",
            collector="metric_history",
            subject="batch",
            statement=(
                f"Over {counted(len(values), 'earlier window')} {measure_name(metric)} averaged "
                f"{number(mean, now.unit)}, "
                f"between {number(min(values), now.unit)} and {number(max(values), now.unit)}; "
                f"it is {number(now.value, now.unit)} now."
            ),
            value=now.value,
            baseline=mean,
            direction=direction(now.value, mean, now.verdict),
            unit=now.unit,
            sample_size=len(values),
            window=f"{past[0][3]} to {case.newest.batch.window}",
            source=f"history of {now.key}",
            details={
                "statistic": metric,
                "values": values,
                "windows": [window for _, _, _, window in past],
                "versions": versions,
            },
        )
