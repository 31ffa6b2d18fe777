"""More capacity, asked of a real hook on loopback: within bounds, read back, and put back where it answers wrongly."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airmedic.testing.production import NOW, approved, incident_of, renewals, workspace
from airmedic_core.actions import ACTIONS
from airmedic_core.decide import Request, decide
from airmedic_core.errors import ActionError, SpecError, TargetError, TargetUnavailableError
from airmedic_core.execution import carry_out, undo
from airmedic_core.incident_lifecycle import close_incident
from airmedic_core.ledger import Ledger
from airmedic_core.records import (
    Cause,
    Diagnosis,
    IncidentState,
    Proposal,
    RankedCause,
    RecommendedAction,
    Severity,
)
from airmedic_core.workspace import Workspace
from tests.core.replica_hook import ReplicaHook

SCALE = ACTIONS.member("scale")


@pytest.fixture
def hook() -> Iterator[ReplicaHook]:
    server = ReplicaHook()
    yield server
    server.shutdown()
    server.server_close()


def opened(folder: Path, **scale: Any) -> Workspace:
    (folder / "policies").mkdir()
    (folder / "policies" / "default.yaml").write_text("permissions: [{actions: [scale], permission: ask}]")
    return workspace(folder, renewals(days=5), scale=scale)


def asked(ws: Workspace) -> Proposal:
    incident = incident_of(ws, 3, Cause.LATENCY_REGRESSION)
    return approved(ws, incident, "scale", SCALE.plan(ws, incident, None)[0])


def test_slow_predictions_are_asked_about_carried_out_and_read_back(tmp_path: Path, hook: ReplicaHook) -> None:
    ws = opened(tmp_path, url=hook.url, step=2)
    incident = incident_of(ws, 3, Cause.LATENCY_REGRESSION)
    ranked = (RankedCause(Cause.LATENCY_REGRESSION, 0.9),)
    hand_over = (RecommendedAction("escalate", 1, "Serving needs more capacity."),)
    slow = Diagnosis(incident.id, "rules", ranked, Severity.MEDIUM, "It is slow.", hand_over, "0" * 64)
    ws.ledger.record_diagnosis(slow, stands=True)
    decision = decide(ws, incident.id, Request(), now=NOW)
    assert decision.proposal is not None
    assert (decision.path, decision.proposal.action) == ("scale", "scale")
    assert list(SCALE.changes(decision.proposal)) == ["4 replicas serve, where 2 do now."]
    assert hook.told == []
    ws.ledger.answer_proposal(decision.proposal.hash, "approve", by="ada", at=NOW, channel="airflow")
    assert carry_out(ws, decision.proposal.hash, now=NOW).status == "done"
    assert hook.told == [{"model": "renewals", "replicas": 4}]
    assert close_incident(ws, incident.id, now=NOW).state is IncidentState.RESOLVED
    assert undo(ws, decision.proposal.hash, now=NOW).summary.endswith("2 replicas are to serve again.")
    assert hook.replicas == 2


def test_nothing_goes_beyond_the_bounds_of_the_spec(tmp_path: Path, hook: ReplicaHook) -> None:
    ws = opened(tmp_path, url=hook.url, step=5, most=4)
    incident = incident_of(ws, 3, Cause.LATENCY_REGRESSION)
    assert SCALE.plan(ws, incident, None)[0]["replicas"] == 4
    hook.replicas = 4
    with pytest.raises(ActionError, match="4 replicas serve 'renewals', and the spec allows 4"):
        SCALE.plan(ws, incident, None)
    hook.replicas = 2
    tampered = approved(ws, incident, "scale", SCALE.plan(ws, incident, None)[0] | {"replicas": 400})
    with pytest.raises(ActionError, match="allows 1 to 4 replicas now, not 400"):
        carry_out(ws, tampered.hash, now=NOW)
    assert hook.told == []


def test_a_hook_that_does_something_else_is_put_back(tmp_path: Path, hook: ReplicaHook) -> None:
    ws = opened(tmp_path, url=hook.url)
    proposal = asked(ws)
    hook.adds = True
    # Told 2 to undo it, it adds once more.
    with pytest.raises(TargetError, match="was told 2 replicas, and answers 7"):
        carry_out(ws, proposal.hash, now=NOW)
    stands = ws.ledger.actions(incident_id=proposal.incident_id)[-1]
    assert (stands.status, "was told 3 replicas, and answers 5" in stands.summary) == ("taking_back", True)
    hook.adds = False
    with pytest.raises(ActionError, match="2 replicas are to serve again"):
        carry_out(ws, proposal.hash, now=NOW)
    assert hook.replicas == 2
    assert ws.ledger.actions(incident_id=proposal.incident_id)[-1].status == "failed"


def test_what_the_hook_says_afterwards_counts(tmp_path: Path, hook: ReplicaHook, monkeypatch: Any) -> None:
    ws = opened(tmp_path, url=hook.url)
    proposal = asked(ws)
    real = type(SCALE).apply

    def loses(*told: Any) -> Any:
        output = real(*told)
        hook.replicas = 1
        return output

    monkeypatch.setattr(type(SCALE), "apply", loses)
    result = carry_out(ws, proposal.hash, now=NOW)
    assert result.status == "undone"
    assert "1 replicas serve, not 3" in result.summary
    assert hook.replicas == 2


@pytest.mark.parametrize("says", [{}, {"replicas": "3"}, {"replicas": True}, {"replicas": -1}, {"replicas": 10**9}])
def test_an_answer_that_is_no_number_of_replicas_is_told(tmp_path: Path, hook: ReplicaHook, says: Any) -> None:
    ws = opened(tmp_path, url=hook.url)
    hook.says = says
    with pytest.raises(TargetError, match="replicas"):
        SCALE.plan(ws, incident_of(ws, 3, Cause.LATENCY_REGRESSION), None)


def test_a_hook_that_is_slow_is_gone_on_with(tmp_path: Path, hook: ReplicaHook) -> None:
    ws = opened(tmp_path, url=hook.url, timeout_seconds=0.2)
    proposal = asked(ws)
    hook.silent.set()
    with pytest.raises(TargetUnavailableError, match=r"does not answer within 0\.2 s"):
        carry_out(ws, proposal.hash, now=NOW)
    assert ws.ledger.actions(incident_id=proposal.incident_id)[-1].status == "running"
    hook.silent.clear()
    # It was told before, and is told the same again: 3 replicas, not 4.
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"
    assert hook.replicas == 3
    ws.ledger.verify_audit()


def test_a_hook_that_refuses_leaves_everything_as_it_was(tmp_path: Path, hook: ReplicaHook) -> None:
    ws = opened(tmp_path, url=hook.url)
    proposal = asked(ws)
    hook.status = 403
    with pytest.raises(TargetError, match="answers 403"):
        carry_out(ws, proposal.hash, now=NOW)
    assert ws.ledger.actions(incident_id=proposal.incident_id)[-1].status == "failed"
    assert hook.replicas == 2


def test_a_process_that_dies_after_telling_the_hook_is_gone_on_with(
    tmp_path: Path, hook: ReplicaHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = opened(tmp_path, url=hook.url)
    proposal = asked(ws)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(Ledger, "finish_action", die)
        with pytest.raises(KeyboardInterrupt):
            carry_out(ws, proposal.hash, now=NOW)
    assert hook.replicas == 3
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"
    assert hook.replicas == 3
    assert undo(ws, proposal.hash, now=NOW).status == "undone"
    assert hook.replicas == 2


def test_the_token_is_sent_and_kept_out_of_the_proposal(
    tmp_path: Path, hook: ReplicaHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = "SCALE_TOKEN"
    ws = opened(tmp_path, url=f"{hook.url}?key=secret", token_variable=variable)
    with pytest.raises(TargetError, match="SCALE_TOKEN is not set"):
        SCALE.plan(ws, incident_of(ws, 3, Cause.LATENCY_REGRESSION), None)
    monkeypatch.setenv(variable, "a-token")
    params, _ = SCALE.plan(ws, incident_of(ws, 3, Cause.LATENCY_REGRESSION), None)
    assert hook.headers == ["Bearer a-token"]
    assert "secret" not in str(params)


def test_a_dag_is_asked_within_the_bounds_and_undone_by_its_own(tmp_path: Path) -> None:
    ws = opened(tmp_path, dag="grow", undo_dag="shrink", step=2)
    proposal = asked(ws)
    assert proposal.params == {"dag_id": "grow", "undo_dag": "shrink", "add": 2, "least": 1, "most": 4}
    assert SCALE.background(proposal) == ["If the DAG fails, shrink takes back what it did."]
    assert carry_out(ws, proposal.hash, now=NOW).summary == "grow is asked to add 2 replica(s)."
    assert undo(ws, proposal.hash, now=NOW).summary == "It is left to the DAG shrink to take it back."


def test_a_spec_that_says_nothing_of_it_is_not_scaled(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals(days=5))
    with pytest.raises(ActionError, match="Set scale in the spec"):
        SCALE.plan(ws, incident_of(ws, 3, Cause.LATENCY_REGRESSION), None)


@pytest.mark.parametrize(
    ("scale", "told"),
    [
        ({}, "and not both"),
        ({"url": "http://a", "dag": "b"}, "and not both"),
        ({"url": "ftp://a"}, "begin it with http"),
        ({"url": "http://a", "undo_dag": "b"}, "takes back what scale.dag has done"),
        ({"dag": "b", "least": 5}, "least .5. is more than most .4."),
    ],
)
def test_a_section_that_cannot_be_meant_is_refused(tmp_path: Path, scale: Any, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        workspace(tmp_path, renewals(days=5), scale=scale)
