from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.workspace import Workspace
from tests.core.renewals import copy_of, two_versions
from tests.core.serving.served import CANARY


@pytest.fixture(scope="session")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tried")
    two_versions(folder)
    return folder


@pytest.fixture
def ws(tried: Path, tmp_path: Path) -> Workspace:
    return copy_of(tried, tmp_path, entity_column="customer", gate={"min_rows": 10}, rollout=CANARY)
