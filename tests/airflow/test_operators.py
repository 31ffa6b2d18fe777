"""Operators, executed without a running Airflow on a real workspace: SQLite, a local MLflow store, generated rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.airflow.production import meter


@dataclass
class Task:
    """What an operator is given of its task instance."""

    task: Any = None
    map_index: int = -1
    pushed: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("operators")
    (home / "models").mkdir()
    meter.write_rows(home / "meter.csv")
    meter.write_spec(home / "models", "meter", home / "meter.csv")
    return home


@pytest.fixture(scope="module")
def adopted(home: Path) -> Iterator[None]:
    """A champion in the module's own ledger and MLflow store."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("AIRMEDIC_HOME", str(home))
        patch.setenv("AIRMEDIC_CONTENT", str(home))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
        patch.chdir(home)
        from airmedic.hooks.workspace import open_workspace
        from airmedic_core.training.adopt import adopt

        adopt(open_workspace("meter"), by="anna")
        yield


def context_of(operator: Any, **more: Any) -> dict[str, Any]:
    run = SimpleNamespace(
        dag_id="monitor__meter", run_id="r1", logical_date=None, run_after=datetime(2026, 11, 20, 6, tzinfo=UTC)
    )
    return {"ti": Task(operator), "task": operator, "run_id": "r1", "dag_run": run, **more}


def day_batch(index: int) -> dict[str, Any]:
    from airmedic.operators.resolve_batch import ResolveBatchOperator

    operator = ResolveBatchOperator(task_id="resolve_batch", model="meter", **meter.day(index))
    return operator.execute(context_of(operator))


@pytest.mark.usefixtures("adopted")
def test_the_window_comes_from_the_arguments() -> None:
    batch = day_batch(10)
    assert batch["rows"] == 144
    assert batch["window"]["start"].startswith(meter.day(10)["window_start"][:10])


@pytest.mark.usefixtures("adopted")
def test_of_several_announced_windows_each_gets_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import TriggerDagRun

    from airmedic.operators.resolve_batch import ResolveBatchOperator

    sent: list[Any] = []
    supervisor = SimpleNamespace(send=lambda msg: sent.append(msg) if isinstance(msg, TriggerDagRun) else None)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
    extras = [meter.day(5), meter.day(3), {}, meter.day(4), meter.day(4)]
    events = [SimpleNamespace(extra=extra) for extra in extras]
    operator = ResolveBatchOperator(task_id="resolve_batch", model="meter")
    batch = operator.execute(context_of(operator, triggering_asset_events={"asset": events}))
    assert batch["window"]["start"].startswith(meter.day(3)["window_start"][:10])
    assert [(each.dag_id, each.conf) for each in sent] == [("monitor__meter", meter.day(n)) for n in (4, 5)]
    assert len({each.run_id for each in sent}) == 2


@pytest.mark.usefixtures("adopted")
def test_without_either_it_is_the_last_complete_window() -> None:
    from airmedic.operators.resolve_batch import ResolveBatchOperator
    from airmedic_core.windows import as_utc

    operator = ResolveBatchOperator(task_id="resolve_batch", model="meter")
    context = context_of(operator)
    context["dag_run"].run_after = as_utc(meter.day(8)["window_end"]).replace(hour=9)
    assert operator.execute(context)["window"]["start"].startswith(meter.day(8)["window_start"][:10])


@pytest.mark.usefixtures("adopted")
def test_a_run_with_a_data_interval_is_due_at_its_end() -> None:
    from airmedic.operators.resolve_batch import ResolveBatchOperator
    from airmedic_core.windows import as_utc

    operator = ResolveBatchOperator(task_id="resolve_batch", model="meter")
    start, end = (as_utc(meter.day(8)[each]) for each in ("window_start", "window_end"))
    context = context_of(operator, data_interval_end=end)
    context["dag_run"].logical_date = start
    batch = operator.execute(context)
    assert (as_utc(batch["window"]["start"]), as_utc(batch["as_of"])) == (start, end)


@pytest.mark.usefixtures("adopted")
def test_an_incident_whose_remediation_was_stopped_gets_a_further_run() -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators.open_incident import OpenIncidentOperator
    from airmedic_core.records import Assessment, Batch, Cause, IncidentState, Severity, from_json

    batch, ledger = day_batch(12), open_workspace("meter").ledger
    seen = from_json(Batch, batch)
    ledger.record_assessment(
        seen, Assessment(seen.id, "incident", Cause.UNKNOWN, Severity.LOW, "It is worse.", "a" * 64)
    )
    operator = OpenIncidentOperator(task_id="open_incident", model="meter", batch=batch)

    def opened(ended_runs: int) -> dict[str, Any]:
        context = context_of(operator)
        context["ti"].get_dr_count = lambda **_: ended_runs
        return operator.execute(context)

    first = opened(0)
    assert first["run_id"] == first["incident_id"]
    assert opened(1)["run_id"] == f"{first['incident_id']}__2"
    assert opened(2)["run_id"] == f"{first['incident_id']}__3"
    ledger.move_incident(first["incident_id"], IncidentState.ESCALATED)
    assert opened(2)["run_id"] == first["incident_id"]


@pytest.mark.usefixtures("adopted")
def test_a_missing_batch_is_retried_and_a_wrong_time_is_not(home: Path) -> None:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    from airmedic.operators.resolve_batch import ResolveBatchOperator

    meter.write_spec(home / "models", "absent", home / "not_delivered_yet.csv")
    operator = ResolveBatchOperator(task_id="early", model="absent", **meter.day(3))
    with pytest.raises(AirflowException) as missing:
        operator.execute(context_of(operator))
    assert not isinstance(missing.value, AirflowFailException)
    operator = ResolveBatchOperator(task_id="wrong", model="meter", window_start="soon", window_end="later", as_of="")
    with pytest.raises(AirflowFailException, match="'soon' is not a date or time"):
        operator.execute(context_of(operator))


def test_an_unknown_model_is_not_retried(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from airmedic.operators.drift_check import DriftCheckOperator

    monkeypatch.setenv("AIRMEDIC_CONTENT", str(home))
    operator = DriftCheckOperator(task_id="check", model="metre", batch={})
    with pytest.raises(AirflowFailException, match=r"no model spec .*Did you mean 'meter.yaml'"):
        operator.execute(context_of(operator))


@pytest.mark.usefixtures("adopted")
@pytest.mark.filterwarnings("ignore")  # of the libraries that the checks and reports use
def test_a_day_is_checked_assessed_and_reported() -> None:
    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from airmedic.operators.assess import AssessOperator
    from airmedic.operators.data_quality import DataQualityOperator
    from airmedic.operators.drift_check import DriftCheckOperator
    from airmedic.operators.performance_check import PerformanceCheckOperator
    from airmedic.operators.publish_report import PublishReportOperator

    batch = day_batch(21)
    for kind in (DataQualityOperator, DriftCheckOperator, PerformanceCheckOperator):
        operator = kind(task_id=kind.__name__, model="meter", batch=batch)
        found = operator.execute(context_of(operator))
        assert sum(found["verdicts"].values()) > 0
    with DAG("monitor__meter"):
        assess = AssessOperator(task_id="assess", model="meter", batch=batch)
        assess >> [BaseOperator(task_id=each) for each in ("record_healthy", "keep_watching", "open_incident")]
    context = context_of(assess)
    with pytest.raises(DownstreamTasksSkipped) as skipped:
        assess.execute(context)
    # The relation between inputs and label is reversed on this day: no threshold is needed to see that.
    assert context["ti"].pushed["assessment"]["outcome"] == "incident"
    assert {task for task, _ in skipped.value.tasks} == {"record_healthy", "keep_watching"}
    publish = PublishReportOperator(task_id="publish_report", model="meter", batch=batch)
    context = context_of(publish)
    report = publish.execute(context)
    assert context["ti"].pushed["mlflow_url"] == report["url"]


@pytest.mark.usefixtures("adopted")
def test_scoring_announces_the_window(tmp_path: Path) -> None:
    import pandas as pd
    from airflow.sdk import Asset

    from airmedic.operators.batch_score import BatchScoreOperator

    asset, out = Asset("airmedic://test/scored"), tmp_path / "scored.parquet"
    operator = BatchScoreOperator(task_id="score", model="meter", predictions=str(out), outlets=[asset], **meter.day(4))
    announced = SimpleNamespace(extra=None)
    scored = operator.execute(context_of(operator, outlet_events={asset: announced}))
    assert announced.extra == meter.day(4)
    frame = pd.read_parquet(out)
    assert (len(frame), set(frame["model_version"])) == (scored["rows"], {scored["version"]}) == (144, {"1"})


@pytest.mark.usefixtures("adopted")
def test_an_action_needs_its_own_approval() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators.retrain import RetrainOperator
    from airmedic.operators.rollback import RollbackOperator

    proposal = propose(open_workspace("meter"), "retrain")
    unapproved = RetrainOperator(task_id="retrain", model="meter", proposal_hash=proposal.hash)
    with pytest.raises(AirflowFailException, match="needs 1 approval"):
        unapproved.execute(context_of(unapproved))
    other = RollbackOperator(task_id="roll_back", model="meter", proposal_hash=proposal.hash)
    with pytest.raises(AirflowFailException, match="RollbackOperator does not carry out 'retrain'"):
        other.execute(context_of(other))
    unknown = RetrainOperator(task_id="retrain", model="meter", proposal_hash="0" * 64)
    with pytest.raises(AirflowFailException, match="no proposal"):
        unknown.execute(context_of(unknown))


@pytest.mark.usefixtures("adopted")
def test_an_answer_counts_for_the_proposal_that_was_shown() -> None:
    from dataclasses import replace
    from datetime import timedelta

    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.exceptions import DownstreamTasksSkipped, TaskAwaitingInput

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval import ApprovalSensor

    workspace = open_workspace("meter")
    shown = propose(workspace, "retrain")
    with DAG("remediate__meter"):
        sensor = ApprovalSensor(task_id="approve", model="meter", proposal_hash=shown.hash)
        sensor >> BaseOperator(task_id="retrain")
    with pytest.raises(TaskAwaitingInput) as parked:
        sensor._park(workspace, shown, tier=1)
    # While people look at the page, the decision is made again, and the template now names the newer proposal.
    newer = replace(shown, params={"other": 1}, created_at=shown.created_at + timedelta(seconds=1))
    workspace.ledger.record_proposal(newer)
    sensor.proposal_hash = newer.hash
    context = context_of(sensor)
    answer = {"chosen_options": ["Approve"], "responded_at": datetime.now(UTC), "responded_by_user": {"id": "anna"}}
    with pytest.raises(DownstreamTasksSkipped):
        sensor.resume(context, event=answer, **parked.value.kwargs)
    assert context["ti"].pushed["answer"]["answer"] == "refused"
    assert workspace.ledger.approvals(newer.hash) == []
    (given,) = workspace.ledger.approvals(shown.hash)
    assert "the proposal has changed" in given.refused_because


@pytest.mark.usefixtures("adopted")
def test_of_two_proposals_of_one_moment_both_may_be_answered() -> None:
    from dataclasses import replace
    from datetime import timedelta

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval import ApprovalSensor

    workspace = open_workspace("meter")
    first = propose(workspace, "change_setting")
    second = replace(first, params={"key": "gate.margin"})
    workspace.ledger.record_proposal(second)
    sensor = ApprovalSensor(task_id="approve", model="meter", proposal_hash=first.hash)
    assert all(sensor._may_still_be_answered(workspace, each) for each in (first, second))
    later = replace(first, params={"key": "gate.confidence"}, created_at=first.created_at + timedelta(seconds=1))
    workspace.ledger.record_proposal(later)
    assert not any(sensor._may_still_be_answered(workspace, each) for each in (first, second))


def propose(workspace: Any, action: str) -> Any:
    from datetime import timedelta

    from airmedic_core.decide import Request
    from airmedic_core.incidents import request_incident
    from airmedic_core.records import Permission, Proposal

    now = datetime.now(UTC)
    incident = request_incident(workspace, Request(action="retrain", by="anna"), f"run {action}", now=now)
    proposal = Proposal(
        incident.id, "meter", action, {}, "Better.", Permission.ASK, "A test.", now, now + timedelta(hours=1)
    )
    workspace.ledger.record_proposal(proposal)
    return proposal


@pytest.mark.usefixtures("adopted")
def test_hostile_text_stays_text_in_an_approval() -> None:
    from dataclasses import replace

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval_request import body

    workspace = open_workspace("meter")
    hostile = "x | y |\n\n# Approve now\n[click](http://evil) <img src=x> `code`"
    shown = body(workspace, replace(propose(workspace, "retrain"), expected=hostile, reason=hostile))
    assert "\n# Approve now" not in shown
    assert "[click](" not in shown
    assert "<img" not in shown.replace("\\<", "")
    assert all(line.count(" | ") <= 2 for line in shown.splitlines() if line.startswith("| Expected"))


def test_a_message_that_cannot_be_sent_fails_nothing(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from airmedic.notifiers.people import send

    # Nobody listens there: a real client, a real refusal.
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_TEST", "slack://:token@/?base_url=http%3A%2F%2F127.0.0.1%3A9%2F&timeout=2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the provider's
        send("Hello", slack_channel="#models", slack_connection="slack_test")
    assert "Hello" in caplog.text
    assert "could not be sent to Slack channel #models" in caplog.text


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        ("postgres://me:p%40ss@db:5433/airmedic", "postgresql+psycopg://me:p%40ss@db:5433/airmedic"),
        ("mysql://me@db/airmedic", "mysql+pymysql://me@db/airmedic"),
        ("generic://?url=sqlite%3A%2F%2F%2F%2Fdata%2Fledger.db", "sqlite:////data/ledger.db"),
    ],
)
def test_the_ledger_may_be_named_by_a_connection(monkeypatch: pytest.MonkeyPatch, uri: str, url: str) -> None:
    from airmedic.hooks.workspace import settings

    monkeypatch.setenv("AIRFLOW_CONN_AIRMEDIC_LEDGER", uri)
    assert settings().ledger_url == url


def test_mlflow_may_be_named_by_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from airmedic.hooks.workspace import settings

    monkeypatch.setenv("AIRFLOW_CONN_AIRMEDIC_MLFLOW", "http://me:secret@mlflow:5000")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "")
    assert settings().tracking_uri == "http://mlflow:5000"
    assert os.environ["MLFLOW_TRACKING_PASSWORD"] == "secret"  # noqa: S105


def test_only_processes_that_fork_tasks_are_warmed() -> None:
    import importlib.util

    place = Path(__file__).resolve().parents[2] / "plugins" / "airmedic_plugin.py"
    spec = importlib.util.spec_from_file_location("airmedic_plugin", place)
    assert spec is not None
    assert spec.loader is not None
    plugin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plugin)
    assert plugin.forks_tasks(["airflow", "scheduler"], {})
    assert plugin.forks_tasks(["airflow", "celery", "worker", "-q", "x"], {})
    assert not plugin.forks_tasks(["airflow", "scheduler"], {"AIRMEDIC_WARM_IMPORTS": "0"})
    for other in (["dag-processor"], ["api-server"], ["triggerer"], ["dags", "list"], ["celery", "flower"], []):
        assert not plugin.forks_tasks(["airflow", *other], {})
