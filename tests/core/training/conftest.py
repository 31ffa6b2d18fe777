from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.training.adopt import adopt
from airmedic_core.workspace import Workspace
from tests.core.renewals import renewals, workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    """Renewals whose relation flips on day 45, without a champion."""
    return workspace(tmp_path, renewals(changed_on=45))


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The same with a champion of January; tests only add to it."""
    ws = workspace(tmp_path_factory.mktemp("adopted"), renewals(changed_on=45))
    adopt(ws, by="anna")
    return ws
