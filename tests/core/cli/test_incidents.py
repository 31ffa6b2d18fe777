"""The list of incidents, on a terminal and for a program."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from airmedic_core.ledger import Ledger
from airmedic_core.records import Batch, Cause, Incident, IncidentState, Severity
from airmedic_core.windows import Window

Airmedic = Callable[..., tuple[int, str, str]]

MODEL = "forecast_of_returns_by_region"
ID = f"{MODEL}__20260201T0000_20260202T0000__a1b2c3d4"


@pytest.fixture(autouse=True)
def incident(ledger: Ledger) -> None:
    day = datetime(2026, 2, 1, tzinfo=UTC)
    window = Window(day, day + timedelta(days=1))
    ledger.record_batch(Batch(MODEL, window, window.end, 10), model_version="1")
    kind = (IncidentState.OPEN, Severity.HIGH, Cause.UNIT_CHANGE, "All weights are in grams, " * 6, "a1b2c3d4e5")
    ledger.open_incident(Incident(ID, MODEL, *kind, window, window.end, (), window.end))


def test_a_terminal_of_80_columns_shows_ids_whole(airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = airmedic("incidents")
    lines = re.sub(r"\x1b\[[\d;]*m", "", out).splitlines()
    assert code == 1
    assert lines[0] == ID
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == ["open", "high", "unit_change", "2026-02-02", "00:00"]
    assert " ".join(" ".join(lines[2:]).split()) == " ".join(["All weights are in grams,"] * 6)


def test_a_program_gets_a_plain_line_for_each(airmedic: Airmedic) -> None:
    _, out, _ = airmedic("incidents")
    header, line = out.splitlines()
    assert header.split() == ["Incident", "State", "Severity", "Cause", "Opened", "Headline"]
    assert line.split()[:4] == [ID, "open", "high", "unit_change"]


def test_one_is_closed_with_a_reason_on_record(ledger: Ledger, airmedic: Airmedic) -> None:
    code, _, err = airmedic("incidents", "--close", ID)
    assert code == 2
    assert "--reason" in err
    assert airmedic("incidents", "--open")[0] == 1
    code, out, _ = airmedic("incidents", "--close", ID, "--reason", "The model is retired.", "--by", "ada")
    assert code == 0
    assert f"{ID} is closed as escalated" in " ".join(out.split())
    assert ledger.incident(ID).resolution["summary"] == "ada closed it: The model is retired."
    assert airmedic("incidents", "--open")[0] == 0
    code, _, err = airmedic("incidents", "--close", ID, "--reason", "Again.")
    assert code == 2
    assert "already" in err
