from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.records import Proposal
from airmedic_core.workspace import Workspace
from tests.core.execution.valve import Valve, allow
from tests.core.renewals import approved, incident_of, renewals, workspace


@pytest.fixture
def valve() -> Iterator[Valve]:
    """The valve, as if a package had added it."""
    member = Valve()
    ACTIONS._members["open_valve"] = member
    yield member
    del ACTIONS._members["open_valve"]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    (tmp_path / "policies").mkdir()
    allow(tmp_path, "ask")
    return workspace(tmp_path, renewals(days=5, per_day=5))


@pytest.fixture
def asked(ws: Workspace, valve: Valve) -> Proposal:
    return approved(ws, incident_of(ws, 3), "open_valve", {})


@pytest.fixture
def url(ws: Workspace) -> str:
    return ws.settings.ledger_url
