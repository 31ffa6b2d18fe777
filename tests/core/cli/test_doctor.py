from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

Airmedic = Callable[..., tuple[int, str, str]]


def test_a_sound_installation_ends_in_zero(spec: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("doctor")
    assert code == 0, out
    assert "Nothing is broken." in out


def test_a_broken_spec_is_named(spec: Path, airmedic: Airmedic) -> None:
    spec.write_text("name: customers\n")
    code, out, _ = airmedic("doctor")
    assert code == 1
    assert "airmedic validate" in out


def test_mlflow_down_is_named_and_the_rest_is_looked_at(
    spec: Path, airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    code, out, _ = airmedic("doctor")
    assert code == 1
    assert out.splitlines()[-1].split() == ["failed", "mlflow"]
    assert "connection slack_default" in out


def test_a_ledger_that_is_no_database_is_named(home: Path, airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "ledger.db").write_text("not a database, but long enough to be read as the header of one" * 20)
    monkeypatch.setenv("AIRMEDIC_LEDGER_URL", f"sqlite:///{home / 'ledger.db'}")
    code, out, _ = airmedic("doctor")
    assert code == 1
    assert "ledger" in out.splitlines()[-1]
