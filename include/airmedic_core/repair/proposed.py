"""Which steps the findings of a window propose, and why none where a fault cannot be undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from airmedic_core.assess.signs import Signs
from airmedic_core.errors import RepairError
from airmedic_core.records import Finding, Role, Verdict
from airmedic_core.records.plain_json import Json
from airmedic_core.repair.applied import step_from_json, step_to_json
from airmedic_core.repair.steps import MakeNull, Step

UNDONE_BY = "undone_by"
"""Key in a finding's details: the steps that undo what it found, as plain JSON."""
WHY_NOT = "not_repairable"
"""Key in a finding's details: why what it found cannot be undone, in a sentence."""


MISSING = "missing_values"
"""Key in a finding's details: whether its value is a share of missing values, which a repair may have made so."""


def repairable(*steps: Step, why_not: str = "") -> Json:
    """Return what a check adds to a finding's details: the steps that undo it, or why none do.

    Parameters
    ----------
    *steps : Step
        The steps, exact inverses of what was found.
    why_not : str
        A sentence where there are none.
    """
    if steps:
        return {UNDONE_BY: [step_to_json(step) for step in steps]}
    return {WHY_NOT: why_not} if why_not else {}


def steps_of(findings: Iterable[Finding]) -> list[Step]:
    """Return the steps that alerting findings propose, in the order in which they are applied.

    What another finding explains proposes nothing: a column in another unit may look as if it held stand-ins.
    """
    steps: dict[tuple[object, ...], Step] = {}
    for finding in _faults(findings):
        for plain in finding.details.get(UNDONE_BY) or ():
            try:
                step = step_from_json(plain)
            except RepairError:
                # Written by a check of a team's own. What it found is then not undone, and the window stays out.
                continue
            # The strongest finding on these rows of a column says what one kind of step does to them.
            steps.setdefault(_rows_of(step), step)
    return sorted(steps.values(), key=lambda step: step.order)


def _rows_of(step: Step) -> tuple[object, ...]:
    """Return what tells which rows a kind of step is about: its column, the group, and the values that become null."""
    nulls = step.values if isinstance(step, MakeNull) else ()
    return step.kind, getattr(step, "column", ""), getattr(step, "group", ()), nulls


def unrepairable(findings: Iterable[Finding]) -> list[str]:
    """Return why faults cannot be undone, a sentence for each finding that says so."""
    return [str(finding.details[WHY_NOT]) for finding in _faults(findings) if finding.details.get(WHY_NOT)]


def _faults(findings: Iterable[Finding]) -> Sequence[Finding]:
    return Signs.of(findings).pick(Verdict.ALERT, lambda finding: finding.role is Role.DATA_FAULT)
