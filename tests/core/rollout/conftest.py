from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from tests.core.renewals import day, renewals, workspace


@pytest.fixture(scope="session")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The relation flips on day 30: version 1 knows what held before, version 2 what holds since. Version 1 serves."""
    folder = tmp_path_factory.mktemp("tried")
    rows = renewals(changed_on=30, per_day=120)
    rows["customer"] = rows.index % 500
    ws = workspace(folder, rows, entity_column="customer", gate={"min_rows": 10})
    adopt(ws, by="anna")
    train(ws, Window(day(30), day(41)), day(43), {"method": "default"})
    return folder
