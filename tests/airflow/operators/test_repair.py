"""The operator that repairs rows, behind the one that quarantines them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from tests.airflow.production import meter
from tests.airflow.tasks import context_of, day_batch

DAMAGED = 22
POLICIES = Path(__file__).parents[3] / "include" / "policies"


def in_another_unit(home: Path) -> None:
    """Write rows of which nothing turns, and one day of which is in hundredths."""
    meter.write_rows(home / "meter.csv", turn=meter.DAYS)
    rows = pd.read_csv(home / "meter.csv")
    inside = rows.index // 144 == DAMAGED
    meter.write_spec(home / "models", "meter", home / "meter.csv")
    rows.assign(load=rows["load"].where(~inside, rows["load"] * 100)).to_csv(home / "meter.csv", index=False)


def decided(ws: Any) -> Any:
    from airmedic_core.checks import GROUPS
    from airmedic_core.decide import Request, decide
    from airmedic_core.diagnose import diagnose
    from airmedic_core.incident_lifecycle import open_incident
    from airmedic_core.monitor import assess, check_batch
    from airmedic_core.records import Batch, from_json

    now = datetime.now(UTC)
    batch = from_json(Batch, day_batch(DAMAGED))
    for group in GROUPS:
        check_batch(ws, batch, group)
    assert assess(ws, batch).outcome == "incident"
    incident = open_incident(ws, batch, now=now)
    diagnose(ws, incident.id)
    return decide(ws, incident.id, Request(), now=now)


def test_a_day_in_another_unit_is_held_and_comes_back_repaired(adopted: Path) -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators.quarantine import QuarantineOperator
    from airmedic.operators.repair import RepairOperator

    (adopted / "policies").symlink_to(POLICIES)
    in_another_unit(adopted)
    ws = open_workspace("meter")
    decision = decided(ws)
    hold = QuarantineOperator(task_id="quarantine_batch", model="meter", proposal_hash=decision.proposal.hash)
    hold.execute(context_of(hold))
    (mark,) = ws.ledger.overrides("meter", "quarantine")
    proposal = decision.follow_up
    ws.ledger.answer_proposal(proposal.hash, "approve", by="anna", at=datetime.now(UTC), channel="airflow")
    repair = RepairOperator(task_id="repair_batch", model="meter", proposal_hash=proposal.hash)
    first = repair.execute(context_of(repair))
    assert (first["status"], first["let_in"]) == ("done", [mark.key])
    assert ws.ledger.overrides("meter", "quarantine") == []
    again = repair.execute(context_of(repair))
    assert again["let_in"] == first["let_in"], "a task that is cleared repairs nothing twice"
    assert len(list((adopted / "repaired").rglob("*.parquet"))) == 1
