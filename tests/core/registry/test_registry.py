from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import mlflow
import pytest
from sklearn.linear_model import LogisticRegression

from airmedic_core.errors import (
    LedgerBusyError,
    ModelError,
    NoChampionError,
    RegistryRefusedError,
    RegistryUnavailableError,
)
from airmedic_core.inputs import Inputs
from airmedic_core.registry import ModelVersion, Registry
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, renewals, workspace

INPUTS = Inputs.of(["usage", "tenure"], [])


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    """Three versions, of which none serves."""
    rows = renewals(days=3)
    ws = workspace(tmp_path, rows)
    for _ in range(3):
        register(ws, LogisticRegression().fit(INPUTS.prepare(rows), rows["churned"]))
    return ws


def register(ws: Workspace, estimator: Any) -> ModelVersion:
    run = ws.registry.client.create_run(ws.registry.experiment("renewals"))
    example = INPUTS.prepare(renewals(days=1).head(3))
    return ws.registry.register(ws.spec, estimator, example, run_id=run.info.run_id, tags={"a": "b"}, reference=None)


def switch(ws: Workspace, version: str, minutes: int = 0, **more: Any) -> Any:
    now = NOW + timedelta(minutes=minutes)
    serves = (None, "1", "2", "3")
    return ws.registry.switch("renewals", version, kind="deploy", by="anna", now=now, **{"expected": serves, **more})


def aliases(ws: Workspace) -> dict[str, str]:
    return {k: str(v) for k, v in ws.registry.client.get_registered_model("renewals").aliases.items()}


def test_a_version_loads_with_its_inputs_and_only_once(ws: Workspace) -> None:
    version = ws.registry.version("renewals", "1")
    estimator = ws.registry.load(version)
    assert isinstance(estimator, LogisticRegression)
    assert ws.registry.load(version) is estimator
    assert ws.registry.inputs(version) == INPUTS
    assert version.tags["a"] == "b"
    assert [version.version for version in ws.registry.versions("renewals")] == ["3", "2", "1"]
    assert ws.registry.find("renewals", "a", "b") == ws.registry.versions("renewals")[0]


def test_switching_back_leaves_what_somebody_has_switched_to_since(ws: Workspace) -> None:
    switch(ws, "1")
    switch(ws, "2", 1)

    def back() -> str:
        return ws.registry.switch_back("renewals", "1", kind="rollback", expected="2", proposal_hash="h", now=NOW)

    switch(ws, "3", 2)
    assert back() == "Version 3 serves now; it is left in place."
    assert aliases(ws)["champion"] == "3"
    switch(ws, "2", 3)
    assert back() == "Version 1 serves again."
    assert (aliases(ws)["champion"], aliases(ws)["previous"]) == ("1", "2")
    assert back() == "Version 1 serves again."  # again changes nothing


def test_a_version_belongs_to_its_own_run_whatever_else_is_active(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ws.settings.home)  # where MLflow puts the artifacts of an experiment that it makes itself
    mlflow.set_tracking_uri(ws.settings.tracking_uri)
    mlflow.set_experiment("of_the_team")
    with mlflow.start_run() as theirs:
        version = register(ws, ws.registry.load(ws.registry.version("renewals", "1")))
        assert mlflow.active_run().info.run_id == theirs.info.run_id
    assert version.version == "4"
    assert version.run_id != theirs.info.run_id
    assert ws.registry.client.get_run(version.run_id).info.status == "FINISHED"
    assert ws.registry.client.get_run(theirs.info.run_id).data.tags.get("mlflow.parentRunId") is None


def test_a_version_loads_whatever_registry_is_current(ws: Workspace, tmp_path: Path) -> None:
    mlflow.set_registry_uri(f"sqlite:///{tmp_path / 'of_the_team.db'}")
    assert isinstance(ws.registry.load(ws.registry.version("renewals", "2")), LogisticRegression)


def test_registering_moves_the_challenger_and_nothing_else(ws: Workspace) -> None:
    assert aliases(ws) == {"challenger": "3"}
    with pytest.raises(NoChampionError, match="'renewals' carries the alias 'champion'"):
        ws.registry.champion("renewals")
    with pytest.raises(NoChampionError):
        ws.registry.champion("never_registered")


def test_a_switch_keeps_what_served_before(ws: Workspace) -> None:
    first = switch(ws, "1")
    second = switch(ws, "2", minutes=1, proposal_hash="abc")
    assert (first.from_version, first.to_version) == (None, "1")
    assert (second.from_version, second.to_version, second.proposal_hash) == ("1", "2", "abc")
    assert aliases(ws) == {"challenger": "3", "champion": "2", "previous": "1"}
    assert [promotion.to_version for promotion in ws.ledger.promotions("renewals")] == ["2", "1"]
    assert ws.registry.rollback_target("renewals").version == "1"


def test_a_switch_done_again_changes_nothing(ws: Workspace) -> None:
    switch(ws, "1")
    once = switch(ws, "2", minutes=1)
    assert switch(ws, "2", minutes=9) == once
    assert aliases(ws)["previous"] == "1"
    assert len(ws.ledger.promotions("renewals")) == 2


def test_a_version_that_does_not_exist_is_not_switched_to(ws: Workspace) -> None:
    switch(ws, "1")
    with pytest.raises(ModelError, match="99"):
        switch(ws, "99")
    assert aliases(ws)["champion"] == "1"
    assert len(ws.ledger.promotions("renewals")) == 1


def test_what_serves_unexpectedly_is_not_replaced(ws: Workspace) -> None:
    switch(ws, "3")
    for expected in (None,), ("1",):
        with pytest.raises(ModelError, match="Version 3 of 'renewals' serves now"):
            switch(ws, "2", expected=expected)
    assert aliases(ws)["champion"] == "3"
    assert len(ws.ledger.promotions("renewals")) == 1


def test_a_process_that_was_taken_for_dead_switches_nothing(ws: Workspace) -> None:
    switch(ws, "1")
    with ws.ledger.hold("act on renewals", seconds=30, most_seconds=60) as hold:
        ledger = ws.ledger.fenced(hold)
        hanging = ws.registry.recording_in(ledger)
        looked_up = hanging.version

        def taken_over_meanwhile(name: str, version: str) -> Any:
            assert ws.ledger.renew(hold.name, hold.holder, seconds=0)
            with ws.ledger.lock(hold.name, wait_seconds=0):
                return looked_up(name, version)

        hanging.version = taken_over_meanwhile  # type: ignore[method-assign]
        with pytest.raises(LedgerBusyError, match="taken over by another process"):
            hanging.switch("renewals", "2", kind="deploy", by="anna", expected=("1",), now=NOW)
    assert aliases(ws)["champion"] == "1"
    assert len(ws.ledger.promotions("renewals")) == 1


def test_a_version_deleted_in_mlflow_does_not_block_what_was_cut_off(ws: Workspace) -> None:
    switch(ws, "1")
    dying = Registry(ws.registry.tracking_uri, ws.ledger)
    dying.client = Dying(ws.registry.client, 2)  # type: ignore[misc]
    with pytest.raises(Killed):
        dying.switch("renewals", "2", kind="deploy", by="anna", expected=("1",), now=NOW + timedelta(minutes=1))
    ws.registry.client.set_registered_model_alias("renewals", "champion", "2")
    ws.registry.client.delete_model_version("renewals", "1")
    ws.registry.notice_manual_switch("renewals", NOW + timedelta(minutes=2))
    assert switch(ws, "3", minutes=3).from_version == "2"


def test_a_deleted_experiment_is_named_with_what_restores_it(ws: Workspace) -> None:
    experiment = ws.registry.experiment("renewals")
    ws.registry.client.delete_experiment(experiment)
    with pytest.raises(ModelError, match=rf"mlflow experiments restore --experiment-id {experiment}"):
        ws.registry.experiment("renewals")


class Killed(BaseException):
    """The process died here."""


class Dying:
    """A client whose process dies before its n-th change."""

    def __init__(self, client: Any, changes: int) -> None:
        self._client, self._left = client, changes

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        return self._counted(call) if name.startswith(("set_", "delete_")) else call

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            if self._left == 0:
                raise Killed
            self._left -= 1
            return call(*args, **kwargs)

        return counted


@pytest.mark.parametrize("changes", range(4))
@pytest.mark.parametrize("next_step", ["the same switch", "a look"])
def test_a_switch_killed_before_the_champion_moved_is_left_to_its_owner(
    ws: Workspace, changes: int, next_step: str
) -> None:
    # A switch makes four changes in MLflow: the intent, previous, champion, and the intent's removal.
    switch(ws, "1")
    dying = Registry(ws.registry.tracking_uri, ws.ledger)
    dying.client = Dying(ws.registry.client, changes)  # type: ignore[misc]
    with pytest.raises(Killed):
        dying.switch(
            "renewals",
            "2",
            kind="deploy",
            by="anna",
            expected=("1",),
            proposal_hash="abc",
            now=NOW + timedelta(minutes=1),
        )
    if next_step == "the same switch":
        switch(ws, "2", minutes=2, proposal_hash="abc")
    else:
        assert ws.registry.notice_manual_switch("renewals", NOW + timedelta(minutes=2)) is None
    # Only its owner asks whether it is still wanted: a monitoring run finishes no switch that has not served yet.
    done = changes == 3 or next_step == "the same switch"
    expected = {"champion": "2", "previous": "1"} if done else {"champion": "1"}
    assert aliases(ws) == expected | {"challenger": "3"}
    promotions = ws.ledger.promotions("renewals")
    assert [promotion.to_version for promotion in promotions] == (["2", "1"] if done else ["1"])
    assert [promotion.kind for promotion in promotions] == ["deploy"] * len(promotions)
    assert "airmedic.switch" not in ws.registry.client.get_registered_model("renewals").tags
    if done:
        assert ws.registry.rollback_target("renewals").version == "1"


def test_the_intent_of_a_dead_process_does_not_override_a_person(ws: Workspace) -> None:
    switch(ws, "1")
    dying = Registry(ws.registry.tracking_uri, ws.ledger)
    dying.client = Dying(ws.registry.client, 1)  # type: ignore[misc]
    with pytest.raises(Killed):
        dying.switch("renewals", "2", kind="deploy", by="anna", expected=("1",), now=NOW + timedelta(minutes=1))
    ws.registry.client.set_registered_model_alias("renewals", "champion", "3")
    noticed = ws.registry.notice_manual_switch("renewals", NOW + timedelta(minutes=2))
    assert noticed is not None
    assert (noticed.kind, noticed.from_version, noticed.to_version) == ("manual", "1", "3")
    assert aliases(ws)["champion"] == "3"


def test_a_switch_made_by_hand_is_noticed_once_and_can_be_rolled_back(ws: Workspace) -> None:
    switch(ws, "1")
    assert ws.registry.notice_manual_switch("renewals", NOW) is None
    ws.registry.client.set_registered_model_alias("renewals", "champion", "3")
    noticed = ws.registry.notice_manual_switch("renewals", NOW + timedelta(minutes=1))
    assert noticed is not None
    assert noticed.kind == "manual"
    assert ws.registry.notice_manual_switch("renewals", NOW + timedelta(minutes=2)) is None
    assert ws.registry.rollback_target("renewals").version == "1"


def test_there_is_nothing_to_roll_back_to_at_first(ws: Workspace) -> None:
    switch(ws, "1")
    with pytest.raises(ModelError, match="nothing served before version 1"):
        ws.registry.rollback_target("renewals")


def test_a_version_that_does_not_load_says_so(ws: Workspace) -> None:
    version = ws.registry.version("renewals", "2")
    place = ws.registry.client.get_model_version_download_uri("renewals", "2").removeprefix("file://")
    Path(place, "model.pkl").write_bytes(b"not a pickle")
    with pytest.raises(ModelError, match="Version 2 of 'renewals' does not load"):
        ws.registry.load(version)


def test_a_version_without_a_reference_says_so(ws: Workspace) -> None:
    with pytest.raises(ModelError, match="has no reference profile"):
        ws.registry.reference(ws.registry.version("renewals", "1"))


def test_artifacts_stay_beside_an_embedded_store(ws: Workspace) -> None:
    experiment = ws.registry.client.get_experiment(ws.registry.experiment("renewals"))
    assert experiment.name == "airmedic/renewals"
    assert experiment.artifact_location == (ws.settings.home / "mlartifacts").as_uri()


def test_a_server_that_is_down_is_transient_and_tells_no_password(ws: Workspace) -> None:
    down = Registry("http://anna:secret@127.0.0.1:9", ws.ledger)
    with pytest.raises(RegistryUnavailableError, match=r"http://127\.0\.0\.1:9 does not answer") as caught:
        down.champion("renewals")
    assert caught.value.transient
    assert "secret" not in str(caught.value)


class _Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(HTTPStatus.UNAUTHORIZED)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def test_a_login_that_mlflow_refuses_is_no_outage_and_its_password_stays_out(ws: Workspace) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        registry = Registry(f"http://anna:secret@127.0.0.1:{server.server_port}", ws.ledger)
        with pytest.raises(RegistryRefusedError, match="refuses") as refused:
            registry.by_alias("renewals", "champion")
        server.shutdown()
    assert "MLFLOW_TRACKING_PASSWORD" in str(refused.value)
    assert not refused.value.transient
    assert "secret" not in "".join(traceback.format_exception(refused.value))
