"""Our own actions keep what every action promises. Some are not planned from an incident: they are given parameters."""

from pathlib import Path
from tempfile import mkdtemp

import pandas as pd
import pytest

from airmedic.testing import Arrangement, contract_tests
from airmedic.testing.disturbances import INCIDENT_ON
from airmedic.testing.production import day
from airmedic.testing.setting import FLIPPED_ON
from airmedic_core.checks import GROUPS
from airmedic_core.monitor import check_batch, resolve_batch
from airmedic_core.records import digest
from airmedic_core.traffic import Traffic
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.board import install_board
from tests.core.packages import Install
from tests.core.replica_hook import ReplicaHook


@pytest.fixture
def board(install: Install) -> None:
    """Install a notifier that keeps tickets."""
    install_board(install)


@pytest.fixture
def two_replicas() -> None:
    """Let the hook have as many replicas as it was asked about with."""
    HOOK.replicas = 2


def a_challenger(ws: Workspace) -> None:
    train(ws, Window(day(0), day(40)), day(42), {})


def versions_to_go_back_to(ws: Workspace) -> None:
    a_challenger(ws)
    train(ws, Window(day(0), day(41)), day(43), {})
    ws.registry.switch(ws.spec.name, "2", kind="deploy", by="anna", expected=("1",), now=day(43))
    ws.registry.switch(ws.spec.name, "3", kind="deploy", by="anna", expected=("2",), now=day(44))


def a_day_in_cents(ws: Workspace) -> None:
    """Put the day of the incident into another unit, and let the checks see it."""
    rows = pd.read_parquet(ws.spec.data.path)
    inside = (rows["at"] >= day(INCIDENT_ON)) & (rows["at"] < day(INCIDENT_ON + 1))
    # A relation that flips would alarm as well: the repaired day has to be as usual.
    rows["churned"] = rows["churned"].where(rows["at"] < day(FLIPPED_ON), 1 - rows["churned"])
    rows.assign(tenure=rows["tenure"].where(~inside, rows["tenure"] * 100)).to_parquet(ws.spec.data.path)
    batch = resolve_batch(ws, window=Window(day(INCIDENT_ON), day(INCIDENT_ON + 1)), moment=day(INCIDENT_ON + 3))
    for group in GROUPS:
        check_batch(ws, batch, group)


def a_day_without_labels(ws: Workspace) -> None:
    """Take the labels of the day of the incident away: they are what is asked for."""
    rows = pd.read_parquet(ws.spec.data.path)
    late = rows["at"] >= day(INCIDENT_ON)
    blank = {"churned": rows["churned"].astype(float).where(~late), "known_at": rows["known_at"].where(~late)}
    rows.assign(**blank).to_parquet(ws.spec.data.path)


def a_day_of_moved_inputs(ws: Workspace) -> None:
    """Move the inputs of the day of the incident, whose labels nobody knows, and let the relation be as before."""
    rows = pd.read_parquet(ws.spec.data.path)
    rows["churned"] = rows["churned"].where(rows["at"] < day(FLIPPED_ON), 1 - rows["churned"])
    late = rows["at"] >= day(INCIDENT_ON)
    blank = {"churned": rows["churned"].astype(float).where(~late), "known_at": rows["known_at"].where(~late)}
    rows.assign(usage=rows["usage"] + 1.0 * late, **blank).to_parquet(ws.spec.data.path)


def made_rows(ws: Workspace) -> list[str]:
    return sorted(path.name for path in (ws.settings.home / "acquired").rglob("*.parquet"))


def handed_out(ws: Workspace) -> list[str]:
    return sorted(path.name for path in (ws.settings.home / "labels").rglob("*.csv"))


def repaired_copies(ws: Workspace) -> list[str]:
    return sorted(path.name for path in (ws.settings.home / "repaired").rglob("*.parquet"))


def a_trial(ws: Workspace) -> None:
    a_challenger(ws)
    trial = Traffic("split", "2", "1", "0" * 64, day(42)).with_share(0.1, day(42))
    ws.registry.begin_trial(ws.spec.name, trial)


def tried(ws: Workspace) -> str | None:
    trial = ws.registry.trial(ws.spec.name)
    return trial.version if trial is not None else None


test_without_needs = contract_tests(
    "actions", "escalate", "hold", "quarantine", "recalibrate", "refresh_reference", "retrain"
)
test_rollback = contract_tests("actions", "rollback", arrange=Arrangement(prepare=versions_to_go_back_to))
test_deploy = contract_tests(
    "actions",
    "deploy",
    arrange=Arrangement(prepare=a_challenger, params={"version": "2", "gate": {"champion": "1"}}),
)
test_end_trial = contract_tests("actions", "end_trial", arrange=Arrangement(prepare=a_trial, world=tried))
test_promote_trial = contract_tests("actions", "promote_trial", arrange=Arrangement(prepare=a_trial))
test_change_setting = contract_tests(
    "actions",
    "change_setting",
    arrange=Arrangement(params={"key": "checks.drift.least_effect", "value": 0.2}),
)
# The Airflow layer starts the DAG; the action itself changes nothing.
test_rerun_pipeline = contract_tests(
    "actions",
    "rerun_pipeline",
    arrange=Arrangement(spec={"upstream_dag": "ingest"}, world=lambda _: None),
)

HOOK = ReplicaHook()
asked_for_three = {
    "hook": HOOK.url, "hook_digest": digest([HOOK.url, ""]), "from": 2, "replicas": 3, "least": 1, "most": 4,
}  # fmt: skip
test_scale = pytest.mark.usefixtures("two_replicas")(
    contract_tests(
        "actions",
        "scale",
        arrange=Arrangement(spec={"scale": {"url": HOOK.url}}, params=asked_for_three, world=lambda _: HOOK.replicas),
    )
)
test_acquire_data = contract_tests(
    "actions",
    "acquire_data",
    arrange=Arrangement(
        prepare=a_day_of_moved_inputs,
        world=made_rows,
        params={
            "window_start": day(20).isoformat(),
            "window_end": day(INCIDENT_ON + 1).isoformat(),
            "as_of": day(INCIDENT_ON + 3).isoformat(),
            "method": "clone",
            "margin": -0.01,
            "moved": Window(day(INCIDENT_ON), day(INCIDENT_ON + 1)).key,
            "count": 60,
            "seed": 0,
        },
    ),
)
BOARD = Path(mkdtemp(prefix="airmedic_board")) / "board"
on_the_board = Arrangement(spec={"notify": {"board": {"path": str(BOARD)}}})
test_telling_people = pytest.mark.usefixtures("board")(
    contract_tests("actions", "notify", "open_ticket", arrange=on_the_board)
)
test_repair = contract_tests("actions", "repair", arrange=Arrangement(prepare=a_day_in_cents, world=repaired_copies))
test_request_labels = contract_tests(
    "actions", "request_labels", arrange=Arrangement(prepare=a_day_without_labels, world=handed_out)
)


def test_all_of_ours_are_held_to_it() -> None:
    from airmedic_core.actions import ACTIONS

    arranged = {"rollback", "deploy", "end_trial", "promote_trial", "change_setting", "repair", "request_labels"}
    arranged |= {"notify", "open_ticket", "rerun_pipeline", "scale", "acquire_data"}
    plain = {"escalate", "hold", "quarantine", "recalibrate", "refresh_reference", "retrain"}
    assert set(ACTIONS.ours()) == arranged | plain
