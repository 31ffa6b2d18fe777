from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.diagnose.stories import Story, a_workspace


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(a_workspace(tmp_path))
