"""The one picture that decides an approval, of letters: Airflow's page shows no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.assess import summarise
from airmedic_core.numbers import measure_name, number
from airmedic_core.records import GateResult, Json, Proposal, from_json

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_WIDTH = 32
"""Letters of the longest bar: with its label and number it fits a phone on its side."""
_LOOKED_AT = 10
"""Newest windows in which the metric is looked for. Labels that are later than so many tell of another time."""
_EIGHTHS = " ▏▎▍▌▋▊▉"
_FULL = "█"


def picture(workspace: Workspace, proposal: Proposal) -> list[str]:
    """Return the lines of a picture: what the gate compared, or the metric before and after the fault.

    Nothing where neither was measured.

    Parameters
    ----------
    workspace : Workspace
        The model's workspace.
    proposal : Proposal
        What is to be approved.
    """
    return _two_versions(proposal.params.get("gate")) or _before_and_after(workspace, proposal)


def bars(rows: Sequence[tuple[str, float]]) -> list[str]:
    """Return a line for each row: label, bar, number. Bars begin at zero, so that their lengths may be compared.

    >>> bars([("before", 4.0), ("now", 2.0)])
    ['before ████████████████████████████████ 4', 'now    ████████████████                 2']
    """
    widest = max((len(label) for label, _ in rows), default=0)
    most = max((abs(value) for _, value in rows), default=0.0) or 1.0
    return [f"{label:<{widest}} {_bar(abs(value) / most):<{_WIDTH}} {number(value)}" for label, value in rows]


def _bar(share: float) -> str:
    whole, rest = divmod(round(share * _WIDTH * 8), 8)
    return _FULL * whole + (_EIGHTHS[rest] if rest else "")


def _two_versions(gate: Json | None) -> list[str]:
    if not isinstance(gate, dict) or gate.get("champion_value") is None or gate.get("challenger_value") is None:
        return []
    result = from_json(GateResult, gate)
    versions = [
        (f"version {result.champion}, which serves", float(result.champion_value or 0.0)),
        (f"version {result.challenger}", float(result.challenger_value or 0.0)),
    ]
    lines = [f"{measure_name(result.metric)} on the same {result.rows:,} rows", *bars(versions)]
    if result.difference is not None and result.low is not None and result.high is not None:
        # The gate signs differences so that positive is better, whatever the metric.
        better = "better" if result.difference >= 0 else "worse"
        between = f"95 % interval {result.low:+.4g} to {result.high:+.4g}"
        lines.append(f"version {result.challenger} is {better} by {abs(result.difference):.4g} ({between})")
    return lines


def _before_and_after(workspace: Workspace, proposal: Proposal) -> list[str]:
    incident = workspace.ledger.incident(proposal.incident_id)
    seen = [observed.batch for observed in workspace.ledger.batches(incident.model, limit=_LOOKED_AT)]
    findings = workspace.ledger.findings_of([batch.id for batch in seen])
    now, before = None, None
    for batch in seen:
        measured = summarise(findings[batch.id], workspace.spec.metric)
        if measured.metric_value is None:
            continue
        if batch.id in incident.batch_ids:
            now = now or measured
        elif batch.window.start < incident.window.start:
            before = measured
            break
    if now is None or now.metric_name is None or now.metric_value is None:
        return []
    rows = [("in the incident", now.metric_value)]
    if before is not None and before.metric_value is not None:
        rows.insert(0, ("in the window before", before.metric_value))
    if now.metric_limit is not None:
        rows.append(("accepted up to" if now.metric_higher_is_better is False else "accepted from", now.metric_limit))
    return [measure_name(now.metric_name), *bars(rows)]
