from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from airmedic_core.policy import load_policy

Airmedic = Callable[..., tuple[int, str, str]]
PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIRMEDIC_CONTENT", "AIRFLOW_HOME", "AIRFLOW__CORE__DAGS_FOLDER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIRMEDIC_CONTENT", str(tmp_path / "content"))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))


def test_a_project_begins_with_a_policy_runbooks_and_dag_files(airmedic: Airmedic, tmp_path: Path) -> None:
    code, out, _ = airmedic("init-project")
    assert code == 0, out
    content = tmp_path / "content"
    assert {path.name for path in content.iterdir()} == {"models", "policies", "expectations", "runbooks", "incidents"}
    # The examples are ours, not the team's.
    assert not list((content / "models").iterdir())
    assert not list((content / "incidents").iterdir())
    load_policy(content / "policies")
    given = {path.name: path.read_bytes() for path in (PROJECT / "include" / "runbooks").iterdir()}
    assert {path.name: path.read_bytes() for path in (content / "runbooks").iterdir()} == given
    dags = sorted((tmp_path / "airflow" / "dags").glob("*.py"))
    assert [path.name for path in dags] == ["monitor.py", "remediate.py", "review.py"]
    # One line does something; the others import what it needs.
    for path in dags:
        kinds = [type(statement) for statement in ast.parse(path.read_text()).body]
        assert kinds == [ast.Expr, ast.ImportFrom, ast.ImportFrom, ast.Expr]


def test_a_second_time_nothing_of_the_teams_is_touched(airmedic: Airmedic, tmp_path: Path) -> None:
    airmedic("init-project")
    policy = tmp_path / "content" / "policies" / "default.yaml"
    policy.write_text(policy.read_text() + "# ours\n")
    monitor = tmp_path / "airflow" / "dags" / "monitor.py"
    monitor.write_text("# ours\n")
    code, out, _ = airmedic("init-project")
    assert code == 0
    assert "stay as they are" in out
    assert "made" not in out
    assert policy.read_text().endswith("# ours\n")
    assert monitor.read_text() == "# ours\n"


def test_a_content_folder_that_airmedic_would_not_find_is_named(airmedic: Airmedic, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    code, out, _ = airmedic("init-project", "--content", str(place), "--no-dags")
    assert code == 0
    assert f"Set AIRMEDIC_CONTENT={place}" in out
    assert not (tmp_path / "airflow").exists()
