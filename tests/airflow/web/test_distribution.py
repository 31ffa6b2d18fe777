"""Distributions of a model that serves: its reference comes from MLflow, its newest window from the tasks' disk."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_a_column_is_compared_with_the_champions_reference(adopted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic_core.monitor import check_batch, resolve_batch
    from airmedic_core.monitor.past import window_file
    from airmedic_core.read_model.distribution import distributions
    from airmedic_core.windows import Window
    from tests.airflow.production import meter

    ws = open_workspace("meter")
    then, now = distributions(ws, "load")
    assert then is not None
    assert now is None, "no window was looked at yet"
    assert distributions(ws, "there is none") == (None, None)

    day = meter.day(21)
    window = Window(day["window_start"], day["window_end"])
    batch = resolve_batch(ws, window=window, moment=window.end)
    check_batch(ws, batch, "data")
    then, now = distributions(ws, "load")
    assert then is not None
    assert now is not None
    assert [bar["to"] for bar in then["bins"]] == [bar["to"] for bar in now["bins"]]
    # Loads are standard normal on each day: about half of them lie below zero, of 144 within 0.17.
    for side, tolerance in ((then, 0.05), (now, 0.17)):
        below = sum(bar["fraction"] for bar in side["bins"] if bar["to"] is not None and bar["to"] <= 0.05)
        assert below == pytest.approx(0.5, abs=tolerance)

    window_file(ws.settings, batch).unlink()
    assert distributions(ws, "load")[1] is None, "as where the API server does not see the tasks' disk"
