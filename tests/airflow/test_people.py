"""What people are told."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_a_message_names_no_private_column(
    content: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    from airmedic.notifiers.people import tell
    from airmedic_core.spec import load_spec

    spec = load_spec(content / "models" / "alpha.yaml").model_copy(update={"private": ("salary",)})
    tell(spec, "35% of salary are null; salary_band is as it was.", "", "E1 names salary.")
    # Where the log goes depends on whether Airflow has set up its own logging by now.
    told = caplog.text + "".join(capfd.readouterr())
    assert "35% of (private column) are null; salary_band is as it was.\nE1 names (private column)." in told
