from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from airmedic_core.errors import AirmedicError
from tests.core.diagnose.stories import MODEL, Story, a_workspace


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger and an MLflow store without content; making them takes seconds, copying them nothing."""
    home = tmp_path_factory.mktemp("home")
    registry = a_workspace(home).registry
    with pytest.raises(AirmedicError):
        registry.version(MODEL, "1")
    return home


@pytest.fixture
def story(tmp_path: Path, empty_home: Path) -> Story:
    for database in empty_home.glob("*.db*"):
        shutil.copy(database, tmp_path)
    return Story(a_workspace(tmp_path))
