"""The few numbers of a batch that a page over a whole fleet shows."""

from __future__ import annotations

from collections.abc import Sequence

from airmedic_core.assess.signs import WHOLE, is_measured_loss
from airmedic_core.records import BatchSummary, Finding, Role


def summarise(findings: Sequence[Finding], metric: str) -> BatchSummary:
    """Return what a page over the whole fleet shows of a batch.

    Parameters
    ----------
    findings : sequence of Finding
        Of all groups.
    metric : str
        The model's metric. Where it was not measured, another one that decides stands for it.

    Examples
    --------
    >>> from airmedic_core.records import Verdict
    >>> moved = Finding("drift", "age", "shift", Verdict.ALERT, role=Role.INPUT_MOVED, effect=-0.6, baseline=0.0,
    ...                 limit=0.3)
    >>> summarise([moved], "roc_auc").largest_move
    2.0
    """
    measured = _deciding(findings, metric)
    shares = [
        share_of_limit(finding.value, finding.baseline, finding.limit, finding.effect)
        for finding in findings
        if finding.role is Role.INPUT_MOVED and finding.subject != WHOLE
    ]
    expected = (finding.details.get("rows_expected") for finding in findings if finding.subject == WHOLE)
    rows_expected = next((float(rows) for rows in expected if isinstance(rows, int | float)), None)
    largest_move = max((share for share in shares if share is not None), default=None)
    if measured is None:
        return BatchSummary(largest_move=largest_move, rows_expected=rows_expected)
    return BatchSummary(
        metric_name=measured.statistic,
        metric_value=measured.value,
        metric_low=measured.details.get("low"),
        metric_high=measured.details.get("high"),
        metric_limit=measured.limit,
        metric_higher_is_better=_higher_is_better(measured),
        largest_move=largest_move,
        rows_expected=rows_expected,
    )


def share_of_limit(
    value: float | None, baseline: float | None, limit: float | None, effect: float | None
) -> float | None:
    """Return how far something has moved as a share of its limit; nothing where there is no limit.

    The limit of a finding with a baseline bounds its effect; without a baseline it bounds the value itself.

    Parameters
    ----------
    value, baseline, limit, effect : float or None
        As in a finding.
    """
    measured = value if baseline is None else effect
    if measured is None or not limit:
        return None
    return abs(measured / limit)


def _deciding(findings: Sequence[Finding], metric: str) -> Finding | None:
    deciding = [
        finding
        for finding in findings
        if is_measured_loss(finding)
        and finding.subject == WHOLE
        and finding.details.get("decides")
        and finding.value is not None
    ]
    return next((finding for finding in deciding if finding.statistic == metric), next(iter(deciding), None))


def _higher_is_better(finding: Finding) -> bool | None:
    """Return on which side of its limit a metric is good, as the baseline that it is compared with shows."""
    if finding.baseline is None or finding.limit is None:
        return None
    return finding.limit <= finding.baseline
