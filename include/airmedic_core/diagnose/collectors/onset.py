"""Says when each alarm began: its own history, back to the last window in which it was quiet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from airmedic_core.assess.signs import is_measured_loss
from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.collectors.findings import direction
from airmedic_core.diagnose.wording import counted, listed, measure_name, number, plain, subject_name
from airmedic_core.records import ABNORMAL, Evidence, Finding, Json

MOST = 8
RECENT = 6
"""Earlier values that a statement names."""


@final
class Onset(Collector):
    """Its own history, back to the last window in which it was quiet."""

    order = 30

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield one fact for each of the strongest alarms: since when, and how it was before."""
        if case.newest is None:
            return
        alarms = sorted(case.abnormal, key=lambda finding: (not is_measured_loss(finding), -abs(finding.effect or 0)))
        without_history: list[str] = []
        known: set[str] = set()
        for finding in alarms[:MOST]:
            onset = onset_of(case, finding)
            if not onset["earlier_windows"]:
                without_history.append(plain(finding.subject))
                continue
            known.add(plain(finding.subject))
            yield Evidence(
                id="",
                kind="onset",
                collector="onset",
                subject=finding.subject,
                statement=_statement(finding, onset),
                value=finding.value,
                baseline=onset["quiet_mean"],
                direction=direction(finding.value, onset["quiet_mean"], finding.verdict),
                unit=finding.unit,
                sample_size=onset["earlier_windows"],
                window=onset["since"],
                source=f"history of {finding.key}",
                details={**onset, "check": finding.check, "statistic": finding.statistic},
            )
        # What is measured only when something else alarms has no history of its own.
        unknown = sorted(set(without_history) - known)
        if unknown:
            names = listed(unknown)
            case.gaps.append(f"No earlier window was checked for {names}, so it is not known when the change began.")


def onset_of(case: Case, finding: Finding) -> Json:
    """Return since which window a finding is abnormal, its quiet windows before, and the versions on both sides."""
    history = case.history(finding)
    since = str(case.newest.batch.window) if case.newest else ""
    version = case.newest.model_version if case.newest else None
    length = 1
    while length <= len(history) and history[length - 1][2].verdict in ABNORMAL:
        since, version = history[length - 1][3], history[length - 1][1]
        length += 1
    before = history[length - 1 :]
    quiet = [earlier for _, _, earlier, _ in before if earlier.verdict not in ABNORMAL]
    measured = [earlier.value for earlier in quiet if earlier.value is not None and _of_one_thing(earlier, finding)]
    return {
        "windows": length,
        "since": since,
        "version": version,
        "version_before": before[0][1] if before else None,
        "quiet_windows": len(quiet),
        "quiet_mean": sum(measured) / len(measured) if measured else None,
        "earlier_windows": len(history),
        "recent": [earlier.value for _, _, earlier, _ in history[:RECENT] if _of_one_thing(earlier, finding)],
    }


def _of_one_thing(earlier: Finding, finding: Finding) -> bool:
    """Return whether two values can be compared: what has moved most may be another category each time."""
    return bool(earlier.details.get("part") == finding.details.get("part"))


def _statement(finding: Finding, onset: Json) -> str:
    what = f"{measure_name(finding.statistic)} of {subject_name(finding.subject)}"
    if onset["windows"] == 1:
        text = f"The alarm on {what} is new in {onset['since']}"
    else:
        text = f"The alarm on {what} began in {onset['since']} and has lasted {counted(onset['windows'], 'window')}"
    if not onset["quiet_windows"]:
        return f"{text}; no quiet window is on record before it."
    text += f", after {counted(onset['quiet_windows'], 'quiet window')}"
    if onset["quiet_mean"] is not None:
        text += f" with a mean of {number(onset['quiet_mean'], finding.unit)}"
    return f"{text}."
