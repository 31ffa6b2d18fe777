"""The wheel, installed into an environment of its own without any extra."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from airmedic_core.extras import LIBRARIES
from scripts.fresh_environment import build_wheel, make_environment

pytestmark = pytest.mark.slow
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("light")
    return make_environment(folder / "environment", str(build_wheel(folder)))


@pytest.fixture
def airmedic(python: Path, tmp_path: Path) -> Run:
    """Run the command in a folder of its own, outside of the checkout."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRMEDIC_", "PYTHON"))}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(python.with_name("airmedic")), *arguments]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Two files of orders: in the second one, the weights are in grams."""
    random = np.random.default_rng(7)
    count = 4_000
    frame = pd.DataFrame(
        {
            "ordered_at": pd.date_range("2026-01-01", periods=count, freq="30min"),
            "weight": random.gamma(4.0, 2.0, count).round(3),
            "items": random.poisson(3, count),
        }
    )
    frame["returned"] = (random.random(count) < 1 / (1 + np.exp(2.0 - 0.4 * frame["items"]))).astype(int)
    frame.iloc[:3_000].to_csv(tmp_path / "before.csv", index=False)
    now = frame.iloc[3_000:].assign(weight=lambda part: part["weight"] * 1_000)
    now.to_csv(tmp_path / "now.csv", index=False)
    model = LogisticRegression().fit(frame[["weight", "items"]], frame["returned"])
    joblib.dump(model, tmp_path / "model.joblib")
    return tmp_path


def test_no_library_of_an_extra_comes_with_it(python: Path) -> None:
    code = f"from importlib.util import find_spec; print(*(name for name in {sorted(LIBRARIES)} if find_spec(name)))"
    there = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert there == []


def test_nothing_heavy_is_added_unnoticed(python: Path) -> None:
    # 442 MB in November 2026 (decision 24), without the bytecode that pip compiles.
    files = (path for path in python.parents[1].rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert sum(path.lstat().st_size for path in files) < 480e6


def test_a_spec_is_written_validated_and_used_for_a_check(airmedic: Run, rows: Path) -> None:
    written = airmedic("init", "before.csv", "--target", "returned", "--out", "orders.yaml")
    assert written.returncode == 0, written.stderr
    valid = airmedic("validate", "orders.yaml", "--data")
    assert valid.returncode == 0, valid.stdout
    told = ("--model", "orders.yaml", "--reference", "before.csv")
    checked = airmedic("check", *told, "--current", "now.csv", "--json", "out.json", "--html", "out.html")
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert json.loads((rows / "out.json").read_text())["cause"] == "unit_change"
    assert "<svg class='picture'" in (rows / "out.html").read_text()


def test_two_files_of_models_are_compared(airmedic: Run, rows: Path) -> None:
    airmedic("init", "before.csv", "--target", "returned", "--out", "orders.yaml")
    models = ("--champion", "model.joblib", "--challenger", "model.joblib")
    judged = airmedic("gate", "--model", "orders.yaml", *models, "--evaluation", "before.csv")
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert judged.stdout.startswith("passed")


@pytest.mark.parametrize(
    ("extra", "command"),
    [
        ("mlflow", ("gate", "--model", "orders.yaml", "--champion", "models:/orders/1", "--challenger", "model.joblib",
                    "--evaluation", "before.csv")),
        ("ledger", ("incidents",)),
    ],
)  # fmt: skip
def test_a_missing_extra_is_named(airmedic: Run, rows: Path, extra: str, command: tuple[str, ...]) -> None:
    airmedic("init", "before.csv", "--target", "returned", "--out", "orders.yaml")
    asked = airmedic(*command)
    assert asked.returncode == 2
    assert f'pip install "airmedic[{extra}]"' in asked.stderr
    assert "Unexpected" not in asked.stderr


def test_a_suite_without_great_expectations_is_said_to_be_left_out(airmedic: Run, rows: Path) -> None:
    airmedic("init", "before.csv", "--target", "returned", "--out", "orders.yaml")
    rule = "\nquality:\n  expectations:\n    items: {type: expect_column_max_to_be_between, kwargs: {column: items}}\n"
    spec = rows / "orders.yaml"
    spec.write_text(spec.read_text() + rule)
    told = ("--model", "orders.yaml", "--reference", "before.csv", "--current", "before.csv", "--json", "-")
    checked = airmedic("check", *told)
    findings = json.loads(checked.stdout)["findings"]
    (left_out,) = [finding for finding in findings if finding["check"] == "quality"]
    assert left_out["verdict"] == "unknown"
    assert (
        'was left out: Great Expectations is not installed. Install it: pip install "airmedic[quality]"'
        in (left_out["message"])
    )


def test_the_doctor_says_which_extras_are_not_there(airmedic: Run, python: Path, tmp_path: Path) -> None:
    looked = airmedic("doctor")
    assert "Unexpected" not in looked.stderr
    code = """
from airmedic_core.cli.doctor import examine
from airmedic_core.settings import Settings
wanted = {"packages", "extras"}
print(*(symptom.state for symptom in examine(Settings.from_env()) if symptom.subject in wanted), sep="; ")
"""
    env = {"AIRMEDIC_HOME": str(tmp_path)}
    said = subprocess.run([str(python), "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    absent = "airflow, evidently, kafka, ledger, llm, mlflow, openlineage, quality, redis, serve, slack, sql, "
    absent += "sqs"
    assert said.strip() == f"what the engine needs is there; not installed: {absent}"
