"""Says what was measured of a batch as a whole, in words and numbers: its metric, and how far its inputs have moved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from airmedic_core.assess.signs import WHOLE
from airmedic_core.numbers import measure_name
from airmedic_core.records import Batch, BatchSummary, Finding, Role
from airmedic_core.reports.points import MetricPoint, Move
from airmedic_core.reports.text import day, number
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from sqlalchemy import Row

_MOST_DIGITS = 6
"""Digits behind the point of a short number."""
_POINTS = "percentage points"
_UNITS = {"rank": "standard deviations", "fraction": _POINTS}
"""Says what the effect of a finding is measured in, by the unit of its value."""
_USUAL_SPREADS = 2.0
"""Spreads on each side within which a column usually moves: about 95 % of the windows."""


def largest_moves(findings: Sequence[Finding], most: int) -> list[Move]:
    """Return the columns that have moved most, the one that left its usual range furthest behind first.

    Parameters
    ----------
    findings : sequence of Finding
        Of one batch.
    most : int
        Columns at the most.
    """
    moves: dict[str, Move] = {}
    for finding in findings:
        move = _move(finding)
        if move is not None and (finding.subject not in moves or move.of_usual > moves[finding.subject].of_usual):
            moves[finding.subject] = move
    return sorted(moves.values(), key=lambda move: (-move.of_usual, move.column))[:most]


def _move(finding: Finding) -> Move | None:
    if finding.role is not Role.INPUT_MOVED or finding.subject == WHOLE or not finding.limit:
        return None
    moved = finding.value if finding.baseline is None else finding.effect
    if moved is None or not math.isfinite(moved):
        return None
    spread = finding.details.get("spread")
    known = finding.baseline is not None and isinstance(spread, int | float) and math.isfinite(spread)
    # A move that is too small to count is no reason to look, however steady the column is.
    usual = max(_USUAL_SPREADS * float(spread or 0.0), finding.limit) if known else finding.limit
    unit = measure_name(finding.statistic) if finding.baseline is None else _UNITS.get(finding.unit, finding.unit)
    return Move(finding.subject, moved, usual, unit, str(finding.verdict))


def measured_windows(rows: Sequence[Row[Any]], summary: BatchSummary, batch: Batch | None) -> tuple[MetricPoint, ...]:
    """Return windows with the metric that was measured in each.

    Parameters
    ----------
    rows : sequence of Row
        As the ledger's ``window_rows`` returns them, oldest first.
    summary : BatchSummary
        The newest findings on one batch, which stand for what is on record of it.
    batch : Batch or None
        That batch; nothing for none.
    """
    own = batch.id if batch else ""
    return tuple(_point(row, summary if row.id == own else None) for row in rows)


def _point(row: Row[Any], newer: BatchSummary | None) -> MetricPoint:
    known = newer or row
    return MetricPoint(
        window=Window(row.window_start, row.window_end),
        outcome=row.outcome,
        value=known.metric_value,
        low=known.metric_low,
        high=known.metric_high,
        limit=known.metric_limit,
        higher_is_better=known.metric_higher_is_better,
        drift=known.largest_move,
        version=row.model_version or "",
    )


def metric_finding(summary: BatchSummary, findings: Sequence[Finding]) -> Finding | None:
    """Return the finding that a summary has its metric from."""
    if summary.metric_value is None:
        return None
    measured = (summary.metric_name, summary.metric_value)
    same = (f for f in findings if f.subject == WHOLE and (f.statistic, f.value) == measured)
    return next(same, None)


def metric_words(summary: BatchSummary, findings: Sequence[Finding]) -> str:
    """Return the metric with its interval, what is accepted and what is usual; empty where it was not measured.

    Parameters
    ----------
    summary : BatchSummary
        The batch in few numbers.
    findings : sequence of Finding
        What they are taken from.
    """
    if summary.metric_name is None or summary.metric_value is None:
        return ""
    told = [f"{measure_name(summary.metric_name)} {number(summary.metric_value)}"]
    if summary.metric_low is not None and summary.metric_high is not None:
        told[0] += f" ({number(summary.metric_low)} … {number(summary.metric_high)})"
    if summary.metric_limit is not None:
        way = "at least" if summary.metric_higher_is_better else "at most"
        told.append(f"accepted: {way} {number(summary.metric_limit)}")
    finding = metric_finding(summary, findings)
    if finding is not None and finding.baseline is not None:
        told.append(f"usual: {number(finding.baseline)}")
    if finding is not None and finding.sample_size:
        told.append(f"{finding.sample_size:,} rows with labels")
    return ", ".join(told)


def level_words(windows: Sequence[MetricPoint]) -> str:
    """Return why the accepted level steps where it does; empty where it stays or is not known.

    Parameters
    ----------
    windows : sequence of MetricPoint
        Windows of one model, oldest first.
    """
    known = [window for window in windows if window.limit is not None]
    steps = [(before, now) for before, now in pairwise(known) if now.limit != before.limit]
    if not steps:
        return ""
    told = "The accepted level belongs to the version: what it reached on the rows that it was accepted on, less the "
    told += "loss that is tolerated. It is no bar that somebody has moved."
    before, now = steps[-1]
    if now.version and now.version != before.version:
        told += f" Version {now.version} has {number(now.limit)}, and version {before.version} had "
        told += f"{number(before.limit)} on the rows of its own time."
    else:
        told += " Where it steps and the version stays, the rows that the version is compared with were renewed."
    return told


def since_words(metric: str, windows: Sequence[MetricPoint]) -> str:
    """Return how the version that serves does, beside the one before it; empty where that is not known.

    Parameters
    ----------
    metric : str
        The metric's name.
    windows : sequence of MetricPoint
        Windows of one model, oldest first.
    """
    measured = [window for window in windows if window.value is not None and window.version]
    own = [window for window in measured if window.version == measured[-1].version]
    earlier = measured[: -len(own)] if own else []
    if not earlier or measured[-len(own) :] != own:
        return ""
    before, values = earlier[-1], [window.value or 0.0 for window in own]
    mean = sum(values) / len(values)
    word = "on average in the" if len(own) > 1 else "in the"
    return (
        f"{measure_name(metric)} {short_number(before.value or 0.0)} in the last window of version {before.version} "
        f"({day(before.window)}), {short_number(mean, like=before.value)} {word} {len(own)} "
        f"window{'s' if len(own) > 1 else ''} of version {own[0].version} since"
    )


def short_metric(summary: BatchSummary, finding: Finding | None) -> str:
    """Return the metric and how it differs from what is usual, short enough for a name.

    >>> from airmedic_core.records import Verdict
    >>> fell = Finding("performance", "batch", "roc_auc", Verdict.ALERT, value=0.614, baseline=0.784)
    >>> short_metric(BatchSummary("roc_auc", 0.614), fell)
    'AUC 0.61 (−0.17)'

    Parameters
    ----------
    summary : BatchSummary
        The batch in few numbers.
    finding : Finding or None
        What the metric is taken from.
    """
    value = summary.metric_value
    if value is None or summary.metric_name is None:
        return ""
    baseline = finding.baseline if finding else None
    change = "" if baseline is None else f" ({signed(value - baseline, like=value)})"
    return f"{measure_name(summary.metric_name)} {short_number(value)}{change}"


def short_number(value: float, like: float | None = None) -> str:
    """Return a number with two or three digits that matter.

    >>> [short_number(value) for value in (0.6141, 12.34, 1234.5, 0.00123)]
    ['0.61', '12.3', '1,234', '0.0012']

    Parameters
    ----------
    value : float
        The number.
    like : float, optional
        Another number whose digits are taken.
    """
    size = abs(value if like is None else like)
    power = math.floor(math.log10(size)) if size and math.isfinite(size) else 0
    digits = max(0, 2 - power if power >= 0 else 1 - power)
    return f"{value:,.{min(digits, _MOST_DIGITS)}f}"


def signed(value: float, like: float | None = None) -> str:
    """Return a difference with its sign.

    >>> signed(-0.171), signed(0.02), signed(0.0001, like=0.8)
    ('−0.17', '+0.020', '±0.00')

    Parameters
    ----------
    value : float
        The difference.
    like : float, optional
        A number whose digits are taken.
    """
    told = short_number(abs(value), like)
    if not any(digit in told for digit in "123456789"):
        return f"±{told}"
    return f"{'+' if value > 0 else '−'}{told}"


def move_words(move: Move) -> str:
    """Return how far a column has moved, how far it usually does, and whether it lies within that.

    >>> move_words(Move("agent", 0.0521, 0.03, "percentage points", "ok"))
    '+5.21 percentage points, beyond the usual ±3.00 (1.7×)'
    """
    moved, usual = signed(move.moved, like=move.usual), short_number(move.usual)
    if move.unit == _POINTS:
        moved, usual = signed(100 * move.moved, like=100 * move.usual), short_number(100 * move.usual)
    within = (
        f"within the usual ±{usual}" if move.of_usual <= 1.0 else f"beyond the usual ±{usual} ({move.of_usual:.1f}×)"
    )
    told = f"{moved} {move.unit}".rstrip()
    return f"{told}, {within}"
