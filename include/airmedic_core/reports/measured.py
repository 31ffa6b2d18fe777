"""What was measured of a batch as a whole, in words and numbers: its metric, and how far its inputs have moved."""

from __future__ import annotations

import math
from collections.abc import Sequence

from airmedic_core.assess import share_of_limit
from airmedic_core.assess.signs import WHOLE
from airmedic_core.numbers import measure_name
from airmedic_core.records import BatchSummary, Finding, Role
from airmedic_core.reports.pictures import Move
from airmedic_core.reports.text import number

_USUAL_SPREADS = 2.0
"""Spreads on each side within which a column usually moves: about 95 % of the windows."""


def largest_moves(findings: Sequence[Finding], most: int) -> list[Move]:
    """Return the columns that have moved most, the largest share of its limit first.

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
        if move is not None and (finding.subject not in moves or move.share > moves[finding.subject].share):
            moves[finding.subject] = move
    return sorted(moves.values(), key=lambda move: (-move.share, move.column))[:most]


def _move(finding: Finding) -> Move | None:
    if finding.role is not Role.INPUT_MOVED or finding.subject == WHOLE:
        return None
    share = share_of_limit(finding.value, finding.baseline, finding.limit, finding.effect)
    if share is None or not math.isfinite(share):
        return None
    spread = finding.details.get("spread")
    usual = _USUAL_SPREADS * spread / finding.limit if isinstance(spread, int | float) and finding.limit else None
    return Move(finding.subject, share, usual, str(finding.verdict))


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


def move_words(move: Move) -> str:
    """Return how far a column has moved, in shares of what is accepted."""
    told = f"{number(round(move.share, 2))} of what is accepted"
    return told if move.usual_share is None else f"{told}, usually up to {number(round(move.usual_share, 2))}"
