"""The values for Airflow's official Helm chart say what the compose file says.

``AIRFLOW_CHART`` names the folder of the chart; then they are also checked against its own schema:
``AIRFLOW_CHART=airflow make test ARGS="-k helm"``, after ``helm pull apache-airflow/airflow --untar``.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
PARTS = {
    "airflow-apiserver": "apiServer",
    "airflow-scheduler": "scheduler",
    "airflow-dag-processor": "dagProcessor",
    "airflow-triggerer": "triggerer",
    "airflow-worker": "workers",
}
"""Service of the compose file → section of the values."""
SAID_OTHERWISE = {
    "AIRFLOW__API__BASE_URL": ("config", "api", "base_url"),
    "AIRFLOW__API__SECRET_KEY": ("apiSecretKeySecretName",),
    "AIRFLOW__API_AUTH__JWT_SECRET": ("jwtSecretName",),
    "AIRFLOW__CELERY__BROKER_URL": ("data", "brokerUrlSecretName"),
    "AIRFLOW__CELERY__RESULT_BACKEND": ("data", "resultBackendSecretName"),
    "AIRFLOW__CORE__EXECUTOR": ("executor",),
    "AIRFLOW__CORE__FERNET_KEY": ("fernetKeySecretName",),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": ("data", "metadataSecretName"),
}
"""Variable → the value of the chart that sets it."""
OF_THE_CHART = {
    "AIRFLOW__CORE__AUTH_MANAGER",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__LOAD_EXAMPLES",
    "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK",
}
"""What the chart sets by itself: FAB, the address of its own API server, no examples; its scheduler has a probe of its
own."""
OF_DOCKER = {"DUMB_INIT_SETSID"}
"""The chart sets it for its workers too."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())["services"]
    return services


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((PROJECT / "deploy" / "helm" / "values.yaml").read_text())
    return told


def section(values: dict[str, Any], service: str) -> dict[str, Any]:
    told: dict[str, Any] = values[PARTS[service]]
    return told.get("celery", told)


def variables(entries: list[dict[str, str]]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in entries}


def default(text: str) -> str:
    """Return a value of the compose file with the defaults of its variables."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def test_all_parts_have_the_variables_of_the_compose_file(compose: dict[str, Any], values: dict[str, Any]) -> None:
    shared = variables(values["env"])
    secret = {entry["envName"] for entry in values["secret"]}
    for service in PARTS:
        told = compose[service]["environment"]
        there = shared | variables(section(values, service).get("env", []))
        of_chart = secret | set(SAID_OTHERWISE) | OF_THE_CHART | OF_DOCKER
        assert {name: default(value) for name, value in told.items() if name not in of_chart} == there
        assert of_chart - OF_DOCKER <= set(told)


def test_what_the_chart_has_a_value_for_is_said_there(compose: dict[str, Any], values: dict[str, Any]) -> None:
    told = compose["airflow-scheduler"]["environment"]
    for name, place in SAID_OTHERWISE.items():
        value: Any = values
        for key in place:
            value = value[key]
        # A secret is named, and never stands in the values.
        assert value == (default(told[name]) if not place[-1].endswith("SecretName") else value), name
        assert isinstance(value, str)


def test_no_secret_stands_in_the_values(values: dict[str, Any]) -> None:
    assert not re.search(r"(?i)(password|pass|secret|key)\s*:\s*[\"']?\w{16,}", yaml.safe_dump(values))


def test_limits_of_memory_are_the_same(compose: dict[str, Any], values: dict[str, Any]) -> None:
    for service in PARTS:
        limit = section(values, service)["resources"]["limits"]["memory"]
        assert limit == compose[service]["mem_limit"].replace("g", "Gi").replace("m", "Mi"), service


def test_the_worker_is_looked_at_in_the_same_way(compose: dict[str, Any], values: dict[str, Any]) -> None:
    kind, command = compose["airflow-worker"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    assert section(values, "airflow-worker")["livenessProbe"]["command"] == [
        "/bin/sh",
        "-c",
        command.replace("$$", "$"),
    ]


def test_mlflow_runs_as_the_compose_file_says(compose: dict[str, Any], values: dict[str, Any]) -> None:
    told = compose["mlflow"]
    text = (PROJECT / "deploy" / "helm" / "mlflow.yaml").read_text()
    service, claim, deployment = yaml.safe_load_all(text)
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["command"] == told["entrypoint"]
    # The database's address holds a password, and comes from a secret.
    backend = "--backend-store-uri="
    assert [word for word in container["args"] if not word.startswith(backend)] == [
        word for word in told["command"] if not word.startswith(backend)
    ]
    assert f"{backend}$(MLFLOW_URI)" in container["args"]
    there = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert there == {**told["environment"], "MLFLOW_URI": None}
    assert container["resources"]["limits"]["memory"] == told["mem_limit"].replace("g", "Gi")
    (probe,) = [word for word in told["healthcheck"]["test"] if word.startswith("http")]
    assert probe.endswith(container["readinessProbe"]["httpGet"]["path"])
    image = values["images"]["airflow"]
    assert container["image"] == f"{image['repository']}:{image['tag']}"
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    # Airflow's containers look for it there.
    address = f"http://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    assert variables(values["env"])["MLFLOW_TRACKING_URI"] == address


def test_the_versions_are_those_of_the_image(values: dict[str, Any]) -> None:
    assert f"FROM apache/airflow:{values['airflowVersion']}-python" in (PROJECT / "Dockerfile").read_text()


def test_the_state_is_where_the_image_looks_for_it(values: dict[str, Any]) -> None:
    (mount,) = values["volumeMounts"]
    assert f"AIRMEDIC_HOME={mount['mountPath']} " in (PROJECT / "Dockerfile").read_text()
    assert [volume["name"] for volume in values["volumes"]] == [mount["name"]]


@pytest.mark.skipif("AIRFLOW_CHART" not in os.environ, reason="AIRFLOW_CHART does not name the folder of the chart")
def test_the_values_fit_the_schema_of_the_chart(values: dict[str, Any]) -> None:
    schema = json.loads((Path(os.environ["AIRFLOW_CHART"]) / "values.schema.json").read_text())
    problems = [
        f"{error.json_path}: {error.message[:300]}" for error in jsonschema.Draft7Validator(schema).iter_errors(values)
    ]
    # The chart lets keys pass at its top that it does not know.
    problems += [f"{key} is no value of the chart" for key in set(values) - set(schema["properties"])]
    assert problems == []
