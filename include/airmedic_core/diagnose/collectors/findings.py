"""Says what the checks found in the incident's newest batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, final

from airmedic_core.diagnose.case import GROUPS, Case, bounded
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.facts import CAN_BE_UNDONE
from airmedic_core.diagnose.wording import counted, measure_name, number, plain, sentence, subject_name
from airmedic_core.records import ABNORMAL, Evidence, Finding, Json, Role, Verdict
from airmedic_core.repair import UNDONE_BY

MOST_COLUMNS = 24
"""Abnormal findings of one group that enter a packet one by one; the others are counted."""


@final
class Findings(Collector):
    """Says what the checks found in the incident's newest batch."""

    order = 10

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield the findings that are not in order, then the facts that speak against them."""
        if case.newest is None:
            case.gaps.append("No observed batch belongs to the incident, so there are no findings to read.")
            return
        window, source = str(case.newest.batch.window), f"batch {case.newest.batch.id}"
        for group in GROUPS:
            findings = sorted(case.findings[group], key=lambda finding: finding.urgency)
            if not findings:
                case.gaps.append(f"The {group} checks left no findings for {window}.")
            shown = [finding for finding in findings if finding.verdict is not Verdict.OK]
            shown += [finding for finding in findings if finding.verdict is Verdict.OK and group != "drift"]
            for finding in shown[:MOST_COLUMNS]:
                yield from_finding(finding, group, window, source)
            quiet = [finding for finding in findings if finding.verdict is Verdict.OK]
            if group == "drift" and quiet:
                yield _unmoved(quiet, findings, window, source)
            unshown = len(shown) - MOST_COLUMNS
            if unshown > 0:
                case.gaps.append(
                    f"{counted(unshown, 'weaker finding')} of the {group} checks are left out of the packet."
                )


def from_finding(finding: Finding, group: str, window: str, source: str) -> Evidence:
    """Return a finding as evidence.

    Parameters
    ----------
    finding : Finding
        The finding.
    group : str
        The group of the check that made it.
    window : str
        The window that it is about.
    source : str
        Where it is recorded.
    """
    return Evidence(
        id="",
        kind=f"finding.{group}",
        collector="findings",
        subject=finding.subject,
        statement=_statement(finding),
        value=finding.value,
        baseline=finding.baseline,
        limit=finding.limit,
        effect=finding.effect,
        direction=direction(finding.value, finding.baseline, finding.verdict),
        unit=finding.unit,
        sample_size=finding.sample_size,
        window=window,
        source=f"{source}, check {finding.check}",
        suggests=finding.suggests,
        verdict=finding.verdict,
        details=_details(finding),
    )


def _details(finding: Finding) -> Json:
    details = {
        **bounded(finding.details),
        "check": finding.check,
        "statistic": finding.statistic,
        "role": finding.role.value,
    }
    if finding.details.get(UNDONE_BY):
        details[CAN_BE_UNDONE] = True
    if finding.explained_by:
        details["explained_by"] = [cause.value for cause in finding.explained_by]
    if finding.p_value is not None:
        details["p_value"] = finding.p_value
    return details


def direction(
    value: float | None, baseline: float | None, verdict: Verdict
) -> Literal["up", "down", "changed", "same", ""]:
    """Return in which direction a value lies from its baseline; within bounds it is the same.

    Parameters
    ----------
    value : float or None
        What was measured.
    baseline : float or None
        What is usual.
    verdict : Verdict
        What the check said of it.
    """
    if verdict is Verdict.OK:
        return "same"
    if value is None or baseline is None:
        return "changed" if verdict in ABNORMAL else ""
    if value == baseline:
        return "same"
    return "up" if value > baseline else "down"


def _statement(finding: Finding) -> str:
    if finding.message:
        return sentence(plain(finding.message, 300))
    text = (
        f"{measure_name(finding.statistic)} of {subject_name(finding.subject)} is {number(finding.value, finding.unit)}"
    )
    if finding.baseline is not None:
        text += f" against {number(finding.baseline, finding.unit)}"
    if finding.limit is not None:
        text += f" (limit {number(finding.limit, finding.unit)})"
    return sentence(text)


def _unmoved(quiet: list[Finding], findings: list[Finding], window: str, source: str) -> Evidence:
    columns = {finding.subject for finding in quiet}
    everything = {finding.subject for finding in findings}
    return Evidence(
        id="",
        kind="finding.drift",
        collector="findings",
        subject="batch",
        statement=f"{len(columns)} of {counted(len(everything), 'subject')} show no drift in {window}.",
        value=float(len(columns)),
        baseline=float(len(everything)),
        direction="same",
        sample_size=max((finding.sample_size or 0 for finding in quiet), default=0) or None,
        window=window,
        source=f"{source}, drift checks",
        details={"statistic": "unmoved_columns", "role": Role.INPUT_MOVED.value},
    )
