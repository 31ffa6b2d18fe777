from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.airflow_settings import dag_folder, database, setting, too_low


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    env = {"AIRFLOW_HOME": str(tmp_path)}
    assert setting("dag_processor", "parsing_processes", "2", env) == "2"
    # Airflow writes its file with comments, percent signs and blanks.
    (tmp_path / "airflow.cfg").write_text(
        "[logging]\nlog_format = [%%(asctime)s] %(x)s\n[dag_processor]\n# how many\nparsing_processes = 4\n"
    )
    assert setting("dag_processor", "parsing_processes", "2", env) == "4"
    env["AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES"] = "6"
    assert setting("dag_processor", "parsing_processes", "2", env) == "6"


def test_a_file_that_cannot_be_read_leaves_the_default(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_bytes(b"no section\n\xff")
    assert setting("core", "parallelism", "32", {"AIRFLOW_HOME": str(tmp_path)}) == "32"


def test_the_dag_folder_and_the_kind_of_database(tmp_path: Path) -> None:
    env = {"AIRFLOW_HOME": str(tmp_path)}
    assert dag_folder(env) == tmp_path / "dags"
    assert database(env) == "sqlite"
    env |= {
        "AIRFLOW__CORE__DAGS_FOLDER": "/opt/dags",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://airflow:secret@db/airflow",
    }
    assert dag_folder(env) == Path("/opt/dags")
    assert database(env) == "postgresql"


@pytest.mark.parametrize("models", [1, 199])
def test_few_models_need_nothing_of_airflow(tmp_path: Path, models: int) -> None:
    assert list(too_low(models, {"AIRFLOW_HOME": str(tmp_path)})) == []


def test_many_models_need_what_is_lower_than_it_should_be(tmp_path: Path) -> None:
    env = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__SCHEDULER__MAX_DAGRUNS_TO_CREATE_PER_LOOP": "150"}
    low = {wanted.key: (value, wanted.least, wanted.variable) for wanted, value in too_low(1_000, env)}
    assert low == {
        "min_file_process_interval": (30, 300, "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL"),
        "max_dagruns_per_loop_to_schedule": (20, 100, "AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE"),
    }
