"""A production of which one day is damaged and held back, and what repairs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from airmedic_core.checks import GROUPS
from airmedic_core.decide import Decision, Request, decide
from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.execution import carry_out
from airmedic_core.incident_lifecycle import look_at_repaired, open_incident
from airmedic_core.monitor import assess, check_batch, resolve_batch
from airmedic_core.records import ActionResult, Incident, Permission, Proposal
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.remediations import approve
from tests.core.renewals import NOW, day, renewals

DAMAGED = Window(day(40), day(41))

Fault = Callable[[pd.DataFrame], pd.DataFrame]


def deliver(ws: Workspace, fault: Fault) -> None:
    """Put a fault into the day."""
    rows = renewals(days=50)
    inside = (rows["at"] >= DAMAGED.start) & (rows["at"] < DAMAGED.end)
    damaged = pd.concat([rows[~inside], fault(rows[inside])]).sort_values("at", kind="stable")
    damaged.to_parquet(ws.spec.data.path)


def look(ws: Workspace) -> str:
    batch = resolve_batch(ws, window=DAMAGED, moment=day(43))
    for group in GROUPS:
        check_batch(ws, batch, group)
    return assess(ws, batch).outcome


def incident_in(ws: Workspace, fault: Fault) -> Incident:
    deliver(ws, fault)
    assert look(ws) == "incident"
    incident = open_incident(ws, resolve_batch(ws, window=DAMAGED, moment=day(43)), now=NOW)
    collect_evidence(ws, incident.id)
    diagnose(ws, incident.id)
    return incident


def decided(ws: Workspace, incident: Incident) -> Decision:
    """Decide, and carry out the quarantine, which the policy allows by itself."""
    decision = decide(ws, incident.id, Request(), now=NOW)
    if decision.proposal is not None and decision.proposal.action == "quarantine":
        assert carry_out(ws, decision.proposal.hash, now=NOW).status == "done"
    return decision


class Held(NamedTuple):
    """A production whose day is damaged and held back, with a repair proposed or not."""

    ws: Workspace
    incident: Incident
    decision: Decision

    @property
    def proposal(self) -> Proposal:
        proposal = self.decision.follow_up or self.decision.proposal
        assert proposal is not None
        assert (proposal.action, proposal.permission) == ("repair", Permission.ASK), self.decision.skipped
        return proposal

    def repaired(self) -> ActionResult:
        """Have the repair approved and carried out."""
        approve(self.ws, self.proposal)
        result = carry_out(self.ws, self.proposal.hash, now=NOW)
        assert result.status == "done", result.summary
        return result

    def let_in(self) -> None:
        self.repaired()
        assert [batch.window for batch in look_at_repaired(self.ws, self.proposal.hash, now=NOW)] == [DAMAGED]


def in_cents(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(usage=rows["usage"] * 100)


def same(rows: pd.DataFrame, sound: pd.DataFrame) -> None:
    """Both hold the same rows. Whoever repairs a value brings it back to twelve digits."""
    keys = ["at", "usage", "tenure", "plan"]
    left, right = (frame[keys].sort_values(keys[:2]).reset_index(drop=True) for frame in (rows, sound))
    pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=1e-11)


def sound() -> pd.DataFrame:
    rows = renewals(days=50)
    return rows[(rows["at"] >= DAMAGED.start) & (rows["at"] < DAMAGED.end)].reset_index(drop=True)
