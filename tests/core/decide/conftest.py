from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.workspace import Workspace
from tests.core.renewals import renewals, workspace

ROWS = renewals(days=5, per_day=5)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path, ROWS)
