"""The roles of people, asked of a real Airflow whose users FAB keeps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    # Of the provider, where it is imported.
    pytest.mark.filterwarnings("ignore"),
]

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
START_SECONDS = 600.0
"""Far more than an API server takes: a busy machine is not a failure."""
# As `airflow` runs one of them: each of five processes would import Airflow for several seconds.
COMMANDS = """
import json, sys
from airflow.cli.cli_parser import get_parser
for arguments in json.loads(sys.argv[1]):
    command = get_parser().parse_args(arguments)
    command.func(command)
"""
PEOPLE = {"reader": "Admin", "grace": "Risk", "boris": "Viewer"}


@pytest.fixture(scope="module")
def fab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run the API server of an Airflow with FAB, with some users, and yield its port."""
    pytest.importorskip("airflow.providers.fab")
    from airmedic_local.installation import program
    from airmedic_local.ports import HOST, free_port
    from airmedic_local.process import Process, wait_until

    home, port = tmp_path_factory.mktemp("fab"), free_port()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__API__SECRET_KEY": "a secret of this test, of 32 bytes",
        "AIRFLOW__API_AUTH__JWT_SECRET": "another one of this test, of 32 bytes",
    }

    commands = [["db", "migrate"], ["roles", "create", "Risk"]]
    for name, role in PEOPLE.items():
        called = ["--username", name, "--firstname", name, "--lastname", name, "--email", f"{name}@example.org"]
        commands.append(["users", "create", *called, "--role", role, "--password", "secret"])
    asked = [sys.executable, "-c", COMMANDS, json.dumps(commands)]
    done = subprocess.run(asked, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    command = [program("airflow"), "api-server", "--host", HOST, "--port", str(port), "--workers", "1"]
    server = Process("api-server", command, env=env, folder=home / "run", cwd=home)

    def answers() -> bool:
        server.check()
        try:
            return httpx.get(f"http://{HOST}:{port}/api/v2/monitor/health", timeout=5).is_success
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, what="Airflow with FAB", timeout_seconds=START_SECONDS, poll_seconds=0.5)
        yield port
    finally:
        server.stop()


def test_a_group_of_a_role_holds_those_who_have_it_in_fab(
    fab: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from airmedic.hooks.roles import roles_of
    from airmedic_core.groups import load_groups

    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", FAB)
    monkeypatch.setenv("AIRFLOW_CONN_AIRMEDIC_AIRFLOW", f"http://reader:secret@127.0.0.1:{fab}")
    assert {name: roles_of(name) for name in (*PEOPLE, "mallory")} == {
        "reader": ("Admin",),
        "grace": ("Risk",),
        "boris": ("Viewer",),
        "mallory": (),
    }
    (tmp_path / "groups.yaml").write_text("risk: {roles: [Risk]}")
    groups = load_groups(tmp_path)
    assert [groups.of([name], roles_of) for name in ("grace", "boris")] == [("group:risk",), ()]


def test_somebody_who_may_not_read_users_learns_no_roles(fab: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.hooks.roles import roles_of

    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", FAB)
    monkeypatch.setenv("AIRFLOW_CONN_AIRMEDIC_AIRFLOW", f"http://boris:secret@127.0.0.1:{fab}")
    assert roles_of("grace") == ()
