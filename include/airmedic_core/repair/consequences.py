"""Says what a repair leaves behind by its nature: stand-ins that were made null are missing values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from airmedic_core.records import ABNORMAL, Finding, Verdict
from airmedic_core.repair.proposed import MISSING
from airmedic_core.repair.steps import MakeNull, Step

_MOST_MISSING = 0.5
"""Share of a column's values that may be missing after a repair: of one that has lost more, too little is left for a
model to rest on, and the fault is not undone."""


def expected_after(findings: Sequence[Finding], made_null: Mapping[str, float]) -> list[Finding]:
    """Return the findings of a repaired window without alarms about values that the repair made null.

    Values that are missing are no fault any more once they say that they are. A finding says by itself that it is about
    missing values, and is in order if its share less those of the repair is within its limit. Whatever else is found in
    the column, and what a model loses by it, alarms as ever.

    Parameters
    ----------
    findings : sequence of Finding
        Of the repaired rows.
    made_null : mapping of str to float
        Columns, and the share of their values that the repair made null.
    """
    return [
        replace(
            finding,
            verdict=Verdict.OK,
            message=f"{finding.message} Stand-ins were made null there by a repair.".strip(),
        )
        if finding.verdict in ABNORMAL and _is_explained(finding, made_null.get(finding.subject, 0.0))
        else finding
        for finding in findings
    ]


def _is_explained(finding: Finding, share: float) -> bool:
    if not share or not finding.details.get(MISSING) or finding.value is None or finding.limit is None:
        return False
    return finding.value <= _MOST_MISSING and finding.value - share <= finding.limit


def nulls_made(steps: Sequence[Step], counts: Sequence[int], rows: int) -> dict[str, float]:
    """Return the share of the values of each column that steps have made null.

    Parameters
    ----------
    steps : sequence of Step
        The steps.
    counts : sequence of int
        How many rows each of them changed.
    rows : int
        Rows as they arrived.
    """
    made: dict[str, float] = {}
    for step, count in zip(steps, counts, strict=True):
        if isinstance(step, MakeNull):
            made[step.column] = made.get(step.column, 0.0) + count / max(rows, 1)
    return made
