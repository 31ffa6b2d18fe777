"""The project's own compose file is mapped to this machine, and what cannot be mapped is refused."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from airmedic_local.cluster.compose import ComposeError, in_order, read_compose
from airmedic_local.cluster.first_start import initialise_airflow
from airmedic_local.cluster.mapping import Machine, image_environment, kind_of
from airmedic_local.cluster.programs import MissingProgramError, find_programs
from airmedic_local.cluster.running import COMPOSE_FILE, made_up
from airmedic_local.cluster.standstill import Standstill, promised_seconds
from airmedic_local.installation import PROJECT
from airmedic_local.ports import HOST

SMALL = """\
services:
  redis:
    image: redis:7
    command: [redis-server]
    expose: [6379]
"""


@pytest.fixture
def env() -> dict[str, str]:
    return {**made_up(PROJECT / ".env.example"), "AIRMEDIC_DATA_DIR": "/nowhere/data"}


@pytest.fixture
def machine(env: dict[str, str], tmp_path: Path) -> Machine:
    return Machine(tmp_path, read_compose(COMPOSE_FILE, env), PROJECT, image_environment(PROJECT / "Dockerfile"))


def small(tmp_path: Path, text: str) -> Path:
    (tmp_path / "compose.yaml").write_text(text)
    return tmp_path / "compose.yaml"


def test_every_service_is_known_and_comes_after_what_it_depends_on(machine: Machine) -> None:
    ordered = [service.name for service in in_order(machine.services)]
    assert {kind_of(service) for service in machine.services.values()} == {
        "postgres", "redis", "mlflow", "init", "api-server", "scheduler", "dag-processor", "triggerer", "celery worker",
    }  # fmt: skip
    for service in machine.services.values():
        assert all(ordered.index(other) < ordered.index(service.name) for other in service.depends_on)


def test_addresses_become_ports_of_loopback(machine: Machine, env: dict[str, str]) -> None:
    told = machine.environment(machine.services["airflow-worker"])
    postgres, redis = machine.port("postgres"), machine.port("redis")
    secret = env["POSTGRES_PASSWORD"]
    assert told["AIRMEDIC_LEDGER_URL"] == f"postgresql+psycopg://airflow:{secret}@{HOST}:{postgres}/airmedic"
    assert told["AIRFLOW__CELERY__BROKER_URL"] == f"redis://:{env['REDIS_PASSWORD']}@{HOST}:{redis}/0"
    airflow = env["AIRMEDIC_AIRFLOW_PORT"]
    assert told["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"http://{HOST}:{airflow}/execution/"
    assert told["AIRFLOW__API__PORT"] == airflow
    assert told["MLFLOW_TRACKING_URI"] == f"http://{HOST}:{env['AIRMEDIC_MLFLOW_PORT']}"


def test_nothing_of_a_container_is_left(machine: Machine) -> None:
    names = "|".join(machine.services)
    for service in machine.services.values():
        tests = service.healthcheck.test if service.healthcheck else ()
        for text in (*machine.environment(service).values(), *(machine.text(service, word) for word in tests)):
            assert "/opt/airflow" not in text, text
            assert not re.search(rf"(?:@|://)(?:{names}|localhost)\b", text), text


def test_what_the_file_says_reaches_the_processes_unchanged(machine: Machine) -> None:
    told = machine.environment(machine.services["airflow-scheduler"])
    for name, value in machine.services["airflow-scheduler"].environment.items():
        if "://" not in value and "/" not in value:
            assert told[name] == value, name
    mlflow = machine.environment(machine.services["mlflow"])
    assert mlflow["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_folders_of_the_image_are_where_airflow_looks(machine: Machine, tmp_path: Path) -> None:
    machine.make_folders()
    told = machine.environment(machine.services["airflow-worker"])
    assert Path(told["AIRFLOW_HOME"], "dags").resolve() == PROJECT / "dags"
    assert Path(told["AIRFLOW_HOME"], "logs").resolve() == tmp_path / "volumes" / "airflow-logs"
    assert [Path(folder).resolve() for folder in told["PYTHONPATH"].split(":")] == [
        PROJECT / "include",
        PROJECT / "plugins",
    ]


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ("    deploy: {replicas: 2}\n", r"services.redis: \['deploy'\] is not understood"),
        ("    ports: ['6380:6379']\n", "not published on 127.0.0.1 alone"),
        ("    depends_on: {postgres: {condition: service_healthy}}\n", "depends on 'postgres', which is no service"),
        ("    environment: {SECRET: '${SECRET:?fill it in}'}\n", "wants SECRET: fill it in"),
        ("    environment: {NAME: '${NAME}'}\n", "NAME is not set"),
        ("    healthcheck: {test: [NONE], interval: 1s, timeout: 1s, retries: 1, start_period: 1s}\n", "'NONE' is"),
    ],
)
def test_what_cannot_be_mapped_is_refused(tmp_path: Path, told: str, problem: str) -> None:
    with pytest.raises(ComposeError, match=problem):
        read_compose(small(tmp_path, SMALL + told), {})


@pytest.mark.parametrize(
    ("service", "problem"),
    [
        ("{image: 'nginx:1'}", "image 'nginx:1' .* is not known here"),
        ("{image: 'airmedic:1', command: standalone}", r"command \['standalone'\] is not known here"),
        ("{image: 'airmedic:1', command: scheduler, environment: {URL: 'http://redis:80/'}}", "redis:80 is named"),
        ("{image: 'airmedic:1', command: scheduler, environment: {URL: 'http://localhost:9/'}}", "localhost:9 is"),
    ],
)
def test_a_service_that_is_not_known_is_refused(tmp_path: Path, service: str, problem: str) -> None:
    services = read_compose(small(tmp_path, f"{SMALL}  other: {service}\n"), {})
    with pytest.raises(ComposeError, match=problem):
        Machine(tmp_path, services, tmp_path, {}).environment(services["other"])


def test_services_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    after = "{image: 'redis:7', depends_on: {%s: {condition: service_started}}}"
    text = f"services:\n  a: {after % 'b'}\n  b: {after % 'a'}\n"
    with pytest.raises(ComposeError, match=r"wait for each other: \['a', 'b'\]"):
        in_order(read_compose(small(tmp_path, text), {}))


def test_a_script_of_the_first_start_that_does_something_else_is_refused(tmp_path: Path) -> None:
    text = "services:\n  init: {image: 'airmedic:1', entrypoint: /bin/bash, command: ['-c', 'rm -rf /']}\n"
    (service,) = read_compose(small(tmp_path, text), {}).values()
    with pytest.raises(ComposeError, match="'rm -rf /' is not known here"):
        initialise_airflow(service, {}, tmp_path / "log")


def test_variables_are_filled_in_as_compose_does(tmp_path: Path) -> None:
    text = SMALL + "    environment: {A: '${A:-one}', B: '${B:-two}', C: 'x$$y', D: '${D}'}\n"
    (service,) = read_compose(small(tmp_path, text), {"A": "", "B": "b", "D": ""}).values()
    assert service.environment == {"A": "one", "B": "b", "C": "x$y", "D": ""}


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgramError, match=r"redis-server.*apt-get install .*redis-server"):
        find_programs()


def test_the_promise_follows_from_the_compose_file(machine: Machine) -> None:
    # 180 s in the queue and 30 s until it is looked at, 10 s before a retry, 30 s of a lease, 20 s for the scheduler.
    assert promised_seconds(machine.environment(machine.services["airflow-scheduler"])) == 270


class FakeAirflow:
    """Answers with states that a test has set."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}

    def runs(self, dag_id: str, *, limit: int) -> list[dict[str, str]]:
        running = dag_id.startswith("monitor") and self.states
        return [{"dag_run_id": "r", "state": "running"}] if running else []

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, object]]:
        return [{"task_id": task, "state": state, "try_number": 1} for task, state in self.states.items()]


def test_a_standstill_is_the_time_without_a_change_and_without_a_question() -> None:
    airflow, now = FakeAirflow(), 0.0
    standstill = Standstill(airflow, clock=lambda: now)  # type: ignore[arg-type]
    for now, states in [  # noqa: B007  read by the clock
        (0, {"check_drift": "running"}),
        (40, {"check_drift": "running"}),
        (50, {"check_drift": "success", "assess": "queued"}),
        (80, {"check_drift": "success", "assess": "queued"}),
        (500, {"check_drift": "success", "assess": "awaiting_input"}),
        (900, {"check_drift": "success", "assess": "awaiting_input"}),
    ]:
        airflow.states = states
        standstill.step()
    assert (standstill.longest, standstill.where) == (40, "monitor: check_drift running")


def test_the_check_of_the_dag_processor_reads_airflows_own_answer(machine: Machine, tmp_path: Path) -> None:
    from airflow.api_fastapi.core_api.datamodels.monitor import (
        BaseInfoResponse,
        DagProcessorInfoResponse,
        HealthInfoResponse,
        SchedulerInfoResponse,
        TriggererInfoResponse,
    )

    told = HealthInfoResponse(
        metadatabase=BaseInfoResponse(status="healthy"),
        scheduler=SchedulerInfoResponse(status="unhealthy", latest_scheduler_heartbeat=None),
        triggerer=TriggererInfoResponse(status="unhealthy", latest_triggerer_heartbeat=None),
        dag_processor=DagProcessorInfoResponse(status="healthy", latest_dag_processor_heartbeat=None),
    )
    (tmp_path / "health").write_text(told.model_dump_json())
    codes = {}
    for name in ("airflow-dag-processor", "airflow-triggerer"):
        check = machine.services[name].healthcheck
        assert check is not None
        kind, command = check.test
        assert kind == "CMD-SHELL"
        read = re.sub(r"^curl \S+ \S+ \S+", f"cat {tmp_path}/health", command)
        assert read != command
        codes[name] = subprocess.call(["/bin/sh", "-c", read])
    assert codes == {"airflow-dag-processor": 0, "airflow-triggerer": 1}
