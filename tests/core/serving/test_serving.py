"""The reference server: real HTTP on loopback, a real MLflow store, and versions that are switched under load."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
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
from airmedic_core.serving.service import Service
from airmedic_core.traffic import Traffic
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, day, incident_of, observe
from tests.core.serving.served import champion_of, logged, row, served, until, versions


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
