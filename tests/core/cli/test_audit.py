from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.ledger import Ledger
from airmedic_core.records import Batch, Cause, Incident, IncidentState, Permission, Promotion, Proposal, Severity
from airmedic_core.settings import Settings
from airmedic_core.windows import Window

Airmedic = Callable[..., tuple[int, str, str]]


@pytest.fixture
def head(home: Path) -> str:
    settings = Settings.from_env()
    settings.home.mkdir()
    ledger = Ledger.open(settings.ledger_url)
    for version in ("1", "2"):
        ledger.record_promotion(Promotion("churn", None, version, "manual", datetime.now(UTC), "ada"))
    return ledger.audit_head().hash


def test_a_chain_that_holds_ends_in_zero(head: str, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("audit", "verify", "--head", head)
    assert code == 0
    assert head in out


def test_a_head_that_is_not_in_the_chain_ends_in_one(head: str, airmedic: Airmedic) -> None:
    assert airmedic("audit", "verify", "--head", "0" * 64)[0] == 1


def test_a_changed_record_ends_in_one(home: Path, head: str, airmedic: Airmedic) -> None:
    with closing(sqlite3.connect(home / "state" / "ledger.db")) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE audit SET payload = replace(payload, 'ada', 'eve') WHERE sequence = 1")
    code, out, _ = airmedic("audit", "verify")
    assert code == 1
    assert "1" in out


@pytest.fixture
def signed(home: Path, head: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the audit key, where the environment names it."""
    path = tmp_path / "audit_key"
    path.write_text("a secret that is not in the database\n", encoding="utf-8")
    monkeypatch.setenv("AIRMEDIC_AUDIT_KEY_FILE", str(path))
    return path


def test_checkpoints_are_asked_for_a_key(head: str, airmedic: Airmedic) -> None:
    code, out, error = airmedic("audit", "verify", "--checkpoints")
    assert code == 2
    assert "AIRMEDIC_AUDIT_KEY" in out + error


def test_a_chain_that_was_signed_is_checked_against_it(signed: Path, home: Path, airmedic: Airmedic) -> None:
    assert airmedic("audit", "verify", "--checkpoints")[0] == 1  # none were written yet
    assert airmedic("audit", "checkpoint")[0] == 0
    code, out, _ = airmedic("audit", "verify", "--checkpoints")
    assert (code, "1 checkpoints hold" in out) == (0, True)
    # Another ledger in its place holds by itself.
    (home / "state" / "ledger.db").unlink()
    Ledger.open(Settings.from_env().ledger_url).record_promotion(
        Promotion("churn", None, "1", "manual", datetime.now(UTC), "eve")
    )
    assert airmedic("audit", "verify")[0] == 0
    code, out, _ = airmedic("audit", "verify", "--checkpoints", str(home / "state" / "checkpoints.jsonl"))
    assert (code, "rewritten" in out) == (1, True)


def exported(airmedic: Airmedic, incident: Incident, path: Path) -> dict[str, Any]:
    ledger = Ledger.open(Settings.from_env().ledger_url)
    window, now = incident.window, datetime.now(UTC)
    ledger.record_batch(Batch("other", window, now, 5), model_version="1")
    ledger.record_batch(Batch("churn", window, now, 5), model_version="1")
    ledger.open_incident(incident)
    proposal = Proposal(incident.id, "churn", "retrain", {"ü": 1}, "+", Permission.ASK, "r", now, now)
    ledger.record_proposal(proposal)
    ledger.answer_proposal(proposal.hash, "approve", by="ada", at=now, channel="airflow")
    ledger.record_batch(Batch("another", window, now, 5), model_version="1")
    assert airmedic("audit", "export", "--incident", incident.id, "--out", str(path))[0] == 0
    bundle: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return bundle


@pytest.fixture
def incident() -> Incident:
    start = datetime(2026, 2, 1, tzinfo=UTC)
    window, batch = Window(start, start + timedelta(days=1)), "churn__20260201T0000_20260202T0000"
    state, severity, cause = IncidentState.OPEN, Severity.LOW, Cause.UNKNOWN
    return Incident("churn__1", "churn", state, severity, cause, "h", "f", window, start, (batch,), start)


@pytest.fixture
def verify_alone(tmp_path: Path) -> Callable[[Path, Path], subprocess.CompletedProcess[str]]:
    """Run the script of docs/security.md as a stranger would, who has nothing else of ours."""
    docs = Path(__file__).parents[3] / "docs" / "security.md"
    script = tmp_path / "verify_bundle.py"
    script.write_text(
        docs.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0], encoding="utf-8"
    )

    def run(bundle: Path, key: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(script), str(bundle), str(key)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


VerifyAlone = Callable[[Path, Path], "subprocess.CompletedProcess[str]"]


def test_a_stranger_verifies_an_incident(
    signed: Path, airmedic: Airmedic, incident: Incident, tmp_path: Path, verify_alone: VerifyAlone
) -> None:
    path = tmp_path / "bundle.json"
    bundle = exported(airmedic, incident, path)
    tables = {name.partition(" ")[0] for name in bundle["rows"]}
    assert tables == {"incidents", "proposals", "approvals", "batches"}
    assert "other" not in path.read_text(encoding="utf-8").replace("another", "")
    verified = verify_alone(path, signed)
    assert (verified.returncode, "4 rows" in verified.stdout) == (0, True), verified.stderr


@pytest.mark.parametrize("changed", ["row", "chain", "digest", "end", "signature", "key"])
def test_a_stranger_notices_a_changed_bundle(
    signed: Path, airmedic: Airmedic, incident: Incident, tmp_path: Path, verify_alone: VerifyAlone, changed: str
) -> None:
    path = tmp_path / "bundle.json"
    bundle = exported(airmedic, incident, path)
    if changed == "row":
        next(rows for name, rows in bundle["rows"].items() if name.startswith("approvals"))[0]["by"] = "eve"
    elif changed == "chain":
        bundle["chain"][0]["payload"] = bundle["chain"][0]["payload"].replace("churn", "chum")
    elif changed == "digest":
        bundle["chain"][-1] = "0" * 64
    elif changed == "end":
        del bundle["chain"][-1]
    elif changed == "signature":
        bundle["checkpoint"]["at"] = "2020-01-01T00:00:00+00:00"
    else:
        signed.write_text("the key of somebody else", encoding="utf-8")
    path.write_text(json.dumps(bundle), encoding="utf-8")
    assert verify_alone(path, signed).returncode == 1


def test_an_incident_that_nobody_knows_is_not_exported(signed: Path, airmedic: Airmedic) -> None:
    assert airmedic("audit", "export", "--incident", "nothing")[0] == 2
