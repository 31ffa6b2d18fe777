"""One column of one model: how it went over the windows."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from airmedic_core.read_model.plain import moment, rounded
from airmedic_core.read_model.specs import KnownSpec
from airmedic_core.records import Finding, Json, Role

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger

_USUAL_SPREADS = 2.0
"""Spreads on each side within which a column usually moves: about 95 % of the windows."""


def read_column(ledger: Ledger, known: KnownSpec, column: str, *, windows: int = 60) -> Json | None:
    """Return the history of one column as plain JSON; nothing where no finding speaks of it, or it is private.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    known : KnownSpec
        The model's spec.
    column : str
        The column.
    windows : int
        Windows at the most, the newest ones.
    """
    if known.spec is None or known.spec.is_private(column):
        return None
    rows = ledger.window_rows(known.name, limit=windows)
    findings = ledger.findings_on(column, [row.id for row in rows])
    starts = {row.id: row.window_start for row in rows}
    moved = [(batch_id, finding) for batch_id, finding in findings if finding.role is Role.INPUT_MOVED]
    if not findings:
        return None
    return {
        "name": column,
        "history": [
            {
                "start": moment(starts[batch_id]),
                "statistic": finding.statistic,
                "value": rounded(finding.value if finding.baseline is None else finding.effect),
                "limit": rounded(finding.limit),
                "verdict": finding.verdict.value,
                "message": known.told(finding.message),
            }
            for batch_id, finding in moved
        ],
        "quality": [
            {
                "start": moment(starts[batch_id]),
                "statistic": finding.statistic,
                "value": rounded(finding.value),
                "limit": rounded(finding.limit),
                "verdict": finding.verdict.value,
                "message": known.told(finding.message),
            }
            for batch_id, finding in findings
            if finding.role is Role.DATA_FAULT
        ],
        "usual": _usual([finding for _, finding in moved]),
        "reference": None,
        "current": None,
    }


def _usual(findings: Sequence[Finding]) -> Json | None:
    """Return the range in which the column usually moves, in the units of the history's values."""
    spreads = [finding.details.get("spread") for finding in findings if finding.baseline is not None]
    known = [spread for spread in spreads if isinstance(spread, int | float) and spread > 0]
    if not known:
        return None
    width = _USUAL_SPREADS * median(known)
    return {"low": rounded(-width), "high": rounded(width)}
