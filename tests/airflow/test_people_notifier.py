"""What people are told."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest


def test_a_message_names_no_private_column(
    content: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    from airmedic.people_notifier import tell
    from airmedic_core.spec import load_spec

    spec = load_spec(content / "models" / "alpha.yaml").model_copy(update={"private": ("salary",)})
    tell(spec, "35% of salary are null; salary_band is as it was.", "", "E1 names salary.")
    # Where the log goes depends on whether Airflow has set up its own logging already.
    told = caplog.text + "".join(capfd.readouterr())
    assert "35% of (private column) are null; salary_band is as it was.\nE1 names (private column)." in told


def test_a_message_that_cannot_be_sent_fails_nothing(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from airmedic.people_notifier import PeopleNotifier

    # Nobody listens there: a real client, a real refusal.
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_TEST", "slack://:token@/?base_url=http%3A%2F%2F127.0.0.1%3A9%2F&timeout=2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the provider's
        PeopleNotifier(text="Hello", slack_channel="#models", slack_connection="slack_test").notify({})
    assert "Hello" in caplog.text
    assert "'Hello' could not be sent by the notifier slack" in caplog.text
