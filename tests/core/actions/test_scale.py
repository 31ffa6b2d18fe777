"""More capacity, asked of a real hook on loopback: within bounds, read back, and put back where it answers wrongly."""

from collections.abc import Iterator
from dataclasses import replace
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
from airmedic_core.spec import ScaleSection
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


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


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


def test_a_hook_that_does_something_else_is_told_nothing_more(tmp_path: Path, hook: ReplicaHook) -> None:
    ws = opened(tmp_path, url=hook.url)
    proposal = asked(ws)
    hook.adds = True
    with pytest.raises(TargetError, match="was told 3 replicas, and answers 5"):
        carry_out(ws, proposal.hash, now=NOW)
    stands = ws.ledger.actions(incident_id=proposal.incident_id)[-1]
    assert stands.status == "failed"
    assert "5 replicas serve, not 3: somebody has changed it since, and it is left as it is." in stands.summary
    assert (hook.replicas, len(hook.told)) == (5, 1)


@pytest.mark.parametrize(("afterwards", "status"), [(1, "undone"), (3, "done"), (4, "done")])
def test_what_the_hook_says_afterwards_counts(
    tmp_path: Path, hook: ReplicaHook, monkeypatch: Any, afterwards: int, status: str
) -> None:
    ws = opened(tmp_path, url=hook.url)
    proposal = asked(ws)
    real = type(SCALE).apply

    def changes(*told: Any) -> Any:
        output = real(*told)
        hook.replicas = afterwards
        return output

    monkeypatch.setattr(type(SCALE), "apply", changes)
    result = carry_out(ws, proposal.hash, now=NOW)
    assert (result.status, hook.replicas) == (status, afterwards)
    assert ("1 replicas serve, not 3" in result.summary) == (status == "undone")


def test_what_somebody_has_changed_since_is_not_undone(tmp_path: Path, hook: ReplicaHook) -> None:
    ws = opened(tmp_path, url=hook.url)
    proposal = asked(ws)
    carry_out(ws, proposal.hash, now=NOW)
    hook.replicas = 4
    assert "4 replicas serve, not 3: somebody has changed it since" in undo(ws, proposal.hash, now=NOW).summary
    assert (hook.replicas, len(hook.told)) == (4, 1)


@pytest.mark.parametrize("meanwhile", [3, 4])
def test_one_that_is_gone_on_with_looks_before_it_tells(
    tmp_path: Path, hook: ReplicaHook, monkeypatch: pytest.MonkeyPatch, meanwhile: int
) -> None:
    ws = opened(tmp_path, url=hook.url)
    proposal = asked(ws)
    with monkeypatch.context() as dying:
        dying.setattr(Ledger, "finish_action", killed)
        with pytest.raises(KeyboardInterrupt):
            carry_out(ws, proposal.hash, now=NOW)
    hook.replicas = meanwhile
    if meanwhile == 3:
        assert carry_out(ws, proposal.hash, now=NOW).status == "done"
    else:
        with pytest.raises(ActionError, match="4 replicas serve already, more than 3"):
            carry_out(ws, proposal.hash, now=NOW)
        assert ws.ledger.actions(incident_id=proposal.incident_id)[-1].status == "failed"
    assert (hook.replicas, len(hook.told)) == (meanwhile, 1)


@pytest.mark.parametrize("change", [{"query": "payments"}, {"token_variable": "HOME"}, {"most": 2}])
@pytest.mark.parametrize("when", ["before", "while", "after"])
def test_only_what_was_approved_is_reached(
    tmp_path: Path, hook: ReplicaHook, monkeypatch: pytest.MonkeyPatch, when: str, change: dict[str, Any]
) -> None:
    was = {"url": f"{hook.url}?deployment=churn-staging", "least": 2}
    ws = opened(tmp_path, **was)
    proposal = asked(ws)
    assert proposal.params["hook"] == hook.url
    if when == "while":
        with monkeypatch.context() as dying:
            dying.setattr(type(SCALE), "apply", killed)
            with pytest.raises(KeyboardInterrupt):
                carry_out(ws, proposal.hash, now=NOW)
    elif when == "after":
        carry_out(ws, proposal.hash, now=NOW)
    told, answered = len(hook.told), len(hook.headers)
    section = was | ({"url": f"{hook.url}?deployment=payments"} if "query" in change else change)
    changed = replace(ws, spec=ws.spec.model_copy(update={"scale": ScaleSection.model_validate(section)}))
    if when == "after":
        if "most" in change:
            # The number before is within the new bounds.
            assert undo(changed, proposal.hash, now=NOW).summary.endswith("2 replicas are to serve again.")
            return
        assert "The spec names another hook now. The replicas are left" in undo(changed, proposal.hash, now=NOW).summary
    else:
        with pytest.raises(ActionError, match=r"The spec names another hook now|The spec allows 2 to 2 replicas now"):
            carry_out(changed, proposal.hash, now=NOW)
    assert len(hook.told) == told
    assert len(hook.headers) == answered or "most" in change


@pytest.mark.parametrize("change", [{"least": 2}, {"most": 8}, {"undo_dag": ""}, {"step": 1}])
def test_a_dag_is_asked_for_what_the_spec_still_says_only(tmp_path: Path, change: dict[str, Any]) -> None:
    was = {"dag": "grow", "undo_dag": "shrink", "step": 2}
    ws = opened(tmp_path, **was)
    proposal = asked(ws)
    spec = ws.spec.model_copy(update={"scale": ScaleSection.model_validate(was | change)})
    with pytest.raises(ActionError, match="The spec says something else of scaling now"):
        carry_out(replace(ws, spec=spec), proposal.hash, now=NOW)


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

    with monkeypatch.context() as dying:
        dying.setattr(Ledger, "finish_action", killed)
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
