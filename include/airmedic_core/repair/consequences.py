"""What a repair leaves behind by its nature: stand-ins that were made null are missing values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from airmedic_core.records import ABNORMAL, Finding, Role, Verdict
from airmedic_core.repair.steps import MakeNull, Step

_LEFT_BY_NULLS = frozenset({Role.DATA_FAULT, Role.INPUT_MOVED})
_MOST_MISSING = 0.5
"""Share of a column's values that may be missing after a repair: of one that has lost more, too little is left for a
model to rest on, and the fault is not undone."""


def expected_after(findings: Sequence[Finding], steps: Iterable[Step]) -> list[Finding]:
    """Return the findings of a repaired window without alarms about values that the repair made null.

    Values that are missing are no fault any more once they say that they are. What a model loses by them is measured,
    and alarms as ever.

    Parameters
    ----------
    findings : sequence of Finding
        Of the repaired rows.
    steps : iterable of Step
        How they were repaired.
    """
    emptied = {step.column for step in steps if isinstance(step, MakeNull)}
    lost = {
        finding.subject
        for finding in findings
        if finding.role is Role.DATA_FAULT and finding.unit == "fraction" and (finding.value or 0.0) > _MOST_MISSING
    }
    return [
        replace(
            finding,
            verdict=Verdict.OK,
            message=f"{finding.message} Stand-ins were made null there by a repair.".strip(),
        )
        if finding.verdict in ABNORMAL and finding.subject in emptied - lost and finding.role in _LEFT_BY_NULLS
        else finding
        for finding in findings
    ]
