"""A spec of which no DAG can be made is an import error of its own file, and stops no other model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.airflow.parsing import BETA, parse
from tests.core.packages import Install, install

__all__ = ["install"]


def test_a_slow_spec_is_an_import_error_of_its_own_file(
    content: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import threading\nthreading.Event().wait(60)\nBroken = None\n"
    install("acme-slow", code, {"airmedic.checks": {"slow": "acme_slow:Slow"}})
    monkeypatch.setattr("airmedic.dag_factory.SLOW_SPEC_SECONDS", 0.3)
    spec = content / "models" / "beta.yaml"
    spec.write_text(f"{BETA}checks: {{slow: true}}\n")
    _, errors, serialised = parse("monitor.py")
    assert set(errors) == {str(spec)}
    assert "takes longer than 0.3 s" in errors[str(spec)]
    assert set(serialised) == {"monitor__alpha"}


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("name: beta\ntusk: binary\n", "tusk: unknown key. Did you mean 'task'?"),
        ("name: [beta\n", "is not valid YAML"),
        ("", "holds no keys"),
        ("name: gamma\ntask: binary\ntarget: y\ndata: {path: /x.csv, time_column: at}\n", "Rename it to gamma.yaml"),
        (
            "name: beta\ntask: binary\ntarget: y\ndata: {path: '${NOT_SET_ANYWHERE}', time_column: at}\n",
            "NOT_SET_ANYWHERE",
        ),
        (f"{BETA}window: 00 hours\n", "'00 hours' is not a step in time"),
        (f"{BETA}schedule: '*/0 * * * *'\n", "its step of the minute is 0"),
        # Airflow looks for the next of these days without end.
        (f"{BETA}schedule: 0 0 31 4,jun *\n", "that day never comes"),
    ],
)
@pytest.mark.parametrize("kind", ["monitor", "remediate", "review"])
def test_a_broken_spec_is_an_import_error_of_its_own_file(content: Path, kind: str, broken: str, says: str) -> None:
    spec = content / "models" / "beta.yaml"
    spec.write_text(broken)
    _, errors, serialised = parse(f"{kind}.py")
    assert set(errors) == {str(spec)}
    assert says in errors[str(spec)]
    assert set(serialised) == {f"{kind}__alpha"}
    assert serialised[f"{kind}__alpha"]["dag"]["relative_fileloc"] == f"{kind}.py"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("device", [None, "/dev/zero"])
def test_a_pipe_or_device_among_the_specs_is_an_import_error_of_its_own(content: Path, device: str | None) -> None:
    spec = content / "models" / "beta.yaml"
    spec.unlink(missing_ok=True)
    if device:
        spec.symlink_to(device)
    else:
        os.mkfifo(spec)
    _, errors, serialised = parse("monitor.py")
    assert set(errors) == {str(spec)}
    assert "a pipe or a device, and no file" in errors[str(spec)]
    assert set(serialised) == {"monitor__alpha"}


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        # What only Airflow's own library knows of cron, and of assets.
        ("'- - - - -'", "negative numbers not allowed"),
        ("0 0 * * 1#9", "Invalid day_of_week value"),
        ("asset:airflow://x", "Asset scheme 'airflow' is reserved"),
        (f"asset:{'a' * 2000}", "Asset name cannot exceed 1500 characters"),
    ],
)
def test_what_only_airflow_refuses_is_an_import_error_of_its_spec_too(
    content: Path, schedule: str, says: str
) -> None:  # fmt: skip
    spec = content / "models" / "beta.yaml"
    spec.write_text(f"{BETA}schedule: {schedule}\n")
    _, errors, serialised = parse("monitor.py")
    assert set(errors) == {str(spec)}
    assert says in errors[str(spec)]
    assert set(serialised) == {"monitor__alpha"}


@pytest.mark.parametrize("name", ["my model", "größe", "a" * 230, "x@y"])
def test_a_spec_whose_name_is_no_id_of_a_dag_is_an_import_error_of_its_own_file(content: Path, name: str) -> None:
    spec = content / "models" / f"{name}.yaml"
    spec.write_text(BETA)
    _, errors, serialised = parse("monitor.py")
    assert set(errors) == {str(spec)}
    assert "Rename it to beta.yaml" in errors[str(spec)]
    assert set(serialised) == {"monitor__alpha"}


def test_a_dag_that_an_error_leaves_half_made_is_not_in_service(content: Path, tmp_path: Path) -> None:
    (content / "models" / "beta.yaml").write_text(BETA)
    (tmp_path / "half.py").write_text(
        "from airflow.sdk import DAG\n"
        "from airmedic.dag_factory import dags_of_specs, model_dag\n"
        "def half(spec):\n"
        "    with model_dag('half', spec, schedule=None) as dag:\n"
        "        if spec.name == 'beta':\n"
        "            raise ZeroDivisionError('in the middle')\n"
        "    return dag\n"
        "globals().update(dags_of_specs('half', half))\n"
    )
    dags, errors, serialised = parse(str(tmp_path / "half.py"))
    assert set(errors) == {str(content / "models" / "beta.yaml")}
    assert "ZeroDivisionError: in the middle" in next(iter(errors.values()))
    assert set(serialised) == {"half__alpha"}
    assert set(dags) == {"half__alpha", "half__beta"}


def test_a_broken_member_of_a_package_is_an_import_error_of_the_models_that_name_it(
    content: Path, install: Install
) -> None:
    install("acme-checks", "raise RuntimeError('no licence')", {"airmedic.checks": {"broken": "acme_checks:Broken"}})
    spec = content / "models" / "beta.yaml"
    spec.write_text(f"{BETA}checks: {{broken: true}}\n")
    _, errors, serialised = parse("monitor.py")
    assert set(errors) == {str(spec)}
    assert "'acme_checks:Broken' of the package 'acme-checks' cannot be imported" in errors[str(spec)]
    assert set(serialised) == {"monitor__alpha"}
