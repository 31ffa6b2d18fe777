"""The log of predictions: what it holds, what it drops, and what reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.serving.log import PredictionLog
from airmedic_core.serving.service import Service
from airmedic_core.sources import read_window
from airmedic_core.spec import parse_spec
from airmedic_core.traffic import Traffic
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, copy_of, day
from tests.core.serving.served import CANARY, logged, row, served, until

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
"""The server answers rows that happened about now."""


def test_what_was_answered_is_read_by_monitoring_as_the_spec_names_it(tried: Path, tmp_path: Path) -> None:
    log = tmp_path / "served"
    named = {"score": "risk", "label": "said", "latency_ms": "took_ms", "version": "by"}
    ws = copy_of(tried, tmp_path, entity_column="customer", prediction=named, rollout=CANARY)
    trial = Traffic("mirror", "2", "1", "a" * 64, NOW)
    ws.registry.begin_trial("renewals", trial)
    with served(ws, log) as client:
        until(lambda: client.get("/health").json()["tried"] is not None)
        rows = [row(customer, at=f"{TODAY - timedelta(days=customer % 2):%Y-%m-%d}T10:00:00Z") for customer in range(8)]
        answers = client.post("/predict", json={"rows": rows}).json()["predictions"]
    raw = ws.spec.model_dump(mode="json", exclude_unset=True)
    raw["data"] = {"path": f"{log}/{{window_start:%Y-%m-%d}}/*.parquet", "time_column": "at"}
    frame = read_window(parse_spec(raw), Window(TODAY, TODAY + timedelta(days=1)))
    assert frame["risk"].tolist() == pytest.approx([told["score"] for told in answers[::2]])
    assert set(frame["by"]) == {"1"}
    assert (frame["took_ms"] > 0).all()
    raw["data"]["path"] = f"{log}_tried/*/*.parquet"
    beside = read_window(parse_spec(raw), Window(TODAY - timedelta(days=1), TODAY + timedelta(days=1)))
    assert (len(beside), set(beside["by"])) == (8, {"2"})


def test_a_log_that_cannot_be_written_waits_and_loses_no_answer(ws: Workspace, tmp_path: Path) -> None:
    import pandas as pd

    in_the_way = tmp_path / "served"
    in_the_way.write_text("a file")
    log = PredictionLog(in_the_way, "renewals", "at")
    log.add(pd.DataFrame({"at": [day(1)], "score": [0.5]}))
    log.flush()
    assert log.problem.startswith("The log cannot be written")
    in_the_way.unlink()
    log.flush()
    assert log.problem == ""
    assert [path.parent.name for path in in_the_way.rglob("*.parquet")] == ["2026-01-02"]


def test_rows_that_no_file_can_hold_are_dropped_and_the_others_logged(tmp_path: Path) -> None:
    import pandas as pd

    log = PredictionLog(tmp_path / "served", "renewals", "at")
    log.add(pd.DataFrame({"at": [day(1), day(2)], "score": [0.5, 0.6]}))
    # A number and a text in one column are no parquet column, but texts are. 2**70 is in none, and
    # yesterday is no time. A day that could be written goes with the day that could not.
    log.add(pd.DataFrame({"at": [day(0), day(1), day(1)], "note": [0, 1, "one"], "score": [0.1, 0.2, 0.3]}))
    log.add(pd.DataFrame({"at": [day(0), day(1)], "size": [0, 2**70], "score": [0.8, 0.9]}))
    log.add(pd.DataFrame({"at": ["yesterday"], "score": [0.7]}))
    log.flush()
    files = [path for path in (tmp_path / "served").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".parquet"}
    frame = logged(tmp_path).sort_values("score")
    assert frame["score"].tolist() == [0.1, 0.2, 0.3, 0.5, 0.6]
    assert frame["note"].dropna().tolist() == ["0", "1", "one"]
    assert (log.dropped, log.problem.startswith("Rows cannot be logged")) == (3, True)
    log.add(pd.DataFrame({"at": [day(3)], "score": [0.8]}))
    log.flush()
    assert log.problem == ""


def test_a_row_whose_time_is_null_is_logged_as_of_now(tmp_path: Path) -> None:
    import pandas as pd

    log = PredictionLog(tmp_path / "served", "renewals", "at")
    log.add(pd.DataFrame({"at": [f"{TODAY:%Y-%m-%d}T00:00:00Z", None], "score": [0.5, 0.6]}))
    log.flush()
    assert (logged(tmp_path)["at"] >= TODAY).tolist() == [True, True]


def test_what_waits_for_the_disk_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    from airmedic_core.serving import log as module

    monkeypatch.setattr(module, "_MOST_BYTES", 25_000)
    log = PredictionLog(tmp_path / "served", "renewals", "at")
    for number in range(4):
        # Each is a little more than 10,000 bytes: two of them fit.
        log.add(pd.DataFrame({"at": [day(number)], "note": ["x" * 10_000]}))
    log.flush()
    assert (len(logged(tmp_path)), log.dropped) == (2, 2)


def test_only_columns_of_the_spec_are_logged_and_never_the_truth_of_a_client(ws: Workspace, tmp_path: Path) -> None:
    service = Service(ws, tmp_path / "served")
    sent = {f"column_{number}": [number] for number in range(50)}
    service.predict([row(churned=1, known_at="2026-01-01T00:00:00Z", model_version="99", at=None, **sent)])
    service.stop()
    said = {"prediction", "score", "model_version", "latency_ms"}
    frame = logged(tmp_path / "served")
    assert set(frame.columns) == {"usage", "tenure", "plan", "customer", "at"} | said
    assert frame["model_version"].tolist() == ["1"]
