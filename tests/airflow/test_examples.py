"""Airflow parses each example DAG of the documentation and runs it with ``dag.test()``, on real stores."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.airflow import example_production as production
from tests.airflow.conftest import _living_in
from tests.airflow.hooks.test_label_studio import Studio, connect
from tests.core.replica_hook import ReplicaHook

Prepare = Callable[[Path], Any]
"""Brings a home to where the example begins. Where it returns a proposal, the run is given its hash."""
Proof = Callable[[Any, dict[str, Any]], bool]
"""Says, given the workspace and what each task returned, whether the run has done what it is for."""


@dataclass(frozen=True)
class Case:
    """How one example is run, and what comes of it."""

    proof: Proof
    skipped: frozenset[str] = frozenset()
    """Tasks that are skipped; all others succeed."""
    stage: str = "adopted"
    """The home that it begins with; empty for none."""
    prepare: Prepare = lambda home: None


def skipping(*tasks: str) -> frozenset[str]:
    return frozenset(tasks)


def serving(ws: Any) -> str:
    version: str = ws.registry.champion("orders").version
    return version


def deployment(home: Path) -> Any:
    return production.workspace().ledger.proposal((home / "deployment").read_text())


def on_record(ws: Any, kind: str) -> int:
    return len(ws.ledger.overrides("orders", kind))


CASES = {
    # 144 rows a day, one every ten minutes.
    "resolve_batch": Case(lambda ws, said: said["count_rows"] == 144),
    "data_quality": Case(lambda ws, said: said["is_sound"] is True),
    "drift_check": Case(lambda ws, said: isinstance(said["list_moves"], list)),
    "performance_check": Case(lambda ws, said: said["count_alerts"] > 0),
    "assess": Case(lambda ws, said: not ws.ledger.incidents(), skipping("publish")),
    "record_healthy": Case(
        lambda ws, said: not ws.ledger.incidents(), skipping("look_tomorrow"), prepare=production.calm
    ),
    "open_incident": Case(lambda ws, said: ws.ledger.incidents()[0].cause == "concept_drift", skipping("go_on")),
    "publish_report": Case(lambda ws, said: bool(said["publish_report"]["run_id"])),
    "batch_score": Case(lambda ws, said: (said["score"]["version"], said["score"]["rows"]) == ("1", 144)),
    "collect_evidence": Case(lambda ws, said: said["collect_evidence"]["items"] > 0),
    "llm_diagnosis": Case(lambda ws, said: said["diagnose"]["cause"] == "concept_drift", stage="watched"),
    "close_incident": Case(lambda ws, said: said["close_incident"]["state"] == "escalated", stage="watched"),
    "decide": Case(
        lambda ws, said: len(ws.registry.versions("orders")) == 2,
        stage="watched",
        prepare=production.permit_all,
    ),
    "recommend": Case(lambda ws, said: "retrain" in said["recommend"].lower(), stage="watched"),
    "approval": Case(
        lambda ws, said: said["name_approver"] == "boris",
        stage="watched",
        prepare=lambda home: production.propose("refresh_reference"),
    ),
    "apply_change": Case(
        lambda ws, said: said["apply_change"]["status"] == "done",
        stage="watched",
        prepare=lambda home: production.propose("refresh_reference"),
    ),
    "quarantine": Case(
        lambda ws, said: on_record(ws, "quarantine") == 1,
        stage="watched",
        prepare=lambda home: production.ask("quarantine"),
    ),
    "repair": Case(lambda ws, said: on_record(ws, "repaired") == 1, prepare=production.damaged),
    "escalate": Case(
        lambda ws, said: said["escalate"]["status"] == "done",
        stage="watched",
        prepare=lambda home: production.propose("escalate"),
    ),
    "announce": Case(
        lambda ws, said: isinstance(said["announce"], list),
        stage="watched",
        prepare=lambda home: production.ask("quarantine"),
    ),
    "scale": Case(
        lambda ws, said: said["scale"]["status"] == "done",
        stage="watched",
        prepare=lambda home: production.delegated(home, "scale", more="scale: {url: '${EXAMPLE_HOOK}'}\n"),
    ),
    "scale_in_dag": Case(
        lambda ws, said: [done.action for done in ws.ledger.actions()] == ["scale"],
        stage="watched",
        prepare=lambda home: production.delegated(home, "scale", more="scale: {dag: grow}\n"),
    ),
    "retrain": Case(
        lambda ws, said: serving(ws) == "1" and len(ws.registry.versions("orders")) == 2,
        stage="watched",
        prepare=lambda home: production.ask("retrain"),
    ),
    "evaluate_gate": Case(
        lambda ws, said: serving(ws) == "1",
        skipping("keep_champion"),
        stage="watched",
        prepare=lambda home: production.ask("retrain"),
    ),
    "deploy": Case(lambda ws, said: serving(ws) == "2", stage="trained", prepare=deployment),
    "deployment_health": Case(
        lambda ws, said: serving(ws) == "2", skipping("roll_back_deployment"), stage="deployed", prepare=deployment
    ),
    # Nothing is tried: the watch finds the version healthy, and there is nothing to ask.
    "trial_question": Case(
        lambda ws, said: serving(ws) == "2",
        skipping("decide_on_trial", "promote_version", "stop_trying", "watch_further"),
        stage="deployed",
        prepare=deployment,
    ),
    "complete_deployment": Case(
        lambda ws, said: said["complete_deployment"]["status"] == "done",
        skipping("call_somebody"),
        stage="deployed",
        prepare=deployment,
    ),
    "undo_deployment": Case(
        lambda ws, said: serving(ws) == "2", skipping("roll_back_deployment"), stage="deployed", prepare=deployment
    ),
    "rollback": Case(
        lambda ws, said: serving(ws) == "1",
        stage="deployed",
        prepare=lambda home: production.ask("rollback", version="1", override="The other one answers too slowly."),
    ),
    "digest": Case(lambda ws, said: said["tell"] == []),
    "review": Case(
        lambda ws, said: not ws.ledger.incidents(), skipping("approve_setting", "apply_setting", "close_review")
    ),
    "label_studio": Case(lambda ws, said: said["labels"]["handed_out"] == 0),
    "rerun_pipeline": Case(
        lambda ws, said: [done.action for done in ws.ledger.actions()] == ["rerun_pipeline"],
        stage="watched",
        prepare=lambda home: production.delegated(home, "rerun_pipeline", upstream="deliver_orders"),
    ),
    "train_in_dag": Case(
        lambda ws, said: serving(ws) == "1",
        stage="watched",
        prepare=lambda home: production.delegated(home, "retrain", using="dag:train_orders"),
    ),
    "roll_back_in_dag": Case(
        lambda ws, said: [done.action for done in ws.ledger.actions()] == ["rollback"],
        stage="",
        prepare=production.logged_only,
    ),
}
OTHER_DAGS = {
    "rerun_pipeline": "deliver_orders",
    "train_in_dag": "train_orders",
    "roll_back_in_dag": "roll_orders_back",
    "scale_in_dag": "grow",
}
"""The DAGs of the team's own that an example triggers and waits for."""


def test_every_example_has_a_case() -> None:
    assert {path.stem for path in production.EXAMPLES.glob("*.py")} == set(CASES)


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Homes of the model: adopted, watched, with a challenger that passed the gate, and with it in service."""
    places = {
        name: tmp_path_factory.mktemp("stages") / "home" for name in ("adopted", "watched", "trained", "deployed")
    }
    steps = {
        "adopted": production.adopt,
        "watched": lambda home: production.watch(),
        "trained": lambda home: (home / "deployment").write_text(production.deployment().hash),
        "deployed": lambda home: production.carry_out(
            production.workspace().ledger.proposal((home / "deployment").read_text())
        ),
    }
    before: Path | None = None
    for name, step in steps.items():
        home = places[name]
        if before is None:
            home.mkdir()
        else:
            shutil.copytree(before, home, symlinks=True)
        with _living_in(home):
            step(home)
        before = home
    return places


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    server = Studio()
    Thread(target=server.serve_forever, daemon=True).start()
    connect(monkeypatch, server, "secret")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReplicaHook]:
    server = ReplicaHook()
    monkeypatch.setenv("EXAMPLE_HOOK", server.url)
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.usefixtures("studio", "hook")
@pytest.mark.parametrize("name", CASES)
def test_an_example_runs(name: str, stages: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    home = tmp_path / "home"
    shutil.copytree(stages[case.stage], home, symlinks=True) if case.stage else home.mkdir()
    with _living_in(home), ExitStack() as stack:
        from airflow.utils.db import initdb

        initdb()
        if case.stage:
            # The rows have moved along with the home.
            production.rewrite(home)
        proposal = case.prepare(home)
        conf = {"proposal_hash": proposal.hash, "incident_id": proposal.incident_id} if proposal else {}
        bundle = production.Bundle(tmp_path / "dags", name)
        if other := OTHER_DAGS.get(name):
            bundle.with_monitoring()
            confs = stack.enter_context(production.ending_runs_of(other))
        run = bundle.test(monkeypatch, conf=conf)
        tasks = run.get_task_instances()
        states = {task.task_id: str(task.state) for task in tasks}
        assert states == {task_id: "skipped" if task_id in case.skipped else "success" for task_id in states}
        assert case.proof(production.workspace(), {task.task_id: task.xcom_pull(task.task_id) for task in tasks})
        if other:
            assert len(confs) == 1
            assert confs[0]["proposal_hash" if name != "rerun_pipeline" else "incident_id"]


@pytest.mark.parametrize("name", CASES)
def test_an_example_is_read_by_airflow(name: str) -> None:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(production.EXAMPLES / f"{name}.py", bundle_path=production.EXAMPLES)
    assert not bag.import_errors
    dag = bag.dags[f"example_{name}"]
    assert dag.doc_md
    used = {type(task).__module__.rpartition(".")[2] for task in dag.tasks}
    assert name in used, "the example is of this operator"


def test_examples_that_decide_know_each_path(content: Path) -> None:
    from airflow.dag_processing.dagbag import DagBag

    from airmedic.dags.remediate import remediate
    from airmedic_core.spec import load_spec

    ours = remediate(load_spec(content / "models" / "alpha.yaml")).get_task("decide").branches
    for name in ("decide", "recommend"):
        bag = DagBag(production.EXAMPLES / f"{name}.py", bundle_path=production.EXAMPLES)
        assert set(bag.dags[f"example_{name}"].get_task("decide").branches) == set(ours)


def test_no_deployment_picks_the_examples_up() -> None:
    image = (production.ROOT / "Dockerfile").read_text(encoding="utf-8")
    compose = (production.ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
    wheel = tomllib.loads((production.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    assert "examples" not in image + compose + str(wheel["targets"]["wheel"])
    for folder in ("dags", "plugins", "include"):
        assert [path for path in (production.ROOT / folder).rglob("*.py") if 'DAG("example_' in path.read_text()] == []
