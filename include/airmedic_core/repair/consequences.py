"""What a repair leaves behind by its nature: stand-ins that were made null are missing values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from airmedic_core.records import Finding, Role, Verdict
from airmedic_core.repair.steps import MakeNull, Step

_LEFT_BY_NULLS = frozenset({Role.DATA_FAULT, Role.INPUT_MOVED})


def expected_after(findings: Iterable[Finding], steps: Iterable[Step]) -> list[Finding]:
    """Return the findings of a repaired window without alarms about values that the repair made null.

    They are watched: values that are missing are no fault of the repair, and no proof that all is well either. What a
    model loses by them is measured, and alarms as ever.

    Parameters
    ----------
    findings : iterable of Finding
        Of the repaired rows.
    steps : iterable of Step
        How they were repaired.
    """
    emptied = {step.column for step in steps if isinstance(step, MakeNull)}
    return [
        replace(
            finding,
            verdict=Verdict.WATCH,
            message=f"{finding.message} Stand-ins were made null there by a repair.".strip(),
        )
        if finding.verdict is Verdict.ALERT and finding.subject in emptied and finding.role in _LEFT_BY_NULLS
        else finding
        for finding in findings
    ]
