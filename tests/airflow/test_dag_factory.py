from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.dag_files import files_of, write_dag_files
from tests.airflow.parsing import BETA, DAGS, parse
from tests.core.packages import install

__all__ = ["install"]


def edges(dag: Any) -> set[tuple[str, str]]:
    return {(task.task_id, below) for task in dag.tasks for below in task.downstream_task_ids}


def arrows(text: str) -> set[tuple[str, str]]:
    """Read ``a -> b c; b -> d``."""
    pairs = set()
    for chain in text.replace("\n", " ").split(";"):
        left, right = chain.split("->")
        pairs |= {(left.strip(), name) for name in right.split()}
    return pairs


def test_monitor_has_the_graph_of_the_design(content: Path) -> None:
    dags, errors, _ = parse("monitor.py")
    assert not errors
    assert edges(dags["monitor__alpha"]) == arrows(
        """resolve_batch -> validate_data check_drift check_performance assess;
        resolve_batch -> record_healthy open_incident publish_report;
        validate_data -> assess; check_drift -> assess; check_performance -> assess;
        assess -> record_healthy keep_watching open_incident;
        open_incident -> start_remediation;
        record_healthy -> publish_report; keep_watching -> publish_report; start_remediation -> publish_report"""
    )


def test_a_server_that_restarts_and_a_batch_that_lands_late_are_waited_for(content: Path) -> None:
    dag = parse("remediate.py")[0]["remediate__alpha"]
    waits = [min(10 * 2**attempt, 600) for attempt in range(dag.get_task("watch_deployment").retries)]
    assert sum(waits) > 5 * 60
    assert dag.get_task("watch_deployment").max_retry_delay.total_seconds() == 600
    late = parse("monitor.py")[0]["monitor__alpha"].get_task("resolve_batch").retries
    assert sum(min(10 * 2**attempt, 600) for attempt in range(late)) > 3600


def test_remediate_has_the_graph_of_the_design(content: Path) -> None:
    dags, errors, _ = parse("remediate.py")
    assert not errors
    assert edges(dags["remediate__alpha"]) == arrows(
        """collect_evidence -> diagnose; diagnose -> announce decide; announce -> close_incident;
        decide -> approve_retrain resume_deployment approve_rollback quarantine_batch approve_repair approve_change;
        decide -> recommend escalate; quarantine_batch -> approve_repair; approve_repair -> repair_batch;
        repair_batch -> close_incident;
        resume_deployment -> approve_deploy;
        approve_retrain -> retrain; retrain -> evaluate_gate; evaluate_gate -> improve_and_retrain approve_deploy;
        improve_and_retrain -> evaluate_gate_again; evaluate_gate_again -> approve_deploy escalate_refusal;
        approve_deploy -> deploy; deploy -> watch_deployment;
        watch_deployment -> confirm_health confirm_fault approve_taking_back decide_on_trial;
        confirm_health -> complete_deployment; confirm_fault -> roll_back_deployment;
        decide_on_trial -> promote_version stop_trying watch_further; promote_version -> close_incident;
        stop_trying -> close_incident; watch_further -> complete_deployment roll_back_deployment;
        complete_deployment -> close_incident;
        approve_taking_back -> take_back; take_back -> close_incident;
        approve_rollback -> roll_back; approve_change -> apply_change;
        roll_back_deployment -> close_incident; escalate_refusal -> close_incident; roll_back -> close_incident;
        quarantine_batch -> close_incident; apply_change -> close_incident; recommend -> close_incident;
        escalate -> close_incident"""
    )


def test_review_asks_for_each_change_alone(content: Path) -> None:
    dags, errors, _ = parse("review.py")
    assert not errors
    assert edges(dags["review__alpha"]) == arrows(
        """review -> approve_setting approve_expectation;
        approve_setting -> apply_setting; approve_expectation -> apply_expectation;
        apply_setting -> close_review; apply_expectation -> close_review"""
    )
    assert dags["review__alpha"].schedule == "0 6 * * 1"


def test_what_runs_by_itself_is_unpaused_by_people_and_what_heals_is_never_paused_at_first(content: Path) -> None:
    created = {kind: parse(f"{kind}.py")[0][f"{kind}__alpha"] for kind in ("monitor", "remediate", "review")}
    # None: Airflow's own setting decides, dags_are_paused_at_creation.
    assert {kind: dag.is_paused_upon_creation for kind, dag in created.items()} == {
        "monitor": None,
        "remediate": False,
        "review": None,
    }
    assert created["remediate"].schedule is None


@pytest.mark.parametrize("name", ["monitor", "remediate", "review"])
def test_every_form_can_be_submitted_as_it_opens(content: Path, name: str) -> None:
    # Airflow's page keeps Trigger disabled while a text that may not be null is empty, or any field is not valid.
    params = parse(f"{name}.py")[0][f"{name}__alpha"].params
    params.validate()
    texts = {key: param for key in params if "string" in (param := params.get_param(key)).schema["type"]}
    assert texts
    assert [key for key, param in texts.items() if not param.value and "null" not in param.schema["type"]] == []


def test_rerun_is_there_only_where_the_spec_names_the_upstream_dag(content: Path) -> None:
    spec = content / "models" / "alpha.yaml"
    spec.write_text(spec.read_text() + "upstream_dag: ingest\n")
    dag = parse("remediate.py")[0]["remediate__alpha"]
    assert {("quarantine_batch", "approve_rerun"), ("approve_rerun", "rerun_pipeline")} <= edges(dag)
    assert dag.get_task("rerun_pipeline").trigger_dag_id == "ingest"


@pytest.mark.parametrize(
    ("scale", "operator"), [("url: http://127.0.0.1/scale", "ScaleOperator"), ("dag: grow", "ScaleInDagOperator")]
)
def test_capacity_is_added_only_where_the_spec_says_how(content: Path, scale: str, operator: str) -> None:
    assert "scale" not in parse("remediate.py")[0]["remediate__alpha"].task_ids
    spec = content / "models" / "alpha.yaml"
    spec.write_text(spec.read_text() + f"scale: {{{scale}}}\n")
    dag = parse("remediate.py")[0]["remediate__alpha"]
    assert {("decide", "approve_scale"), ("approve_scale", "scale"), ("scale", "close_incident")} <= edges(dag)
    assert type(dag.get_task("scale")).__name__ == operator


def test_a_training_dag_of_the_teams_own_is_triggered_before_its_version_is_taken_over(content: Path) -> None:
    spec = content / "models" / "alpha.yaml"
    spec.write_text(spec.read_text() + "retrain: dag:train_alpha\n")
    dag = parse("remediate.py")[0]["remediate__alpha"]
    assert {("approve_retrain", "train_in_dag"), ("train_in_dag", "retrain")} <= edges(dag)
    assert dag.get_task("train_in_dag").trigger_dag_id == "train_alpha"


def test_a_model_that_is_in_no_registry_is_rolled_back_by_the_teams_dag(content: Path) -> None:
    spec = content / "models" / "alpha.yaml"
    spec.write_text(spec.read_text() + "registry: none\nprediction: {score: p}\nrollout: dag:roll_alpha_back\n")
    dag = parse("remediate.py")[0]["remediate__alpha"]
    assert ("approve_rollback", "roll_back") in edges(dag)
    assert dag.get_task("roll_back").trigger_dag_id == "roll_alpha_back"


def test_the_grid_of_a_remediation_shows_its_paths(content: Path) -> None:
    spec = content / "models" / "alpha.yaml"
    spec.write_text(spec.read_text() + "upstream_dag: ingest\nretrain: dag:train_alpha\n")
    dag = parse("remediate.py")[0]["remediate__alpha"]
    groups = {
        name: (group.group_display_name, set(group.children))
        for name, group in dag.task_group.get_task_group_dict().items()
        if name
    }
    # Task ids have no prefix: approvals that wait, and links to them, hold on to them.
    assert groups == {
        "retrain_path": (
            "Retrain",
            {
                "approve_retrain", "train_in_dag", "retrain", "evaluate_gate", "improve_and_retrain",
                "evaluate_gate_again", "escalate_refusal",
            },
        ),
        "deploy_path": (
            "Deploy",
            {
                "resume_deployment", "approve_deploy", "deploy", "watch_deployment", "confirm_health",
                "confirm_fault", "complete_deployment", "roll_back_deployment", "approve_taking_back", "take_back",
                "decide_on_trial", "promote_version", "stop_trying", "watch_further",
            },
        ),
        "rollback_path": ("Roll back", {"approve_rollback", "roll_back"}),
        "quarantine_path": (
            "Hold the data",
            {"quarantine_batch", "approve_repair", "repair_batch", "approve_rerun", "rerun_pipeline"},
        ),
        "change_path": ("Change", {"approve_change", "apply_change"}),
        "people_path": ("Tell people", {"recommend", "escalate"}),
    }  # fmt: skip
    alone = {"collect_evidence", "diagnose", "announce", "decide", "close_incident"}
    assert set(dag.task_group.children) - set(groups) == alone


@pytest.mark.parametrize("kind", ["monitor", "remediate", "review"])
def test_tasks_carry_no_copy_of_the_form_and_find_it_all_the_same(content: Path, kind: str) -> None:
    from airflow.sdk.definitions.param import process_params

    dags, _, serialised = parse(f"{kind}.py")
    dag = dags[f"{kind}__alpha"]
    fields = set(dag.params)
    assert fields
    assert [
        task["__var"]["task_id"] for task in serialised[dag.dag_id]["dag"]["tasks"] if "params" in task["__var"]
    ] == []
    # What Airflow's task runner gives to templates as `params`.
    for task in dag.tasks:
        assert set(process_params(dag, task, {}, suppress_exception=False)) == fields


@pytest.mark.parametrize("name", ["monitor", "remediate", "review"])
def test_two_parses_are_one_version(content: Path, name: str) -> None:
    first, second = (parse(f"{name}.py")[2][f"{name}__alpha"] for _ in range(2))
    assert first == second
    # The address of an object in an argument would be another one in the next process.
    assert not re.search(r"0x[0-9a-f]{6,}", json.dumps(first))


def test_a_spec_that_is_not_changed_is_the_same_version_in_every_process(content: Path) -> None:
    import subprocess
    import sys

    # The order of sets differs between processes, unless somebody has sorted them. Airflow's own hash decides.
    code = (
        "import sys, structlog\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        "from airflow.dag_processing.processor import _serialize_dags\n"
        "from airflow.models.serialized_dag import SerializedDagModel\n"
        f"bag = DagBag({str(DAGS)!r}, bundle_path={str(DAGS)!r})\n"
        "dags, errors = _serialize_dags(bag, structlog.get_logger())\n"
        "assert not errors and not bag.import_errors\n"
        "print(sorted((dag.dag_id, SerializedDagModel.hash(dag.data)) for dag in dags if 'alpha' in dag.dag_id))\n"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]
        for seed in ("1", "2")
    }
    assert len(hashes) == 1
    assert hashes.pop().count("__alpha") == 3


@pytest.fixture
def spread(content: Path, tmp_path: Path) -> Path:
    """DAG files for thirty models, three of each kind."""
    for number in range(30):
        (content / "models" / f"m{number:02}.yaml").write_text(BETA.replace("beta", f"m{number:02}"))
    write_dag_files(tmp_path / "dags", 3)
    return tmp_path / "dags"


@pytest.mark.parametrize("kind", ["monitor", "remediate", "review"])
def test_the_files_of_a_kind_share_the_models(spread: Path, kind: str) -> None:
    parsed = [parse(str(path)) for path in files_of(kind, spread)]
    assert [errors for _, errors, _ in parsed] == [{}, {}, {}]
    shares = [set(serialised) for _, _, serialised in parsed]
    assert all(shares)
    assert sorted(dag_id for share in shares for dag_id in share) == sorted(
        [f"{kind}__alpha", *(f"{kind}__m{number:02}" for number in range(30))]
    )


def test_a_task_finds_its_dag_in_whatever_file_it_looks(spread: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # While files are added, a task that was queued before looks where its DAG was before.
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "monitor__m07")
    assert [set(parse(str(path))[0]) for path in files_of("monitor", spread)] == [{"monitor__m07"}] * 3


def test_a_broken_spec_is_an_error_in_one_of_the_files_and_stops_no_other_model(content: Path, spread: Path) -> None:
    (content / "models" / "m05.yaml").write_text("name: [")
    parsed = [parse(str(path)) for path in files_of("monitor", spread)]
    assert [set(errors) for _, errors, _ in parsed if errors] == [{str(content / "models" / "m05.yaml")}]
    assert sum(len(serialised) for _, _, serialised in parsed) == 30


def test_a_task_process_makes_only_its_own_dag(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (content / "models" / "beta.yaml").write_text("name: [")
    # The task runner sets this variable, and get_parsing_context() reads it.
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "monitor__alpha")
    dags, errors, _ = parse("monitor.py")
    assert (set(dags), errors) == ({"monitor__alpha"}, {})
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "remediate__alpha")
    assert parse("monitor.py")[0] == {}


@pytest.mark.parametrize(
    ("spec", "schedule"),
    [
        ("", "0 0 * * *"),
        ("window: month\n", "0 0 1 * *"),
        ("window: week\n", "0 0 * * 1"),
        ("window: 6 hours\n", "0 */6 * * *"),
        ("window: 3 days\n", "0 0 * * *"),
        ("schedule: '@weekly'\n", "@weekly"),
    ],
)
def test_schedule(content: Path, spec: str, schedule: str) -> None:
    path = content / "models" / "alpha.yaml"
    path.write_text(path.read_text() + spec)
    dag = parse("monitor.py")[0]["monitor__alpha"]
    assert dag.schedule == schedule
    assert not dag.catchup


def test_schedule_by_asset(content: Path) -> None:
    path = content / "models" / "alpha.yaml"
    path.write_text(path.read_text() + "schedule: asset:s3://bucket/scored\n")
    (asset,) = parse("monitor.py")[0]["monitor__alpha"].schedule
    assert asset.uri == "s3://bucket/scored"


def test_parsing_imports_nothing_heavy(content: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        "before = set(sys.modules)\n"
        f"bag = DagBag({str(DAGS)!r})\n"
        "heavy = 'pandas numpy sklearn scipy mlflow evidently great_expectations anthropic duckdb'.split()\n"
        "print(bag.import_errors, sorted(bag.dags), [name for name in heavy if name in set(sys.modules) - before])\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert "{} ['monitor__alpha', 'remediate__alpha', 'review__alpha'" in done.stdout
    assert done.stdout.rstrip().endswith("[]")


def schedule_of(content: Path, schedule: str, path: str = "/x.csv") -> Any:
    from airmedic.dag_factory import schedule_of

    text = BETA.replace("/x.csv", f'"{path}"') + f'schedule: "{schedule}"\n'
    (content / "models" / "beta.yaml").write_text(text)
    from airmedic_core.spec import load_spec

    return schedule_of(load_spec(content / "models" / "beta.yaml"))


def test_an_asset_is_waited_for_by_its_events_or_by_its_partitions(content: Path) -> None:
    from airflow.sdk import Asset, PartitionedAssetTimetable

    assert schedule_of(content, "asset:s3://rows/beta") == [Asset("s3://rows/beta")]
    partitioned = schedule_of(content, "partitions:s3://rows/beta")
    assert isinstance(partitioned, PartitionedAssetTimetable)
    assert partitioned.asset_condition == Asset("s3://rows/beta")
    _, errors, serialised = parse("monitor.py")
    assert not errors
    # What the scheduler goes by: an event without a key starts no run of this DAG, and one with a key no other's.
    timetable = serialised["monitor__beta"]["dag"]["timetable"]
    assert timetable["__type"].endswith("PartitionedAssetTimetable")


def test_what_is_watched_is_an_asset_with_a_watcher_in_the_file_and_without_one_in_a_task(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/rows/{window_start:%Y-%m-%d}.csv"
    (asset,) = schedule_of(content, "watch:files", path)
    (watcher,) = asset.watchers
    assert watcher.trigger.serialize() == (
        "airmedic.triggers.landed_files.LandedFilesTrigger",
        {"model": "beta", "path": path, "poll_seconds": 30.0},
    )
    _, errors, serialised = parse("monitor.py")
    assert not errors
    assert "LandedFilesTrigger" in json.dumps(serialised["monitor__beta"])
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "monitor__beta")
    assert [asset.watchers for asset in schedule_of(content, "watch:files", path)] == [[]]


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("watch:kafak:topic", "Did you mean 'kafka'?"),
        ("watch:redis", "Write watch:redis:<list>."),
        ("watch:files:somewhere", "Write watch:files."),
        ("watch:files", "needs a data.path with a file for each window"),
    ],
)
def test_what_cannot_be_watched_is_an_error_of_that_model_alone(content: Path, schedule: str, said: str) -> None:
    (content / "models" / "beta.yaml").write_text(BETA + f"schedule: {schedule}\n")
    dags, errors, _ = parse("monitor.py")
    assert "monitor__alpha" in dags
    (error,) = errors.values()
    assert said in error


@pytest.mark.parametrize(("watcher", "extra"), [("redis", "redis"), ("kafka", "kafka"), ("sqs", "sqs")])
def test_a_watcher_whose_packages_are_missing_names_the_extra(
    content: Path, watcher: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airmedic.watchers.is_installed", lambda module: False)
    (content / "models" / "beta.yaml").write_text(BETA + f"schedule: watch:{watcher}:batches\n")
    _, errors, _ = parse("monitor.py")
    (error,) = errors.values()
    assert f'pip install "airmedic[{extra}]"' in error
