"""Windows of which a training in the shadow is tried, and what it finds."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import yaml

from airmedic_core.decide import Request, decide
from airmedic_core.diagnose import diagnose
from airmedic_core.exploration import assess_and_try
from airmedic_core.incident_lifecycle import open_incident
from airmedic_core.monitor import check_batch
from airmedic_core.records import Assessment, Batch, Finding, Proposal
from airmedic_core.workspace import Workspace
from tests.core.monitor.conftest import batch_of
from tests.core.renewals import day

LAST = 47
"""The day that is looked at, three days later: all its labels are known."""


def related_otherwise(rows: pd.DataFrame) -> pd.DataFrame:
    """Let customers leave for another reason, which a model can learn."""
    return rows.assign(churned=(rows["usage"].abs() > 0.7).astype(int))


def by_chance(rows: pd.DataFrame) -> pd.DataFrame:
    """Let labels be drawn by chance: no model can do better."""
    return rows.assign(churned=np.random.default_rng(0).permutation(rows["churned"].to_numpy()))


def policy(ws: Workspace, **more: object) -> None:
    """Replace the policy by one that asks for a training."""
    folder = ws.settings.policies
    if folder.is_symlink():
        folder.unlink()
        folder.mkdir()
    rules = [{"actions": ["retrain", "deploy", "escalate"], "permission": "ask"}]
    (folder / "default.yaml").write_text(yaml.safe_dump({"permissions": rules} | more))


def watched(ws: Workspace, number: int = LAST) -> tuple[Batch, Assessment]:
    batch = batch_of(ws, number, day(number + 3))
    for group in ("data", "drift", "performance"):
        check_batch(ws, batch, group)
    return batch, assess_and_try(ws, batch, now=datetime.now(UTC))


def trial_of(ws: Workspace, batch: Batch) -> Finding | None:
    return next(iter(ws.ledger.findings(batch.id, "trial")), None)


def proposed(ws: Workspace, batch: Batch) -> Proposal | None:
    incident = open_incident(ws, batch, now=datetime.now(UTC))
    diagnose(ws, incident.id)
    return decide(ws, incident.id, Request(), now=datetime.now(UTC)).proposal
