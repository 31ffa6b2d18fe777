"""From a spec to a champion with its reports, by the command line alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airmedic_core.ledger import Ledger
from airmedic_core.records import Batch, Finding, Verdict
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
    assert {"evidently.html", "findings.json", "batch.md"} <= pages

    private = replace(ws, spec=ws.spec.model_copy(update={"private": ("plan",)}))
    write_evidently_page(private, batch, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "calls" in text
    assert '"plan"' not in text


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
