from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from airmedic_core.ledger import Ledger
from airmedic_core.monitor import assess, check_batch, resolve_batch
from airmedic_core.records import Assessment, Batch, Finding
from airmedic_core.registry import Registry
from airmedic_core.training.adopt import adopt
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import day, renewals, spec_of, workspace

Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="session")
def adopted_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty ordinary days, and a champion of the first thirty. Tests copy it."""
    home = tmp_path_factory.mktemp("adopted")
    adopt(workspace(home, renewals()), by="anna")
    return home


@pytest.fixture
def ws(adopted_home: Path, tmp_path: Path) -> Workspace:
    """A production of its own: rows, ledger and MLflow store may be changed."""
    home = tmp_path / "production"
    shutil.copytree(adopted_home, home, symlinks=True)
    return opened(home)


def opened(home: Path, **more: object) -> Workspace:
    """Open the production in a folder."""
    from airmedic_core.settings import Settings

    settings = Settings(
        home=home,
        content=home,
        ledger_url=f"sqlite:///{home / 'ledger.db'}",
        tracking_uri=f"sqlite:///{home / 'mlflow.db'}",
        environment="production",
    )
    ledger = Ledger.open(settings.ledger_url)
    return Workspace(spec_of(home, **more), settings, ledger, Registry(settings.tracking_uri, ledger))


def change_days(ws: Workspace, first: int, last: int, change: Change) -> None:
    """Replace the rows of some days, the last one included, by what a change makes of them."""
    path = Path(ws.spec.data.path)
    rows = pd.read_parquet(path)
    inside = (rows["at"] >= day(first)) & (rows["at"] < day(last + 1))
    changed = pd.concat([rows[~inside], change(rows[inside])]).sort_values("at", kind="stable")
    changed.reset_index(drop=True).to_parquet(path)


def batch_of(ws: Workspace, number: int, as_of: datetime | None = None) -> Batch:
    """Resolve the batch of a day, as a run after its end would."""
    return resolve_batch(ws, window=Window(day(number), day(number + 1)), moment=day(number + 1), as_of=as_of)


def watch(ws: Workspace, number: int, as_of: datetime | None = None) -> Assessment:
    """Do all that a monitoring run does with the batch of a day."""
    batch = batch_of(ws, number, as_of)
    for group in ("data", "drift", "performance"):
        check_batch(ws, batch, group)
    return assess(ws, batch)


def finding_of(ws: Workspace, number: int, key: str) -> Finding:
    """Return what was recorded of a day."""
    batch = Batch(ws.spec.name, Window(day(number), day(number + 1)), day(number + 1), 0)
    return next(finding for finding in ws.ledger.findings(batch.id) if finding.key == key)
