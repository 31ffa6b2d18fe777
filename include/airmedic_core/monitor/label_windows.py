"""Notes of which window labels are: where they come late, those that a window is judged by are of an earlier one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from airmedic_core.records import ABNORMAL, Finding, Role

if TYPE_CHECKING:
    from airmedic_core.checks import Group
    from airmedic_core.comparison import CheckContext


def with_label_window(context: CheckContext, group: Group, findings: Sequence[Finding]) -> list[Finding]:
    """Return findings of which those on damaged labels name the earlier window that the labels are of.

    The rows of that window are the ones that nothing may be learned from. Checks of the other groups look at the rows
    of the window itself, and at such labels as these have.

    Parameters
    ----------
    context : CheckContext
        The window, with the labels that it was judged by.
    group : str
        Of the checks that found them. Those of ``performance`` look at the labels that the window was judged by.
    findings : sequence of Finding
        The findings of the batch.
    """
    earlier = context.labelled.earlier if context.labelled is not None else None
    if earlier is None or group != "performance":
        return list(findings)
    return [
        replace(finding, details={**finding.details, "labels_of": earlier.key})
        if finding.role is Role.DATA_FAULT and finding.verdict in ABNORMAL and finding.subject == context.spec.target
        else finding
        for finding in findings
    ]
