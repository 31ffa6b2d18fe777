"""Targets that are told over HTTP: a hook, and an API server that validates what it is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import pytest

from airmedic_core.errors import SpecError, TargetError, TargetUnavailableError
from airmedic_core.execution import carry_out, complete, tell_again, undo
from airmedic_core.ledger.locks import acting_on_production
from airmedic_core.records import Proposal
from airmedic_core.rollout import options_for
from airmedic_core.targets import TARGETS, kserve, require_ready, tell
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.loopback import answering
from tests.core.renewals import NOW, approved, copy_of, day, incident_of, renewals, workspace
from tests.core.targets.inference_service import InferenceService

TOKEN = "t0ken"  # noqa: S105  of a server that lives as long as a test
PLACE = "/apis/serving.kserve.io/v1beta1/namespaces/models/inferenceservices/renewals"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    rows = renewals()
    rows["customer"] = rows.index % 100
    ws = workspace(folder, rows, entity_column="customer")
    adopt(ws, by="anna")
    train(ws, Window(day(0), day(40)), day(42), {})
    return folder


class Server(ThreadingHTTPServer):
    """A server whose answers are dialled: ``mode`` is what goes wrong with it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode = ""
        self.gone = threading.Event()
        self.posted: list[dict[str, Any]] = []
        self.serves: dict[str, Any] = {"model": "renewals", "champion": "1", "tried": None, "fraction": 0.0}
        self.service = InferenceService()

    @property
    def resource(self) -> dict[str, Any]:
        """The InferenceService, without another look at it."""
        return self.service.resource

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer(self._what_serves())

    def do_POST(self) -> None:
        told = self._body()
        self.server.posted.append(told)
        if not self.server.mode:
            self.server.serves = told
        self._answer(self.server.serves)

    def do_PATCH(self) -> None:
        told = self._body()
        self.server.posted.append(told)
        if refused := self._refused(told):
            self._answer({"kind": "Status", "status": "Failure", "message": refused}, 422)
            return
        if not self.server.mode:
            self.server.service.patched(told)
        self._answer(self.server.resource)

    def _what_serves(self) -> dict[str, Any]:
        return self.server.service.look() if self.path.startswith("/apis/") else self.server.serves

    def _refused(self, told: dict[str, Any]) -> str:
        """Validate a patch as the schema of an InferenceService does."""
        if self.headers["Content-Type"] != "application/merge-patch+json":
            return "unsupported media type"
        if not set(told) <= {"spec", "metadata"} or set(told["spec"]) != {"predictor"}:
            return "unknown field"
        noted = told.get("metadata", {"annotations": {}})
        if set(noted) != {"annotations"} or not all(type(value) is str for value in noted["annotations"].values()):
            return "unknown field in metadata"
        predictor = told["spec"]["predictor"]
        if not set(predictor) <= {"canaryTrafficPercent", "model"} or set(predictor["model"]) != {"storageUri"}:
            return "unknown field in spec.predictor"
        percent = predictor["canaryTrafficPercent"]
        if percent is not None and not (type(percent) is int and 0 <= percent <= 100):
            return "spec.predictor.canaryTrafficPercent: must be an integer from 0 to 100"
        return "" if predictor["model"]["storageUri"].startswith("s3://") else "storageUri: unknown scheme"

    def _body(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return told

    def _answer(self, answer: dict[str, Any], status: int = 200) -> None:
        mode = self.server.mode
        if mode == "slow":
            self.server.gone.wait()
            return
        if self.path.startswith("/apis/") and self.headers["Authorization"] != f"Bearer {TOKEN}":
            status, answer = 401, {"kind": "Status", "message": "Unauthorized"}
        elif self.path.startswith("/apis/") and self.path != PLACE:
            status, answer = 404, {"kind": "Status", "message": "not found"}
        if mode == "broken":
            status = 503
        said = b"<html>" if mode == "words" else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


@contextmanager
def running() -> Iterator[Server]:
    with answering(Server()) as server:
        try:
            yield server
        finally:
            server.gone.set()


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kserve, "_LOOK_EVERY_SECONDS", 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


def hooked(trained: Path, folder: Path, server: Server, **more: Any) -> Workspace:
    options = {"url": f"{server.url}/serving", "timeout_seconds": 0.3}
    rollout = {"target": "http", "target_options": options, "strategy": "canary"} | more
    return copy_of(trained, folder, entity_column="customer", rollout=rollout)


def in_kserve(trained: Path, folder: Path, server: Server, **more: Any) -> Workspace:
    (folder / "token").write_text(f"{TOKEN}\n")
    options = {
        "name": "renewals", "namespace": "models", "storage_uri": "s3://m/{model}/{version}", "api_url": server.url,
        "token_file": str(folder / "token"), "ca_file": "", "timeout_seconds": 5,
    }  # fmt: skip
    rollout = {"target": "kserve", "target_options": options | more, "strategy": "canary"}
    return copy_of(trained, folder, entity_column="customer", rollout=rollout)


def proposed(ws: Workspace) -> Proposal:
    return approved(ws, incident_of(ws, 42), "deploy", {"version": "2", "gate": {"champion": "1"}})


def test_a_hook_is_told_each_step_and_the_way_back(trained: Path, tmp_path: Path, server: Server) -> None:
    ws = hooked(trained, tmp_path, server)
    proposal = proposed(ws)
    carry_out(ws, proposal.hash, now=NOW)
    assert server.serves == {"model": "renewals", "champion": "1", "tried": "2", "fraction": 0.1}
    complete(ws, proposal.hash, now=NOW)
    assert server.serves == {"model": "renewals", "champion": "2", "tried": None, "fraction": 0.0}
    undo(ws, proposal.hash, now=NOW)
    assert server.serves["champion"] == "1"
    tell(ws)
    assert server.posted[-1] == server.posted[-2]


def test_a_step_that_was_killed_before_the_target_was_told_is_told_while_it_is_watched(
    trained: Path, tmp_path: Path, server: Server
) -> None:
    ws = hooked(trained, tmp_path, server)
    proposal = proposed(ws)
    carry_out(ws, proposal.hash, now=NOW)
    asked = len(server.posted)
    assert tell_again(ws, proposal, now=NOW) == ""
    assert len(server.posted) == asked
    begun = ws.registry.trial("renewals")
    assert begun is not None
    # All that a step does in the registry; the process dies before it tells the target.
    ws.registry.begin_trial("renewals", begun.with_share(0.5, day(43)))
    with ws.ledger.hold(acting_on_production("renewals"), most_seconds=60):
        assert "does not do what the registry says" in tell_again(ws, proposal, now=NOW)
    assert server.serves["fraction"] == 0.1
    assert tell_again(ws, proposal, now=NOW).startswith("The target was told again. Before: Its fraction is 0.1")
    assert server.serves == {"model": "renewals", "champion": "1", "tried": "2", "fraction": 0.5}
    server.mode = "slow"
    assert "does not answer" in tell_again(ws, proposal, now=NOW)


@pytest.mark.parametrize("strategy", ["simple", "canary"])
@pytest.mark.parametrize("mode", ["slow", "broken", "words"])
def test_nothing_begins_where_the_target_does_not_answer(
    trained: Path, tmp_path: Path, server: Server, mode: str, strategy: str
) -> None:
    ws = hooked(trained, tmp_path, server, strategy=strategy)
    server.mode = mode
    with pytest.raises(TargetError, match="answers no JSON object" if mode == "words" else "answer") as caught:
        carry_out(ws, proposed(ws).hash, now=NOW)
    assert isinstance(caught.value, TargetUnavailableError) == (mode != "words")
    assert ws.registry.champion("renewals").version == "1"
    assert ws.registry.trial("renewals") is None
    assert server.posted == []


def test_a_target_that_does_something_else_gets_the_champion_back(
    trained: Path, tmp_path: Path, server: Server
) -> None:
    ws = hooked(trained, tmp_path, server, strategy="simple")
    server.mode = "deaf"
    proposal = proposed(ws)
    with pytest.raises(TargetError, match="was told that version 2 serves, and answers '1'"):
        carry_out(ws, proposal.hash, now=NOW)
    assert ws.registry.champion("renewals").version == "1"
    [attempt] = ws.ledger.actions(incident_id=proposal.incident_id)
    assert attempt.status == "failed"
    assert server.posted[-1]["champion"] == "1"


def test_an_inference_service_splits_and_is_promoted_and_goes_back(
    trained: Path, tmp_path: Path, server: Server
) -> None:
    ws = in_kserve(trained, tmp_path, server)
    proposal = proposed(ws)
    carry_out(ws, proposal.hash, now=NOW)
    model = {"modelFormat": {"name": "mlflow"}, "storageUri": "s3://m/renewals/2"}
    assert server.resource["spec"]["predictor"] == {"canaryTrafficPercent": 10, "model": model}
    complete(ws, proposal.hash, now=NOW)
    assert server.resource["spec"]["predictor"] == {"model": model}
    undo(ws, proposal.hash, now=NOW)
    assert server.resource["spec"]["predictor"]["model"]["storageUri"] == "s3://m/renewals/1"
    assert server.resource["metadata"]["generation"] == 4


@pytest.mark.parametrize("looks", [0, 3])
@pytest.mark.parametrize("mode", ["", "raw"])
def test_an_inference_service_is_waited_for_until_it_is_ready_for_what_it_was_told(
    trained: Path, tmp_path: Path, server: Server, looks: int, mode: Literal["", "raw"]
) -> None:
    server.service.looks, server.service.mode = looks, mode
    if mode:
        server.service.resource["status"] = {"observedGeneration": 1}
    ws = in_kserve(trained, tmp_path, server)
    proposal = proposed(ws)
    carry_out(ws, proposal.hash, now=NOW)
    if not mode:
        revisions = server.resource["status"]["components"]["predictor"]
        assert revisions["latestReadyRevision"] == "renewals-2"
        assert [(route["revisionName"], route["percent"]) for route in revisions["traffic"]] == [
            ("renewals-2", 10),
            ("renewals-1", 90),
        ]
    complete(ws, proposal.hash, now=NOW)
    assert ws.registry.champion("renewals").version == "2"
    assert server.resource["status"]["conditions"][-1]["status"] == "True"


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("never", "the revision renewals-2 is not ready."),
        ("blocked", "the revision renewals-2 is not ready. unpickling stack underflow"),
    ],
)
def test_one_that_does_not_become_ready_in_time_leaves_the_champion(
    trained: Path, tmp_path: Path, server: Server, mode: Literal["never", "blocked"], why: str
) -> None:
    server.service.mode = mode
    ws = in_kserve(trained, tmp_path, server, ready_timeout_seconds=0.2)
    proposal = proposed(ws)
    with pytest.raises(TargetError, match=f"'renewals' is not ready after 0.2 s: {why}"):
        carry_out(ws, proposal.hash, now=NOW)
    assert (ws.registry.champion("renewals").version, ws.registry.trial("renewals")) == ("1", None)
    assert server.resource["spec"]["predictor"]["model"]["storageUri"] == "s3://m/renewals/1"
    [attempt] = ws.ledger.actions(incident_id=proposal.incident_id)
    assert attempt.status == "failed"


@pytest.mark.parametrize("mode", ["", "raw", "never"])
def test_one_that_was_killed_while_it_waited_waits_again(
    trained: Path, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, mode: Literal["", "raw", "never"]
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    server.service.looks, server.service.mode = 6, mode
    if mode == "raw":
        server.service.resource["status"] = {"observedGeneration": 1}
    ws = in_kserve(trained, tmp_path, server, ready_timeout_seconds=0.3 if mode == "never" else 60)
    proposal = proposed(ws)
    with monkeypatch.context() as dying:
        dying.setattr(kserve, "_wait_until_ready", killed)
        with pytest.raises(KeyboardInterrupt):
            carry_out(ws, proposal.hash, now=NOW)
    assert server.resource["spec"]["predictor"]["model"]["storageUri"] == "s3://m/renewals/2"
    if mode == "never":
        with pytest.raises(TargetError, match="the revision renewals-2 is not ready"):
            carry_out(ws, proposal.hash, now=NOW)
        assert (ws.registry.champion("renewals").version, ws.registry.trial("renewals")) == ("1", None)
        return
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"
    status = server.resource["status"]
    if mode == "raw":
        assert status["observedGeneration"] == server.resource["metadata"]["generation"]
    else:
        assert status["components"]["predictor"]["latestReadyRevision"] == "renewals-2"


def test_nothing_is_waited_for_where_nothing_changes(trained: Path, tmp_path: Path, server: Server) -> None:
    server.service.mode = "never"
    ws = in_kserve(trained, tmp_path, server)
    tell(ws)
    assert server.resource["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"name": "other"}, "answers 404: .*not found"),
        ({"token_file": ""}, "answers 401: .*Unauthorized"),
        ({"token_file": "/nowhere"}, "The token cannot be read"),
        ({"api_url": "ftp://somewhere"}, "is no address of HTTP"),
    ],
)
def test_an_inference_service_that_cannot_be_read_is_told_before_anything_begins(
    trained: Path, tmp_path: Path, server: Server, option: dict[str, str], message: str
) -> None:
    with pytest.raises(TargetError, match=message):
        require_ready(in_kserve(trained, tmp_path, server, **option))


@pytest.mark.parametrize(
    ("uri", "message"), [("gopher://{version}", "answers 422: .*unknown scheme"), ("s3://{run}", "names 'run'")]
)
def test_a_resource_that_is_refused_leaves_the_champion(
    trained: Path, tmp_path: Path, server: Server, uri: str, message: str
) -> None:
    ws = in_kserve(trained, tmp_path, server, storage_uri=uri)
    with pytest.raises(TargetError, match=message):
        carry_out(ws, proposed(ws).hash, now=NOW)
    assert ws.registry.champion("renewals").version == "1"
    assert ws.registry.trial("renewals") is None
    assert server.resource["spec"]["predictor"]["model"]["storageUri"] == "s3://m/renewals/1"


def test_a_spec_says_what_its_target_lacks(trained: Path, tmp_path: Path) -> None:
    for rollout, message in (
        ({"target": "http"}, "url"),
        ({"target": "http", "target_options": {"url": "http://h", "timeout": 1}}, "timeout_seconds"),
    ):
        with pytest.raises(SpecError, match=message):
            options_for(copy_of(trained, tmp_path, rollout=rollout).spec)
    with pytest.raises(SpecError, match="there is no target 'htp'"):
        copy_of(trained, tmp_path, rollout={"target": "htp"})


def test_every_target_has_documented_options() -> None:
    for name in TARGETS.names():
        assert TARGETS.member(name).options.__doc__
