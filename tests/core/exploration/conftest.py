from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from airmedic_core.records import Cause
from airmedic_core.training.adopt import adopt
from airmedic_core.workspace import Workspace
from tests.core.exploration.shadow_trials import LAST
from tests.core.monitor.conftest import opened
from tests.core.renewals import observe, renewals, workspace


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A champion of the first thirty of sixty days, and healthy days after them."""
    home = tmp_path_factory.mktemp("prepared")
    ws = workspace(home, renewals())
    adopt(ws, by="anna")
    for number in range(30, LAST):
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
    return home


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Path:
    home = tmp_path / "production"
    shutil.copytree(prepared, home, symlinks=True)
    return home


@pytest.fixture
def ws(home: Path) -> Workspace:
    return opened(home, environment="simulation")
