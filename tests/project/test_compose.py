"""The cluster's files hold together, as far as that shows without Docker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
SERVICES = {
    "postgres",
    "redis",
    "mlflow",
    "airflow-apiserver",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-worker",
    "airflow-triggerer",
    "airflow-init",
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())


def test_the_compose_file_fits_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, PROJECT / "docker-compose.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_part_of_the_cluster_is_there_and_says_whether_it_is_well(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) >= SERVICES
    assert all("healthcheck" in services[name] for name in SERVICES - {"airflow-init"})


def test_nothing_waits_for_a_service_that_does_not_exist(compose: dict[str, Any]) -> None:
    services = compose["services"]
    awaited = {other for service in services.values() for other in service.get("depends_on", {})}
    assert awaited <= set(services)


def test_only_loopback_ports_are_published(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_example_names_every_variable_and_gives_away_no_secret() -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", (PROJECT / "docker-compose.yaml").read_text()))
    example = dict(re.findall(r"^(\w+)=(.*)$", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    assert used == set(example)
    assert not any(value for name, value in example.items() if re.search("PASSWORD|SECRET|KEY", name))


def test_secrets_have_no_default() -> None:
    text = (PROJECT / "docker-compose.yaml").read_text()
    assert not re.search(r"\$\{\w*(PASSWORD|SECRET|KEY)\w*:-", text)


def test_the_base_image_is_the_airflow_that_is_locked() -> None:
    (pinned,) = re.findall(r"^apache-airflow==(\S+)", (PROJECT / "requirements.txt").read_text(), re.MULTILINE)
    assert f"FROM apache/airflow:{pinned}-python3.12" in (PROJECT / "Dockerfile").read_text()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_with_hashes_and_name_no_index(name: str) -> None:
    text = (PROJECT / name).read_text()
    entries = re.findall(r"^([a-zA-Z0-9][^\n]*(?:\n    [^\n]*)*)", text, re.MULTILINE)
    assert entries
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
    assert "index-url" not in text


def test_the_image_is_given_what_it_copies_and_no_more() -> None:
    copied = re.findall(r"^COPY --chown=\S+ (.+) \S+$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    wanted = {name for names in copied for name in names.split()}
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == wanted
    assert all((PROJECT / name).exists() for name in wanted)


def test_what_is_mounted_covers_what_the_image_holds(compose: dict[str, Any]) -> None:
    text = (PROJECT / "Dockerfile").read_text()
    mounts = dict(mount.split(":")[:2] for mount in compose["services"]["airflow-worker"]["volumes"][:3])
    assert {f"COPY --chown=airflow:0 {source.removeprefix('./')} {place}" for source, place in mounts.items()} <= set(
        text.splitlines()
    )
    (roots,) = re.findall(r"PYTHONPATH=(\S+)", text)
    assert set(roots.split(":")) == {mounts["./include"], mounts["./plugins"]}


def test_all_parts_of_airflow_share_secrets_and_the_ledger(compose: dict[str, Any]) -> None:
    shared = ("CORE__FERNET_KEY", "API__SECRET_KEY", "API_AUTH__JWT_SECRET", "CORE__AUTH_MANAGER")
    names = [*(f"AIRFLOW__{name}" for name in shared), "AIRMEDIC_LEDGER_URL", "MLFLOW_TRACKING_URI"]
    parts = [service for name, service in compose["services"].items() if name.startswith("airflow-")]
    assert len(parts) >= 6
    for name in names:
        assert len({part["environment"][name] for part in parts}) == 1
    assert parts[0]["environment"]["AIRMEDIC_LEDGER_URL"].startswith("postgresql+psycopg://")


@pytest.mark.parametrize("name", ["Dockerfile", "scripts/set_up.sh"])
def test_pip_follows_no_dependencies_of_the_locked_list(name: str) -> None:
    # Where it does, it asks for a hash of pandas[parquet], which evidently wants, and there is none.
    installs = re.findall(
        r"^.*(?:pip install|\$pip install).*--require-hashes.*$", (PROJECT / name).read_text(), re.MULTILINE
    )
    assert installs
    assert all("--no-deps" in install for install in installs)
