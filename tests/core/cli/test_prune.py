from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.acquired_rows import stored_name
from airmedic_core.ledger import Ledger
from airmedic_core.monitor.past import window_file
from airmedic_core.records import (
    Batch,
    Cause,
    Finding,
    Incident,
    IncidentState,
    Permission,
    Proposal,
    Severity,
    Verdict,
)
from airmedic_core.settings import Settings
from airmedic_core.windows import Window

Airmedic = Callable[..., tuple[int, str, str]]
DAYS = 64


def watch(ledger: Ledger, model: str) -> list[Path]:
    """Record windows that ended up to today, and keep a file of each."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    files = []
    for ago in range(DAYS, 0, -1):
        start = midnight - timedelta(days=ago)
        batch = Batch(model, Window(start, start + timedelta(days=1)), start + timedelta(days=1), 10)
        ledger.record_findings(batch, "drift", [Finding("drift", "a", "psi", Verdict.OK)], model_version="1")
        path = window_file(Settings.from_env(), batch)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        files.append(path)
    (files[0].parent / "reference-0123456789abcdef.json.gz").touch()
    return files


def test_old_windows_are_forgotten_in_the_ledger_and_on_the_disk(ledger: Ledger, airmedic: Airmedic) -> None:
    files = watch(ledger, "churn")
    code, out, _ = airmedic("prune", "--keep-days", "30", "--dry-run")
    assert code == 0
    assert "Findings of 4 windows and 4 files of windows would be forgotten." in out
    assert all(path.exists() for path in files)
    assert airmedic("prune", "--keep-days", "30")[0] == 0
    # 60 are kept, although most of them are older than 30 days.
    assert [path.exists() for path in files] == [False] * 4 + [True] * 60
    assert len(list(files[0].parent.glob("reference-*"))) == 1
    assert len(ledger.finding_history("churn", limit=100)) == 60
    assert airmedic("audit", "verify")[0] == 0


def test_nothing_is_forgotten_of_younger_windows_and_of_other_models(ledger: Ledger, airmedic: Airmedic) -> None:
    watch(ledger, "churn")
    files = watch(ledger, "demand")
    assert "Findings of 0 windows" in airmedic("prune", "--keep-days", "64")[1]
    code, out, _ = airmedic("prune", "--model", "churn", "--keep-days", "0")
    assert (code, "Findings of 4 windows" in out) == (0, True)
    assert all(path.exists() for path in files)
    code, _, error = airmedic("prune", "--model", "demnad")
    assert code == 2
    assert "'demand'" in error


def test_old_days_of_a_servers_log_are_deleted_and_nothing_else_in_its_folder(
    ledger: Ledger, airmedic: Airmedic, tmp_path: Path
) -> None:
    today, log = datetime.now(UTC), tmp_path / "served"
    names = [f"{today - timedelta(days=ago):%Y-%m-%d}" for ago in (91, 90, 0)]
    for place in (log, tmp_path / "served_tried"):
        for name in (*names, "2020-mine"):
            (place / name).mkdir(parents=True)
            (place / name / "churn__1.parquet").touch()
    assert "2 days of logged answers would be forgotten." in airmedic("prune", "--log", str(log), "--dry-run")[1]
    assert len(list(log.iterdir())) == 4
    code, out, _ = airmedic("prune", "--log", str(log), "--log", str(tmp_path / "nowhere"))
    assert (code, "2 days of logged answers are forgotten." in out) == (0, True)
    for place in (log, tmp_path / "served_tried"):
        # The day before the 90 kept ones ends within them.
        assert sorted(day.name for day in place.iterdir()) == sorted([*names[1:], "2020-mine"])


@pytest.mark.usefixtures("ledger")
def test_the_folder_that_one_stands_in_is_a_log_and_the_root_is_none(
    airmedic: Airmedic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "served" / "2020-01-01"
    old.mkdir(parents=True)
    (tmp_path / "served_tried" / "2020-01-01").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "served")
    code, out, _ = airmedic("prune", "--log", ".")
    assert (code, "2 days of logged answers are forgotten." in out) == (0, True)
    assert not old.exists()


@pytest.mark.parametrize("wrong", ["/", "a file"])
def test_a_folder_that_is_no_log_is_refused_before_anything_is_deleted(
    ledger: Ledger, airmedic: Airmedic, tmp_path: Path, wrong: str
) -> None:
    files = watch(ledger, "churn")
    (tmp_path / "a file").touch()
    code, _, error = airmedic("prune", "--keep-days", "30", "--log", str(tmp_path / wrong))
    assert (code, "is no folder that a server logs to" in " ".join(error.split())) == (2, True)
    assert all(path.exists() for path in files)


def test_copies_of_made_rows_go_by_age_once_their_incident_is_closed(ledger: Ledger, airmedic: Airmedic) -> None:
    watch(ledger, "churn")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    old, young = (Window(day, day + timedelta(days=1)) for day in (today - timedelta(days=91), today))
    batch = Batch("churn", old, today, 10)
    incident = ledger.open_incident(
        Incident(
            "i", "churn", IncidentState.OPEN, Severity.LOW, Cause.HARMFUL_COVARIATE_SHIFT, "It is worse.", "f1",
            old, today, (batch.id,), today,
        )
    )  # fmt: skip
    proposal = Proposal(incident.id, "churn", "acquire_data", {}, "", Permission.ASK, "", today, today)
    ledger.record_proposal(proposal)
    folder = Settings.from_env().home / "acquired" / "churn"
    folder.mkdir(parents=True)
    names = [stored_name(old.key, proposal.hash), stored_name(old.key, "0" * 64), stored_name(young.key, "0" * 64)]
    for name in (*names, "notes"):
        (folder / f"{name}.parquet").touch()
    assert airmedic("prune", "--dry-run")[0] == 0
    assert len(list(folder.iterdir())) == 4
    airmedic("prune")
    assert {place.stem for place in folder.iterdir()} == {names[0], names[2], "notes"}
    ledger.move_incident(incident.id, IncidentState.ESCALATED, closed_at=today)
    airmedic("prune")
    assert {place.stem for place in folder.iterdir()} == {names[2], "notes"}
