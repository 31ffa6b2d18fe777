"""From a spec to a champion with its reports, by the command line alone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest

from airmedic_core.ledger import Ledger
from airmedic_core.records import (
    Batch,
    Cause,
    Diagnosis,
    Evidence,
    EvidencePacket,
    Finding,
    Incident,
    IncidentState,
    RankedCause,
    RecommendedAction,
    Severity,
    Verdict,
)
from airmedic_core.reports.evidently_page import write_evidently_page
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

Airmedic = Callable[..., tuple[int, str, str]]


def test_a_model_is_adopted_once_and_its_batches_can_be_reported(
    spec: Path, airmedic: Airmedic, tmp_path: Path
) -> None:
    code, out, err = airmedic("adopt", "--model", "customers", "--by", "ada")
    assert code == 0, err
    assert "version 1 of customers serves" in out
    assert airmedic("adopt", "--model", "customers")[1] == out

    assert airmedic("report", "--model", "customers")[0] == 2
    ws = Workspace.open("customers")
    window = Window(datetime(2026, 2, 22, tzinfo=UTC), datetime(2026, 2, 23, tzinfo=UTC))
    batch = Batch("customers", window, window.end, 52)
    finding = Finding("drift", "calls", "psi", Verdict.ALERT, value=0.4)
    ws.ledger.record_findings(batch, "drift", [finding], model_version="1")
    code, out, err = airmedic("report", "--model", "customers", "--batch", batch.id)
    assert code == 0, err
    (run,) = ws.registry.client.search_runs(
        [ws.registry.experiment("customers")], f"tags.`airmedic.batch_id` = '{batch.id}'"
    )
    pages = {entry.path for entry in ws.registry.client.list_artifacts(run.info.run_id)}
    assert {"findings.json", "report.md", "report.html"} <= pages
    if find_spec("evidently") is None:
        pytest.skip("The rest is about Evidently's page; it is not installed beside pandas 3.")
    assert "evidently.html" in pages

    private = replace(ws, spec=ws.spec.model_copy(update={"private": ("plan",)}))
    write_evidently_page(private, batch, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "calls" in text
    assert '"plan"' not in text


def test_nothing_but_the_result_is_printed(spec: Path) -> None:
    # In a process of its own: MLflow says most when it is imported and makes its tables.
    done = subprocess.run(
        [sys.executable, "-m", "airmedic_core.cli", "adopt", "--model", "customers"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, flavour, refitting = done.stdout.splitlines()
    assert first.startswith("ok  version 1 of customers serves since")
    assert "sklearn" in flavour
    assert "retrain: clone" in refitting
    # Versions of MLflow before the locked one let Alembic, and its steps, tell of each step when they make a store.
    assert [line for line in done.stderr.splitlines() if not re.search(r"INFO  \[(alembic\.|\w+_py\])", line)] == []


def test_half_a_window_is_refused(spec: Path, airmedic: Airmedic) -> None:
    code, _, err = airmedic("adopt", "--model", "customers", "--start", "2026-01-01")
    assert code == 2
    assert "belong together" in err


def test_a_model_without_incidents_says_so(ledger: Ledger, spec: Path, airmedic: Airmedic) -> None:
    assert "has no incidents" in airmedic("explain", "--model", "customers")[1]
    code, out, _ = airmedic("incidents")
    assert code == 0
    assert "No incidents." in out


@pytest.mark.parametrize("flag", ["--batch", "--incident"])
def test_an_unknown_report_is_an_error(ledger: Ledger, spec: Path, airmedic: Airmedic, flag: str) -> None:
    code, _, err = airmedic("report", "--model", "customers", flag, "nothing")
    assert (code, "There is no ledger" in err) == (2, False)


def test_what_there_is_nothing_of_is_not_shown(ledger: Ledger, spec: Path, airmedic: Airmedic) -> None:
    window = Window(datetime(2026, 2, 22, tzinfo=UTC), datetime(2026, 2, 23, tzinfo=UTC))
    batch = Batch("customers", window, window.end, 52)
    incident = Incident(
        "customers__1", "customers", IncidentState.OPEN, Severity.LOW, Cause.UNKNOWN, "Something is wrong",
        "a1b2c3", window, window.end, (batch.id,), window.end,
    )  # fmt: skip
    ledger.open_incident(incident)
    packet = EvidencePacket(incident.id, "customers", (Evidence("E1", "finding", "drift", "calls", "calls drifted"),))
    ledger.record_packet(packet)
    causes = (RankedCause(Cause.UNKNOWN, 0.5, ("E1",)),)
    for engine, actions in (("rules", ()), ("rules2", (RecommendedAction("escalate", 1, why="nobody knows"),))):
        diagnosis = Diagnosis(incident.id, engine, causes, Severity.LOW, "It drifted", actions, packet.hash)
        ledger.record_diagnosis(diagnosis, stands=True)
        code, out, _ = airmedic("explain", "--model", "customers")
        assert code == 0
        assert "calls drifted" in out
        assert ("What to do" in out) == bool(actions)


def test_an_explanation_fits_a_terminal_and_ends_with_its_address(
    ledger: Ledger, spec: Path, airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = Window(datetime(2026, 2, 22, tzinfo=UTC), datetime(2026, 2, 23, tzinfo=UTC))
    incident = Incident(
        "customers__20260222T0000_20260223T0000__abcdef12", "customers", IncidentState.OPEN, Severity.LOW,
        Cause.UNKNOWN, "Something is wrong with what customers call for, and nobody knows yet what it might be",
        "a1b2c3", window, window.end, (), window.end, mlflow_run_id="0123456789abcdef0123456789abcdef",
    )  # fmt: skip
    ledger.open_incident(incident)
    statement = "calls is higher by 0.84 standard deviations than it usually is in a window (usual within 0.04). " * 2
    packet = EvidencePacket(
        incident.id, "customers", (Evidence("E1", "finding", "drift", "calls", statement, value=0.84, baseline=0.5),)
    )
    ledger.record_packet(packet)
    cause = RankedCause(Cause.UNKNOWN, 0.5, ("E1", "E7"), ("E1",), "No rule explains it. " * 8)
    given = Diagnosis(incident.id, "rules", (cause,), Severity.LOW, "It drifted. " * 20, (), packet.hash)
    ledger.record_diagnosis(given, stands=True)
    for name, value in (("FORCE_COLOR", "1"), ("NO_COLOR", "1"), ("TERM", "dumb"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)
    code, out, _ = airmedic("explain", "--model", "customers")
    assert code == 0
    lines = [re.sub(r"\x1b\[[\d;]*m", "", text).rstrip() for text in out.splitlines()]
    assert all(len(text) <= 80 for text in lines)
    assert incident.id in lines
    assert "Next step: wait: it is being diagnosed" in lines
    assert "unknown, 50 %" in lines
    assert "something else, 50 %" in lines
    # Evidence that does not exist is not cited, and none stands on both sides.
    assert "  for it: E1" in lines
    assert lines[-1] == "MLflow: run 0123456789abcdef0123456789abcdef"
