from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from airmedic_core.cli.doctor import examine
from airmedic_core.settings import Settings

Airmedic = Callable[..., tuple[int, str, str]]
SPEC = "name: model_{number:03}\ntask: binary\ntarget: y\ndata: {{path: /x.csv, time_column: at}}\n"


def write_specs(home: Path, count: int) -> None:
    for number in range(count):
        (home / "models" / f"model_{number:03}.yaml").write_text(SPEC.format(number=number))


def test_as_many_files_are_written_as_the_models_need(home: Path, airmedic: Airmedic, tmp_path: Path) -> None:
    write_specs(home, 7)
    code, out, _ = airmedic("dags", "--folder", str(tmp_path / "dags"), "--models-per-file", "3")
    assert code == 0
    assert "7 models: 3 of each kind" in out
    assert sorted(path.name for path in (tmp_path / "dags").iterdir()) == [
        f"{kind}{number}.py" for kind in ("monitor", "remediate", "review") for number in ("", "_2", "_3")
    ]
    assert airmedic("dags", "--folder", str(tmp_path / "dags"))[0] == 0
    assert sorted(path.name for path in (tmp_path / "dags").iterdir()) == ["monitor.py", "remediate.py", "review.py"]


def test_less_than_one_model_a_file_is_refused(home: Path, airmedic: Airmedic) -> None:
    code, _, error = airmedic("dags", "--models-per-file", "0")
    assert code == 2
    assert "--models-per-file is 0" in error


def test_doctor_says_what_many_models_need(
    home: Path, airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))

    def remarks() -> set[tuple[str, str]]:
        return {(symptom.subject, symptom.todo) for symptom in examine(Settings.from_env()) if symptom.todo}

    write_specs(home, 199)
    few = remarks()
    write_specs(home, 200)
    assert dict(remarks() - few) == {
        "DAG files": f"Run 'airmedic dags --folder {tmp_path / 'dags'}'.",
        "[dag_processor] min_file_process_interval": "Set AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL=60.",
        "[scheduler] max_dagruns_to_create_per_loop": "Set AIRFLOW__SCHEDULER__MAX_DAGRUNS_TO_CREATE_PER_LOOP=50.",
        "[scheduler] max_dagruns_per_loop_to_schedule": "Set AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE=50.",
        "Airflow's database": "Use Postgres.",
        "ledger": "Use Postgres.",
    }
    airmedic("dags")
    assert len(list((tmp_path / "dags").glob("monitor*.py"))) == 8
    assert "DAG files" not in dict(remarks())


def test_doctor_counts_the_specs_that_are_valid_where_they_are_many(home: Path) -> None:
    write_specs(home, 30)
    specs = [symptom for symptom in examine(Settings.from_env()) if "spec" in symptom.subject]
    assert [(symptom.verdict, symptom.subject, symptom.state) for symptom in specs] == [("ok", "30 specs", "valid")]
