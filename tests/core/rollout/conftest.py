from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.renewals import two_versions


@pytest.fixture(scope="session")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tried")
    two_versions(folder)
    return folder
