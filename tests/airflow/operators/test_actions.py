"""The operators that change something."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from airmedic_core.records import ActionResult
from tests.airflow.tasks import context_of, propose
from tests.core.board import install_board
from tests.core.packages import Install, install

__all__ = ["install"]

POLICIES = Path(__file__).parents[3] / "include" / "policies"


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
@pytest.mark.parametrize("name", ["rerun_pipeline.RerunPipelineOperator", "roll_back_in_dag.RollBackInDagOperator"])
def test_a_dag_of_the_teams_own_carries_out_no_action_of_another_path(name: str) -> None:
    from importlib import import_module

    from airflow.sdk.exceptions import AirflowFailException

    from airmedic.hooks.workspace import open_workspace

    module, _, name = name.partition(".")
    workspace = open_workspace("meter")
    proposal = propose(workspace, "retrain", {"window": name})
    operator = getattr(import_module(f"airmedic.operators.{module}"), name)(
        task_id="in_dag", model="meter", proposal_hash=proposal.hash, other_dag="ingest"
    )
    with pytest.raises(AirflowFailException, match=f"{name} does not carry out 'retrain', whose path is 'retrain'"):
        operator.order(workspace)
    assert not workspace.ledger.actions(incident_id=proposal.incident_id)


def test_a_task_is_ended_when_its_action_is_past_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from airmedic.operators.retrain import RetrainOperator
    from airmedic.operators.rollback import RollbackOperator
    from airmedic.operators.undo_deployment import UndoDeploymentOperator
    from airmedic_core.actions import ACTIONS

    proposal = {"model": "meter", "proposal_hash": "x"}
    assert RollbackOperator(task_id="a", **proposal).execution_timeout == timedelta(minutes=15)
    assert RetrainOperator(task_id="b", **proposal).execution_timeout == timedelta(hours=6)
    assert UndoDeploymentOperator(task_id="c", **proposal).execution_timeout == timedelta(minutes=15)
    for name in ("rollback", "end_trial"):
        monkeypatch.setattr(ACTIONS.member(name), "deadline_seconds", 60.0)
    assert RollbackOperator(task_id="d", **proposal).execution_timeout == timedelta(minutes=1)
    chosen = RollbackOperator(task_id="e", execution_timeout=timedelta(minutes=5), **proposal)
    assert chosen.execution_timeout == timedelta(minutes=5)


@pytest.mark.usefixtures("adopted")
def test_a_deployment_that_nobody_found_unhealthy_is_left_in_place() -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators.undo_deployment import UndoDeploymentOperator

    workspace = open_workspace("meter")
    proposal = propose(workspace, "deploy", {"version": "1", "gate": {"champion": "1"}})
    workspace.ledger.answer_proposal(proposal.hash, "approve", by="anna", at=proposal.created_at, channel="airflow")
    workspace.ledger.begin_action(proposal, {"champion": "1", "previous": None})
    workspace.ledger.finish_action(ActionResult(proposal.hash, "deploy", "done", "Version 1 serves.", 0.1, {}))
    marked = UndoDeploymentOperator(task_id="undo", model="meter", proposal_hash=proposal.hash)
    with pytest.raises(AirflowSkipException, match="Nothing speaks against the deployment"):
        marked.execute(context_of(marked))
    edited = context_of(marked)
    edited["ti"].pulled["watch_deployment", "health"] = {"status": "unhealthy"}
    with pytest.raises(AirflowSkipException, match="Nothing speaks against the deployment"):
        marked.execute(edited)
    workspace.ledger.record_watch(proposal.hash, "unhealthy", ["It does not load."])
    assert marked.execute(context_of(marked))["status"] == "undone"


def test_a_deployment_that_nobody_found_healthy_is_not_completed(adopted: Path) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators.complete_deployment import CompleteDeploymentOperator

    # Whether it may go on is asked again.
    (adopted / "policies").symlink_to(POLICIES)
    workspace = open_workspace("meter")
    proposal = propose(workspace, "deploy", {"version": "9", "gate": {"champion": "1"}})
    workspace.ledger.answer_proposal(proposal.hash, "approve", by="anna", at=proposal.created_at, channel="airflow")
    marked = CompleteDeploymentOperator(task_id="complete", model="meter", proposal_hash=proposal.hash)
    with pytest.raises(AirflowFailException, match="is unhealthy: Version 9 does not serve"):
        marked.execute(context_of(marked))
    workspace.ledger.record_watch(proposal.hash, "healthy", ["All is well."])
    with pytest.raises(AirflowFailException, match="was never carried out"):
        marked.execute(context_of(marked))
    workspace.ledger.begin_action(proposal, {"champion": "1", "previous": None})
    workspace.ledger.finish_action(ActionResult(proposal.hash, "deploy", "done", "Version 9 serves.", 0.1, {}))
    assert marked.execute(context_of(marked))["status"] == "done"
    rollback = propose(workspace, "rollback", {"version": "1", "from_version": "9"})
    workspace.ledger.record_watch(rollback.hash, "healthy", ["It is another one's."])
    other = CompleteDeploymentOperator(task_id="complete", model="meter", proposal_hash=rollback.hash)
    with pytest.raises(AirflowFailException, match="rollback is no deployment"):
        other.execute(context_of(other))


@pytest.mark.usefixtures("adopted")
def test_only_a_deployment_is_undone_by_its_operator() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators.undo_deployment import UndoDeploymentOperator

    proposal = propose(open_workspace("meter"), "rollback", {"version": "1", "from_version": "2"})
    open_workspace("meter").ledger.record_watch(proposal.hash, "unhealthy", ["It is another one's."])
    other = UndoDeploymentOperator(task_id="undo", model="meter", proposal_hash=proposal.hash)
    with pytest.raises(AirflowFailException, match="rollback is no deployment"):
        other.execute(context_of(other))


@pytest.mark.parametrize(("path", "of", "arrives"), [("board", "retrain", True), ("nowhere/board", "rollback", False)])
def test_a_hand_over_is_on_record_as_told_where_a_way_has_taken_it(
    adopted: Path, install: Install, tmp_path: Path, path: str, of: str, *, arrives: bool
) -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators.escalate import EscalateOperator
    from airmedic_core.actions import ACTIONS
    from airmedic_core.decide.propose import Allowance, record
    from airmedic_core.records import Permission

    (adopted / "policies").exists() or (adopted / "policies").symlink_to(POLICIES)
    install_board(install)
    spec = adopted / "models" / "meter.yaml"
    before = spec.read_text()
    try:
        spec.write_text(f"{before}\nnotify: {{board: {{path: {tmp_path / path}}}}}\n")
        workspace = open_workspace("meter")
        incident = workspace.ledger.incident(propose(workspace, of).incident_id)
        params, expected = ACTIONS.member("escalate").plan(workspace, incident, None)
        allowance, now = Allowance(Permission.AUTO, f"A test of {path}."), datetime.now(UTC)
        proposal = record(workspace, incident, "escalate", params, expected, allowance=allowance, now=now)
        escalates = EscalateOperator(task_id="escalate", model="meter", proposal_hash=proposal.hash)
        escalates.execute(context_of(escalates))
    finally:
        spec.write_text(before)
    assert workspace.ledger.actions(incident_id=incident.id)[-1].status == "done"
    assert (tmp_path / "board").exists() is arrives
    assert workspace.ledger.messages(proposal.hash) == ({"board": "sent"} if arrives else {})
