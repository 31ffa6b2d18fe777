"""The roles of people: of the simple auth manager from the configuration, of FAB from its REST API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
USERS = {"anna": ["Op", "MLPlatform"], "boris": []}


class Fab(BaseHTTPRequestHandler):
    """Speaks as FAB's API does: its own models write the answers."""

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        asked = json.loads(self.rfile.read(length))
        right = (self.path, asked) == ("/auth/token", {"username": "reader", "password": "secret"})
        self.reply(201 if right else 401, {"access_token": "a-token"} if right else {})

    def do_GET(self) -> None:
        from airflow.providers.fab.auth_manager.api_fastapi.datamodels.roles import Role
        from airflow.providers.fab.auth_manager.api_fastapi.datamodels.users import UserResponse

        name = self.path.removeprefix("/auth/fab/v1/users/").lower()
        if self.headers["Authorization"] != "Bearer a-token" or name not in USERS:
            self.reply(404, {})
            return
        roles = [Role(name=role) for role in USERS[name]]
        user = UserResponse(username=name, email="", first_name="", last_name="", roles=roles)
        self.reply(200, user.model_dump(mode="json"))

    def reply(self, status: int, body: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def fab(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    pytest.importorskip("airflow.providers.fab")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Fab)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://reader:secret@127.0.0.1:{server.server_port}"
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", FAB)
    monkeypatch.setenv("AIRFLOW_CONN_AIRMEDIC_AIRFLOW", address)
    yield address
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_simple_auth_manager_keeps_roles_and_teams_in_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.hooks.roles import roles_of

    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "anna:admin, boris:viewer:risk|fraud, 7:admin")
    assert roles_of("anna") == ("admin",)
    assert roles_of("boris") == ("viewer", "risk", "fraud")
    assert roles_of("mallory") == ()
    assert roles_of("7") == (), "it looks like an id"


@pytest.mark.filterwarnings("ignore")  # of the provider, where it is imported
def test_fab_is_asked_at_the_moment_of_the_answer(fab: str) -> None:
    from airmedic.hooks.roles import roles_of

    assert fab
    assert roles_of("anna") == ("Op", "MLPlatform")
    assert roles_of("boris") == roles_of("mallory") == ()
    assert roles_of("ANNA") == (), "a server that folds names hands over somebody else's roles"
    assert roles_of("7") == ()


@pytest.mark.parametrize("wrong", ["", "http://reader:wrong@127.0.0.1:{port}", "http://reader:secret@127.0.0.1:1"])
@pytest.mark.filterwarnings("ignore")
def test_where_it_cannot_be_asked_nobody_has_a_role(fab: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.hooks.roles import roles_of

    if wrong:
        monkeypatch.setenv("AIRFLOW_CONN_AIRMEDIC_AIRFLOW", wrong.format(port=fab.rpartition(":")[2]))
    else:
        monkeypatch.delenv("AIRFLOW_CONN_AIRMEDIC_AIRFLOW")
    assert roles_of("anna") == ()


def test_of_other_auth_managers_no_roles_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.hooks.roles import roles_of

    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", "keycloak.KeycloakAuthManager")
    assert roles_of("anna") == ()
