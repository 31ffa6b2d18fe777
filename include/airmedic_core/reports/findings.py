"""Findings as tables: for MLflow's table viewer and for markdown."""

from __future__ import annotations

from collections.abc import Sequence

from airmedic_core.records import Finding, Json, Verdict
from airmedic_core.reports.points import Move
from airmedic_core.reports.text import code, line, number, prose, table

_COLUMNS = (
    *("verdict", "check", "subject", "statistic", "value", "baseline", "limit", "effect", "p_value", "sample_size"),
    *("unit", "suggests", "message"),
)


def ranked(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with the worst and largest first."""
    return sorted(findings, key=lambda finding: finding.urgency)


def findings_table(findings: Sequence[Finding]) -> Json:
    """Return the findings in the form that MLflow shows as a table."""
    rows = []
    for finding in ranked(findings):
        plain = {name: getattr(finding, name) for name in _COLUMNS}
        plain |= {"verdict": str(finding.verdict), "suggests": ", ".join(finding.suggests)}
        plain |= {name: line(plain[name]) for name in ("subject", "unit", "message")}
        rows.append([plain[name] for name in _COLUMNS])
    return {"columns": list(_COLUMNS), "data": rows}


def moves_table(moves: Sequence[Move]) -> Json:
    """Return the moves of columns in the form that MLflow shows as a table."""
    rows = [[line(move.column), move.moved, move.usual, move.unit, move.of_usual, move.verdict] for move in moves]
    return {"columns": ["column", "moved", "usual", "unit", "of_usual", "verdict"], "data": rows}


def markdown_findings(findings: Sequence[Finding], most: int | None = None) -> str:
    """Return the findings as a markdown table, the worst first.

    Parameters
    ----------
    findings : sequence of Finding
        What to show.
    most : int, optional
        Rows at the most; what is left out is counted below the table.
    """
    rows = [
        (
            f"**{finding.verdict}**" if finding.verdict is Verdict.ALERT else str(finding.verdict),
            finding.check,
            code(finding.subject, 60),
            finding.statistic,
            number(finding.value, finding.unit),
            number(finding.baseline, finding.unit),
            number(finding.limit, finding.unit),
            number(finding.sample_size),
            prose(finding.message, 200),
        )
        for finding in ranked(findings)[:most]
    ]
    shown = table(("Verdict", "Check", "Subject", "Statistic", "Value", "Usual", "Limit", "n", "What it says"), rows)
    left = len(findings) - len(rows)
    return f"{shown}\n\n{left} more in `findings.json`." if left > 0 else shown
