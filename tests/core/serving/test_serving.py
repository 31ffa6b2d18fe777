"""The reference server: real HTTP on loopback, a real MLflow store, and versions that are switched under load."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import numpy as np
import pytest

from airmedic_core.errors import ModelError, NoChampionError
from airmedic_core.execution import carry_out, complete, undo
from airmedic_core.records import Cause
from airmedic_core.registry import ModelVersion, Registry
from airmedic_core.rollout import health
from airmedic_core.scoring import ScoredBatch, score
from airmedic_core.serving import answers, beside, following
from airmedic_core.serving.app import app_of
from airmedic_core.serving.log import PredictionLog
from airmedic_core.serving.rows import RowsError
from airmedic_core.serving.service import Service
from airmedic_core.sources import read_window
from airmedic_core.spec import parse_spec
from airmedic_core.traffic import Traffic
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, copy_of, day, incident_of, observe, renewals, workspace

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
"""The server answers rows that happened about now."""
CANARY = {"strategy": "canary", "options": {"fractions": [0.4], "min_block_rows": 5}}


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The relation flips on day 30. Version 1, which serves, knows what held before, version 2 what holds since."""
    folder = tmp_path_factory.mktemp("tried")
    rows = renewals(changed_on=30, per_day=120)
    rows["customer"] = rows.index % 500
    ws = workspace(folder, rows, entity_column="customer", gate={"min_rows": 10})
    adopt(ws, by="anna")
    train(ws, Window(day(30), day(41)), day(43), {"method": "default"})
    return folder


@pytest.fixture
def ws(tried: Path, tmp_path: Path) -> Workspace:
    return copy_of(tried, tmp_path, entity_column="customer", gate={"min_rows": 10}, rollout=CANARY)


@contextmanager
def served(ws: Workspace, log: Path | None = None) -> Iterator[httpx.Client]:
    import uvicorn

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app_of(ws, log), host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            until(lambda: server.started)
            yield client
    finally:
        server.should_exit = True
        thread.join()


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that the server does by itself."""
    waited = threading.Event()
    started = monotonic()
    while not holds():
        assert monotonic() - started < 30, "it never came"
        waited.wait(0.02)


def row(customer: int | str | None = 1, **more: Any) -> dict[str, Any]:
    return {"usage": 0.4, "tenure": -0.2, "plan": "flex", "customer": customer, **more}


def versions(client: httpx.Client, customers: range) -> dict[int, str]:
    answer = client.post("/predict", json={"rows": [row(customer) for customer in customers]})
    assert answer.status_code == 200, answer.text
    return dict(zip(customers, (told["version"] for told in answer.json()["predictions"]), strict=True))


def champion_of(client: httpx.Client) -> str:
    return str(client.get("/health").json()["champion"])


def test_a_canary_is_seen_in_live_traffic_and_promoted(ws: Workspace) -> None:
    with served(ws) as client:
        assert set(versions(client, range(100)).values()) == {"1"}
        proposal = approved(ws, incident_of(ws, 42), "deploy", {"version": "2", "gate": {"champion": "1"}})
        carry_out(ws, proposal.hash, now=NOW)
        until(lambda: client.get("/health").json()["tried"] is not None)
        split = versions(client, range(100))
        trial = ws.registry.trial("renewals")
        assert trial is not None
        # The server and a batch split alike, and so does a key that comes as text.
        assert [split[customer] == "2" for customer in range(100)] == trial.answers(list(range(100))).tolist()
        (as_text,) = client.post("/predict", json={"rows": [row("7")]}).json()["predictions"]
        assert as_text["version"] == split[7]
        for number in range(43, 50):
            observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
        assert health(ws, proposal, now=NOW).status == "healthy"
        complete(ws, proposal.hash, now=NOW)
        until(lambda: champion_of(client) == "2")
        assert set(versions(client, range(100)).values()) == {"2"}
        assert client.get("/health").json()["tried"] is None


def test_a_canary_is_seen_in_live_traffic_and_aborted(ws: Workspace) -> None:
    ws.registry.switch("renewals", "2", kind="deploy", by="anna", expected=("1",), now=NOW - timedelta(days=1))
    with served(ws) as client:
        proposal = approved(ws, incident_of(ws, 42), "deploy", {"version": "1", "gate": {"champion": "2"}})
        carry_out(ws, proposal.hash, now=NOW)
        until(lambda: set(versions(client, range(50)).values()) == {"1", "2"})
        for number in range(43, 50):
            observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
        assert health(ws, proposal, now=NOW).status == "unhealthy"
        undo(ws, proposal.hash, now=NOW)
        until(lambda: client.get("/health").json()["tried"] is None)
        assert set(versions(client, range(50)).values()) == {"2"}


def test_no_request_is_lost_while_the_champion_is_switched_there_and_back(ws: Workspace) -> None:
    with served(ws) as client:
        stop, lost, seen = threading.Event(), [], []

        def ask() -> None:
            with httpx.Client(base_url=client.base_url, timeout=30) as own:
                while not stop.is_set():
                    answer = own.post("/predict", json={"rows": [row()]})
                    if answer.status_code != 200:
                        lost.append(answer.text)
                    else:
                        seen.append(answer.json()["predictions"][0]["version"])

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        try:
            for version, before in (("2", "1"), ("1", "2"), ("2", "1"), ("1", "2")):
                until(lambda before=before: bool(seen) and seen[-1] == before)  # type: ignore[misc]
                ws.registry.switch("renewals", version, kind="deploy", by="anna", expected=(before,), now=NOW)
            until(lambda: seen[-1] == "1")
        finally:
            stop.set()
            for asker in askers:
                asker.join()
    assert lost == []
    assert {"1", "2"} == set(seen)


def test_a_version_that_does_not_load_leaves_the_one_that_serves(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    ws.registry.client.create_model_version("renewals", (tmp_path / "gone").as_uri())
    with served(ws) as client:
        ws.registry.client.set_registered_model_alias("renewals", "champion", "3")
        until(lambda: bool(client.get("/health").json()["problems"]))
        assert set(versions(client, range(5)).values()) == {"1"}
        broken = Traffic("split", "3", "1", "a" * 64, NOW).with_share(0.9, day(1))
        ws.registry.client.set_registered_model_alias("renewals", "champion", "1")
        ws.registry.begin_trial("renewals", broken)
        until(lambda: bool(client.get("/health").json()["problems"]))
        assert set(versions(client, range(20)).values()) == {"1"}


def test_a_trial_that_cannot_be_read_changes_nothing(ws: Workspace) -> None:
    with served(ws) as client:
        ws.registry.client.set_registered_model_tag("renewals", "airmedic.trial", "{")
        until(lambda: "is no trial" in " ".join(client.get("/health").json()["problems"]))
        assert set(versions(client, range(5)).values()) == {"1"}


def test_bad_requests_are_told_what_is_wrong(ws: Workspace) -> None:
    with served(ws) as client:
        lacking = client.post(
            "/predict", json={"rows": [{"usage": 1.0, "tenure": 2.0, "customer": 3, "plann": "flex"}]}
        )
        assert lacking.status_code == 422
        assert "'plan'" in lacking.json()["detail"]
        # The nearest of the columns that were sent is named.
        assert "plann" in lacking.json()["detail"]
        assert client.post("/predict", json={"rows": []}).status_code == 422
        assert client.post("/predict", json=[1]).status_code == 422
        assert client.post("/predict", content=b"{").status_code == 422


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


def logged(folder: Path) -> Any:
    import pandas as pd

    return pd.concat([pd.read_parquet(path) for path in sorted(folder.rglob("*.parquet"))], ignore_index=True)


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


def test_a_key_that_is_a_list_splits_as_its_text(ws: Workspace) -> None:
    trial = Traffic("split", "2", "1", "a" * 64, NOW).with_share(0.5, day(1))
    keys = [["a", 1], {"b": 2}, "['a', 1]", None]
    answers = trial.answers(keys).tolist()
    assert (answers[0], answers[3]) == (answers[2], False)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ({"plan": {"a": 1}}, "'plan' is an object"),
        ({"usage": [1]}, "'usage' is a list"),
        ({"usage": 10**400}, "'usage' is too large a number"),
        ({"plan": "x" * 40_000}, "'plan' is a text of more than"),
        ({"at": "soon"}, "which is no time"),
        ({"at": "1990-01-01T00:00:00Z"}, "further from now"),
    ],
)
def test_a_value_that_no_row_holds_is_refused_in_words(ws: Workspace, cell: dict[str, Any], told: str) -> None:
    with pytest.raises(RowsError, match=told) as caught:
        Service(ws).predict([row(), row(**cell)])
    assert "Row 1" in str(caught.value)


def test_only_columns_of_the_spec_are_logged_and_never_the_truth_of_a_client(ws: Workspace, tmp_path: Path) -> None:
    service = Service(ws, tmp_path / "served")
    sent = {f"column_{number}": [number] for number in range(50)}
    service.predict([row(churned=1, known_at="2026-01-01T00:00:00Z", model_version="99", at=None, **sent)])
    service.stop()
    said = {"prediction", "score", "model_version", "latency_ms"}
    frame = logged(tmp_path / "served")
    assert set(frame.columns) == {"usage", "tenure", "plan", "customer", "at"} | said
    assert frame["model_version"].tolist() == ["1"]


def test_a_body_that_is_no_json_or_too_long_is_refused_in_words(ws: Workspace) -> None:
    with served(ws) as client:
        client.headers["Content-Type"] = "application/json"
        nan = client.post("/predict", content=b'{"rows": [{"usage": NaN, "tenure": 1, "plan": "flex"}]}')
        assert (nan.status_code, "not finite" in nan.text) == (422, True)
        no_row = client.post("/predict", content=b'{"rows": [{"usage": NaN}, NaN]}')
        assert (no_row.status_code, "valid dictionary" in no_row.text) == (422, True)
        assert client.post("/predict", content=iter([b'{"rows": []}'])).status_code == 411
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as raw:
            # The body itself is never sent: it is refused by its length.
            raw.sendall(b"POST /predict HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n")
            raw.settimeout(30)
            assert b" 413 " in raw.recv(100)


def test_a_champion_that_predicts_no_number_answers_an_error_and_logs_nothing(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_number(*given: Any) -> ScoredBatch:
        scored = score(*given)
        return replace(scored, scores=scored.scores * np.nan)

    # The registered models of a test predict numbers; what is tested is what the server makes of others.
    monkeypatch.setattr(answers, "score", no_number)
    with served(ws, tmp_path / "served") as client:
        answer = client.post("/predict", json={"rows": [row()]})
    assert (answer.status_code, "no number" in answer.json()["detail"]) == (500, True)
    assert not list(tmp_path.rglob("served/**/*.parquet"))


def test_a_row_that_a_version_cannot_score_keeps_no_rollback_from_serving(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_whole(ws: Workspace, version: ModelVersion, frame: Any) -> ScoredBatch:
        if version.version == "2" and frame["usage"].isna().any():
            raise ModelError("Version 2 does not predict: Input X contains NaN")
        return score(ws, version, frame)

    monkeypatch.setattr(following, "score", only_whole)
    service = Service(ws)
    service.predict([row(usage=None)])
    ws.registry.switch("renewals", "2", kind="deploy", by="anna", expected=("1",), now=NOW)
    service.follower.look()
    assert service.health()["champion"] == "2"


def test_a_version_that_raises_anything_when_it_is_loaded_is_left_alone_for_a_while(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(ws)
    ws.registry.switch("renewals", "2", kind="deploy", by="anna", expected=("1",), now=NOW)
    loaded = []

    def too_large(_: Registry, version: ModelVersion) -> None:
        loaded.append(version.version)
        raise MemoryError

    monkeypatch.setattr(Registry, "model", too_large)
    for _ in range(3):
        service.follower.look()
    assert loaded == ["2"]
    assert (service.health()["champion"], service.health()["problems"]) == ("1", ["MemoryError"])


def test_a_shadow_that_hangs_delays_no_answer(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    freed, threads = threading.Event(), set()

    def hanging(ws: Workspace, version: ModelVersion, frame: Any) -> ScoredBatch:
        if version.version == "2":
            threads.add(threading.current_thread().name)
            assert freed.wait(60)
        return score(ws, version, frame)

    monkeypatch.setattr(answers, "score", hanging)
    ws.registry.begin_trial("renewals", Traffic("mirror", "2", "1", "a" * 64, NOW))
    service = Service(ws, tmp_path / "served")
    service.follower.look()
    service.start()
    try:
        # One row is in its hands, and so many wait as the queue holds.
        service.predict([row()])
        until(lambda: bool(threads))
        for _ in range(beside._MOST_WAITING + 3):
            service.predict([row()])
        assert not freed.is_set()
        assert "3 rows were not scored along" in " ".join(service.health()["problems"])
    finally:
        freed.set()
        service.stop()
    assert threads == {"airmedic-beside"}
    assert set(logged(tmp_path / "served")["model_version"]) == {"1"}
    assert len(logged(tmp_path / "served_tried")) == beside._MOST_WAITING + 1


def test_without_a_champion_nothing_is_served(ws: Workspace) -> None:
    ws.registry.client.delete_registered_model_alias("renewals", "champion")
    with pytest.raises(NoChampionError, match="airmedic adopt"):
        app_of(ws)
