"""Notes of which window labels are: where they come late, those that a window is judged by are of an earlier one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from airmedic_core.records import ABNORMAL, Finding, Role
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext


def with_label_window(context: CheckContext, findings: Sequence[Finding]) -> list[Finding]:
    """Return findings of which those on damaged labels name the earlier window that the labels are of.

    The rows of that window are the ones that nothing may be learned from.

    Parameters
    ----------
    context : CheckContext
        The window, with the labels that it was judged by.
    findings : sequence of Finding
        What was found in it.
    """
    earlier = label_window(context)
    if earlier is None:
        return list(findings)
    return [
        replace(finding, details={**finding.details, "labels_of": earlier.key})
        if finding.role is Role.DATA_FAULT and finding.verdict in ABNORMAL and finding.subject == context.spec.target
        else finding
        for finding in findings
    ]


def label_window(context: CheckContext) -> Window | None:
    """Return the earlier window that the labels are of; None where they are of the window itself, or unknown.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> label_window(example_context()) is None
    True
    """
    labelled = context.labelled
    if labelled is None or not len(labelled):
        return None
    first = as_utc(labelled.frame[context.spec.data.time_column].iloc[0].to_pydatetime(warn=False))
    if first >= context.batch.window.start:
        return None
    step = context.spec.window.step
    start = step.floor(first)
    return Window(start, step.shift(start, 1))
