"""A real Airflow and a real MLflow on loopback, and the real data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from rich.table import Table

from airmedic_core.settings import Settings
from airmedic_core.workspace import Workspace
from airmedic_local.installation import PROJECT, Installation
from airmedic_local.playback import Played

APPROVER, STRANGER = "anna", "otto"


ROLLOUTS = {
    "bike_demand": {"rollout": {"strategy": "blue_green"}},
    # Half of the travel agents meet the new version first. A month is compared in twenty parts of at least 30 rows.
    "hotel_cancellations": {
        "entity_column": "agent",
        "rollout": {
            "strategy": "canary",
            "options": {"fractions": [0.5], "blocks_per_window": 20, "min_block_rows": 30},
        },
    },
}
"""How each of the two models rolls out."""


@pytest.fixture(scope="session")
def data() -> Path:
    folder = Path(os.environ.get("AIRMEDIC_DATA") or PROJECT.parent / "shared" / "data").absolute()
    for name in ("hotel_bookings/hotel_bookings.csv.gz", "bike_sharing/bike_sharing_hourly.csv.gz"):
        if not (folder / name).exists():
            pytest.exit(f"There is no {folder / name}. Point AIRMEDIC_DATA at the folder that holds it.", returncode=2)
    return folder


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project's own content, with named approvers and a rollout for each of the two models."""
    folder = tmp_path_factory.mktemp("content")
    for name in ("models", "policies", "expectations", "runbooks", "incidents"):
        if (PROJECT / "include" / name).is_dir():
            shutil.copytree(PROJECT / "include" / name, folder / name)
    for path in (folder / "models").glob("*.yaml"):
        spec = yaml.safe_load(path.read_text())
        named = {"approvers": [APPROVER], **ROLLOUTS.get(path.stem, {})}
        path.write_text(yaml.safe_dump(spec | named, sort_keys=False))
    return folder


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory, data: Path, content: Path) -> Iterator[Installation]:
    kept = os.environ.get("AIRMEDIC_E2E_HOME")
    home = Path(kept) if kept else tmp_path_factory.mktemp("e2e")
    env = {
        "AIRMEDIC_DATA": str(data),
        "AIRMEDIC_CONTENT": str(content),
        "AIRMEDIC_ENVIRONMENT": "simulation",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    }
    with Installation(home, users={"admin": "admin", APPROVER: "op", STRANGER: "op"}, env=env) as installation:
        yield installation


@pytest.fixture(scope="session")
def open_workspace(local: Installation) -> Callable[[str], Workspace]:
    """Open a model's workspace with the settings of the running installation."""
    environment = local.environment()
    os.environ["AIRMEDIC_DATA"] = environment["AIRMEDIC_DATA"]  # the specs' paths name it
    settings = Settings.from_env(environment)
    return lambda model: Workspace.open(model, settings)


@pytest.fixture(scope="session")
def show() -> Callable[[str, list[Played], dict[str, list[float]]], None]:
    """Print what was played as a table, with columns of numbers beside it."""

    def print_table(title: str, played: list[Played], numbers: dict[str, list[float]]) -> None:
        table = Table(title=title, title_justify="left")
        for heading in ("Window", "Outcome", "Cause", "Actions", "Served by", *numbers, "Seconds"):
            table.add_column(heading)
        for position, step in enumerate(played):
            values = [f"{column[position]:.3f}" for column in numbers.values()]
            cells = [str(step.window), step.outcome, step.cause, ", ".join(step.actions), f"v{step.served_by}", *values]
            table.add_row(*cells, f"{step.seconds:.0f}")
        Console(width=180).print(table)

    return print_table
