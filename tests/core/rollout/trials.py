"""Deployments whose versions are tried beside the champion, and the days that follow."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from airmedic_core.execution import carry_out
from airmedic_core.records import Cause, Proposal
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, copy_of, incident_of, observe

CANARY = {"strategy": "canary", "options": {"fractions": [0.4, 0.7], "min_block_rows": 5}}


def opened(tried: Path, folder: Path, **rollout: Any) -> Workspace:
    rollout = {"watch_timeout_seconds": 3600, **rollout}
    return copy_of(tried, folder, entity_column="customer", gate={"min_rows": 10}, rollout=rollout)


def deployed(ws: Workspace, version: str, beside: str) -> Proposal:
    proposal = approved(ws, incident_of(ws, 42), "deploy", {"version": version, "gate": {"champion": beside}})
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"
    return proposal


def healthy_days(ws: Workspace, *numbers: int) -> None:
    for number in numbers:
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)


def reversed_roles(ws: Workspace) -> None:
    """Let version 2, which knows what holds now, serve: version 1 is then the bad challenger."""
    ws.registry.switch(ws.spec.name, "2", kind="deploy", by="anna", expected=("1",), now=NOW - timedelta(days=1))


def without_files(ws: Workspace, folder: Path) -> None:
    """Register version 3, whose files are gone."""
    (folder / "gone").mkdir()
    ws.registry.client.create_model_version("renewals", (folder / "gone").as_uri())
