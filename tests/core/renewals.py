"""The generated production of renewals, with the policies of this repository beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from airmedic.testing import production
from airmedic.testing.production import NOW, START, approved, day, incident_of, observe, renewals, spec_of
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

__all__ = [
    "NOW",
    "START",
    "approved",
    "champion_and_challenger",
    "copy_of",
    "day",
    "incident_of",
    "observe",
    "renewals",
    "spec_of",
    "two_versions",
    "workspace",
]

POLICIES = Path(__file__).parents[2] / "include" / "policies"


def workspace(folder: Path, rows: pd.DataFrame, **more: Any) -> Workspace:
    """Write rows to a file, and open a workspace of a model on them."""
    _with_policies(folder)
    return production.workspace(folder, rows, **more)


def copy_of(prepared: Path, folder: Path, **more: Any) -> Workspace:
    """Open a copy of a production that was prepared once for all tests of a file."""
    _with_policies(folder)
    return production.copy_of(prepared, folder, **more)


def two_versions(folder: Path) -> Workspace:
    """Write 120 customers a day whose relation flips on day 30, and train two versions of a model on them.

    Version 1, which serves, knows what held before, and version 2 what holds since.
    """
    rows = renewals(changed_on=30, per_day=120)
    rows["customer"] = rows.index % 500
    ws = workspace(folder, rows, entity_column="customer", gate={"min_rows": 10})
    adopt(ws, by="anna")
    train(ws, Window(day(30), day(41)), day(43), {"method": "default"})
    return ws


def champion_and_challenger(folder: Path) -> Workspace:
    """Write 60 days of customers, adopt a champion of the first thirty, and train a challenger on forty."""
    ws = workspace(folder, renewals())
    adopt(ws, by="anna")
    train(ws, Window(day(0), day(40)), day(42), {})
    return ws


def _with_policies(folder: Path) -> None:
    if not (folder / "policies").exists():
        (folder / "policies").symlink_to(POLICIES)
