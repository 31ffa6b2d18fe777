"""The routes of the health page, behind the login of a real Airflow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.airflow.web.conftest import Browser

if TYPE_CHECKING:
    from airmedic_core.records import Incident

ROUTES = (
    "api/fleet",
    "api/approvals",
    "api/models/alpha",
    "api/models/alpha/columns/age",
    "api/models/alpha/policy",
    "metrics",
)


def test_a_stranger_sees_nothing(browse: Browser, incidents: dict[str, Incident]) -> None:
    for route in (*ROUTES, f"api/incidents/{incidents['alpha'].id}", "api/models/no_such_model"):
        answer = browse("").get(f"/airmedic/{route}")
        assert (answer.status_code, answer.json()) == (401, {"detail": "Not authenticated"}), route


def test_a_forged_token_opens_nothing(browse: Browser) -> None:
    stranger = browse("")
    stranger.headers["Authorization"] = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIn0."
    assert stranger.get("/airmedic/api/fleet").status_code == 403


@pytest.mark.parametrize("user", ["vera", "ugo", "anna"])
def test_everybody_with_a_login_may_look(browse: Browser, incidents: dict[str, Incident], user: str) -> None:
    person = browse(user)
    for route in (*ROUTES, f"api/incidents/{incidents['alpha'].id}"):
        assert person.get(f"/airmedic/{route}").status_code == 200, route


@pytest.mark.parametrize("user", ["vera", "ugo"])
def test_a_model_whose_dag_may_not_be_read_is_not_there(
    browse: Browser, incidents: dict[str, Incident], user: str
) -> None:
    person = browse(user)
    fleet = {row["name"]: row for row in person.get("/airmedic/api/fleet").json()["models"]}
    assert set(fleet) == {"alpha", "broken"}
    assert [line["model"] for line in person.get("/airmedic/api/approvals").json()["approvals"]] == ["alpha"]
    assert "secret" not in person.get("/airmedic/metrics").text
    for route in ("api/models/secret", "api/models/secret/columns/age", "api/models/secret/policy"):
        answer = person.get(f"/airmedic/{route}")
        assert answer.status_code == 403, route
        assert "salary" not in answer.text
    # Whether a model had an incident at some time is told to nobody who may not read it.
    hidden, absent = (person.get(f"/airmedic/api/incidents/{name}") for name in (incidents["secret"].id, "secret__no"))
    assert (hidden.status_code, hidden.json()) == (absent.status_code, absent.json())
    assert hidden.status_code == 404


def test_an_admin_sees_every_model(browse: Browser, incidents: dict[str, Incident]) -> None:
    fleet = {row["name"]: row["state"] for row in browse("anna").get("/airmedic/api/fleet").json()["models"]}
    assert fleet == {"alpha": "incident", "broken": "broken_spec", "secret": "incident"}


def test_the_login_of_the_browser_is_enough(browse: Browser) -> None:
    person = browse("vera")
    token = person.headers.pop("Authorization").removeprefix("Bearer ")
    person.cookies.set("_token", token)
    assert person.get("/airmedic/api/fleet").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "api/models/..%2F..%2Fetc%2Fpasswd", "api/models/alpha%00", "api/models/%3Cscript%3E",
        "api/models/" + "a" * 9000,
        "api/models/ALPHA", "api/models/alpha.yaml", "api/incidents/%27%20OR%201%3D1--", "api/incidents/x%00y",
        "api/incidents/" + "a" * 300, "api/incidents/no_such_incident", "api/models/alpha/columns/%00",
        "api/models/alpha/columns/" + quote("\u202e<b>x</b>"),
        "api/models/alpha/columns/no/such/column", "static/../app.py",
        "static/..%2Fapp.py", "static/%2e%2e/app.py", "static/", "api/nothing", "api/models/",
    ],
)  # fmt: skip
def test_hostile_paths_find_nothing(browse: Browser, incidents: dict[str, Incident], path: str) -> None:
    answer = browse("anna").get(f"/airmedic/{path}")
    assert answer.status_code == 404
    assert list(answer.json()) == ["detail"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("windows", ["0", "-1", "801", "many"])
def test_a_number_of_windows_that_makes_no_sense_is_refused(browse: Browser, windows: str) -> None:
    answer = browse("anna").get("/airmedic/api/models/alpha", params={"windows": windows})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("windows: ")


def test_nothing_can_be_changed(browse: Browser, incidents: dict[str, Incident]) -> None:
    admin = browse("anna")
    for route in ROUTES:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert admin.request(method, f"/airmedic/{route}").status_code == 405


def test_private_columns_stay_private(browse: Browser, incidents: dict[str, Incident], installation: Path) -> None:
    from airmedic_core.ledger import Ledger

    # The ledger's own texts name the column: what is private is blanked on the way out.
    assert incidents["alpha"].headline == "age moved, as salary did."
    ledger = Ledger.open(f"sqlite:///{installation / 'ledger.db'}")
    ledger.set_override("alpha", "quarantine", "a window", {"of": "salary"}, author="anna", reason="Because of salary.")
    admin = browse("anna")
    assert "(private column)" in admin.get("/airmedic/api/fleet").text
    for route in (*ROUTES, f"api/incidents/{incidents['alpha'].id}"):
        assert "salary" not in admin.get(f"/airmedic/{route}").text, route
    assert admin.get("/airmedic/api/models/alpha/columns/salary").status_code == 404


def test_a_ledger_that_breaks_is_told_without_a_traceback(
    browse: Browser,
    incidents: dict[str, Incident],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "ledger.db").write_text("This is no database. " * 100)
    monkeypatch.setenv("AIRMEDIC_HOME", str(tmp_path))
    answer = browse("anna").get("/airmedic/api/fleet")
    assert answer.status_code == 503
    # The driver's words, and the ledger's address, are for the log.
    assert answer.json() == {"detail": "What Airmedic has on record cannot be read. The API server's log says why."}
    assert "not a database" in caplog.text


def test_where_no_ledger_was_made_the_models_are_unchecked(
    browse: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRMEDIC_HOME", str(tmp_path))
    admin = browse("anna")
    states = {row["name"]: row["state"] for row in admin.get("/airmedic/api/fleet").json()["models"]}
    assert states == {"alpha": "unchecked", "broken": "broken_spec", "secret": "unchecked"}
    assert admin.get("/airmedic/api/models/alpha").json()["windows"] == []
    assert admin.get("/airmedic/api/approvals").json() == {"approvals": []}
    assert admin.get("/airmedic/api/models/alpha/columns/age").status_code == 404
    assert admin.get("/airmedic/api/incidents/alpha").status_code == 404
    assert admin.get("/airmedic/api/models/alpha/policy").status_code == 404
    assert not (tmp_path / "ledger.db").exists()


def test_the_ledger_may_be_named_by_a_connection_of_airflow(
    browse: Browser, incidents: dict[str, Incident], installation: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from airflow.models import Connection
    from airflow.utils.session import create_session

    monkeypatch.setenv("AIRMEDIC_HOME", str(tmp_path))
    admin = browse("anna")
    assert admin.get("/airmedic/api/fleet").json()["models"][0]["state"] == "unchecked"
    url = f"sqlite:///{installation / 'ledger.db'}"
    with create_session() as session:
        session.add(Connection("airmedic_ledger", conn_type="airmedic_ledger", extra={"url": url}))
    try:
        assert admin.get("/airmedic/api/fleet").json()["models"][0]["state"] == "incident"
    finally:
        with create_session() as session:
            session.query(Connection).delete()


def test_the_policy_says_what_airflow_s_own_switch_stops(
    browse: Browser, incidents: dict[str, Incident], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models import Variable

    viewer = browse("vera")
    told = viewer.get("/airmedic/api/models/alpha/policy").json()
    assert (told["problem"], told["stops"], told["approvers"]) == ("", [], [])
    assert {line["cause"] for line in told["causes"]} >= {"concept_drift", "unknown"}
    Variable.set("airmedic_kill_switch", "on")
    try:
        (stop,) = viewer.get("/airmedic/api/models/alpha/policy").json()["stops"]
    finally:
        Variable.delete("airmedic_kill_switch")
    assert stop["reason"] == "Airflow's variable airmedic_kill_switch is on."
    assert "retrain" in stop["actions"]
    assert browse("anna").get("/airmedic/api/models/broken/policy").status_code == 409


def test_the_metrics_have_the_type_that_prometheus_wants(browse: Browser, incidents: dict[str, Incident]) -> None:
    answer = browse("vera").get("/airmedic/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'airmedic_model_state{model="alpha",state="incident"} 1\n' in answer.text
    assert 'airmedic_approvals_waiting{model="alpha"} 1\n' in answer.text


def test_a_large_answer_is_compressed_and_never_kept(browse: Browser, incidents: dict[str, Incident]) -> None:
    answer = browse("anna").get("/airmedic/api/models/alpha")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "no-store"


def test_files_of_the_page_are_open_typed_and_asked_for_anew(tmp_path: Path) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.testclient import TestClient

    from airmedic.web.static_files import PageFiles

    (tmp_path / "page.js").write_text("export {};")
    (tmp_path / "page.css").write_text("p {}")
    client = TestClient(Starlette(routes=[Mount("/static", PageFiles(tmp_path))]))
    script = client.get("/static/page.js")
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert (script.headers["Cache-Control"], script.headers["X-Content-Type-Options"]) == ("no-cache", "nosniff")
    assert client.get("/static/page.css").headers["Content-Type"] == "text/css; charset=utf-8"
    again = client.get("/static/page.js", headers={"If-None-Match": script.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_plugin_makes_nothing_before_the_first_request() -> None:
    script = (
        "import sys, airmedic.plugin; sys.exit(str([m for m in ('airmedic.web.app', 'fastapi') if m in sys.modules]))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "airmedic.web.app" not in told.stderr
    assert told.stderr.strip().splitlines()[-1] in {"[]", "['fastapi']"}
