"""Collect the evidence of an incident into one immutable, hashed packet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from airmedic_core.diagnose.case import Case, UpstreamRun
from airmedic_core.diagnose.collectors import COLLECTORS
from airmedic_core.diagnose.wording import plain
from airmedic_core.errors import AirmedicError, LedgerBusyError
from airmedic_core.records import Evidence, EvidencePacket

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def collect_evidence(
    ws: Workspace, incident_id: str, *, upstream: Sequence[UpstreamRun] | None = None
) -> EvidencePacket:
    """Collect and record everything that a diagnosis of an incident may rest on.

    Parameters
    ----------
    ws : Workspace
        The model's workspace.
    incident_id : str
        The incident.
    upstream : sequence of UpstreamRun, optional
        Runs of the spec's ``upstream_dag``, newest first, from a caller that can ask the orchestrator.

    Returns
    -------
    EvidencePacket
        Evidence ``E1``, ``E2``, … in the collectors' order, and what could not be collected.

    Raises
    ------
    LedgerError
        If there is no such incident (a retry does not help) or the ledger is busy (a retry helps).
    """
    case = Case(ws, ws.ledger.incident(incident_id), upstream)
    members = sorted(COLLECTORS.working().items(), key=lambda named: named[1].order)
    case.gaps.extend(f"A collector could not be asked: {plain(fault.problem, 200)}" for fault in COLLECTORS.problems())
    items: list[Evidence] = []
    for name, member in members:
        try:
            items.extend(member.collect(case))
        except LedgerBusyError:
            raise
        except AirmedicError as error:
            case.gaps.append(f"The {name.replace('_', ' ')} could not be collected: {plain(error.problem, 200)}")
    packet = EvidencePacket(
        incident_id=incident_id,
        model=case.incident.model,
        items=tuple(replace(item, id=f"E{place}") for place, item in enumerate(items, start=1)),
        gaps=tuple(dict.fromkeys(case.gaps)),
    )
    ws.ledger.record_packet(packet)
    return packet
