"""The example extension is built, installed in an environment of its own, and used, with no line of ours changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "airmedic-example-extension"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the extension's wheel in it; the libraries are those of this one."""
    folder = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", folder, EXAMPLE])
    (wheel,) = folder.glob("*.whl")
    run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"])
    python = folder / "venv" / "bin" / "python"
    run([sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "-q", wheel])
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    libraries = [ROOT / "include", ROOT / "plugins", sysconfig.get_path("purelib")]
    (site / "libraries.pth").write_text("\n".join(map(str, libraries)), encoding="utf-8")
    return python


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address that takes notices, and what has arrived there."""
    arrived: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", arrived
        server.shutdown()


def test_its_check_alarms_its_notifier_is_told_and_its_action_is_carried_out(
    environment: Path, receiver: tuple[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    url, arrived = receiver
    told = run([environment, ROOT / "tests" / "project" / "extension_story.py", tmp_path, url])
    story = json.loads(told.splitlines()[-1])
    assert story["alarms"] == ["seats"]
    assert story["cause"] == "data_corruption"
    assert story["told"] == ["log", "board"]
    assert [(notice["event"], notice["model"]) for notice in arrived] == [("incident_opened", "renewals")]
    # The 36th day of 2026 is the fifth of February, a Thursday.
    assert story["collected"] == ["The window began on a Thursday."]
    assert (story["proposed"], story["permission"], story["result"]) == ("restart_feed", "ask", "done")
    assert story["feed"] == {"restarted_for": story["hash"]}
    assert story["state"] == "resolved"


def test_its_own_tests_hold_it_to_the_contracts(environment: Path) -> None:
    told = run([environment, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, EXAMPLE / "tests"])
    assert " passed" in told
    assert " failed" not in told


def test_doctor_shows_what_it_adds(environment: Path, tmp_path: Path) -> None:
    code = textwrap.dedent(
        """
        from airmedic_core.cli.doctor import _extensions
        for symptom in _extensions(None):
            print(symptom.verdict, symptom.subject, symptom.state, sep=" | ")
        """
    )
    told = run([environment, "-c", code]).splitlines()
    package = "ok | extension airmedic-example-extension | adds "
    assert sorted(told) == [
        package + "'at_once' to the rollout",
        package + "'board' to the notifiers",
        package + "'json_lines' to the sources",
        package + "'latency_rows' to the changes",
        package + "'negatives' to the checks",
        package + "'restart_feed' to the actions",
        package + "'scorecard' to the flavours",
        package + "'weekday' to the collectors",
    ]


def test_airflow_parses_the_dags_of_a_model_that_uses_it(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "renewals.yaml").write_text(
        "name: renewals\ntask: binary\ntarget: churned\n"
        "data: {source: json_lines, path: /nowhere.jsonl, time_column: at}\n"
        "checks: {negatives: {limit_fraction: 0.05}}\nrollout: at_once\nnotify: {board: {url: 'http://127.0.0.1:9/'}}\n"
    )
    code = textwrap.dedent(
        f"""
        from airflow.dag_processing.dagbag import DagBag
        bag = DagBag({str(ROOT / "dags")!r})
        assert not bag.import_errors, bag.import_errors
        print(sorted(name for name in bag.dags if name.endswith("renewals")))
        """
    )
    told = run([environment, "-c", code], AIRMEDIC_CONTENT=str(tmp_path), AIRFLOW_HOME=str(tmp_path / "airflow"))
    assert told.splitlines()[-1] == "['monitor__renewals', 'remediate__renewals', 'review__renewals']"


def run(words: list[Any], **more: str) -> str:
    # Without PYTHONPATH: what is found is found because it is installed.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", **more}
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=600, env=env, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout
