"""The question what becomes of a version that is tried: three answers, and the record of exactly the chosen one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.airflow.tasks import context_of, propose

BRANCHES = {"promote": "promote_version", "end": "stop_trying", "go_on": "watch_further"}


@pytest.fixture
def asked(adopted: Any) -> tuple[Any, Any, Any]:
    """Return the workspace and the two proposals of one moment: to end the trial, and to promote the version."""
    return both()


def both(permission: Any = None) -> tuple[Any, Any, Any]:
    """Return what ``asked`` does, with a permission in place of the usual one."""
    from dataclasses import replace

    from airmedic.hooks.workspace import open_workspace

    workspace = open_workspace("meter")
    params = {"version": "2", "champion": "1", "deployment": uuid4().hex, "kind": "split", "serving": "1"}
    ending = propose(workspace, "end_trial", params)
    if permission is not None:
        ending = replace(ending, permission=permission, created_at=ending.created_at + timedelta(microseconds=1))
        workspace.ledger.record_proposal(ending)
    promotion = replace(ending, action="promote_trial", params={name: params[name] for name in list(params)[:3]})
    workspace.ledger.record_proposal(promotion)
    return workspace, ending, promotion


class Memory(dict[str, Any]):
    """What Airflow remembers of a task from one try to the next."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


def question(ending: Any, promotion: Any) -> Any:
    from airflow.sdk import DAG, BaseOperator

    from airmedic.sensors.trial_question import TrialQuestionSensor

    with DAG("remediate__meter"):
        sensor = TrialQuestionSensor(
            task_id="decide_on_trial",
            model="meter",
            proposal_hash=ending.hash,
            promotion_hash=promotion.hash,
            branches=BRANCHES,
        )
        sensor >> [BaseOperator(task_id=task_id) for task_id in BRANCHES.values()]
    return sensor


def answered(workspace: Any, proposal: Any) -> list[tuple[str, str]]:
    return [
        (given.answer, given.by) for given in workspace.ledger.approvals(proposal.hash) if not given.refused_because
    ]


@pytest.mark.parametrize(
    ("option", "follows", "of_ending", "of_promotion"),
    [
        ("Promote", "promote_version", "reject", "approve"),
        ("End the trial", "stop_trying", "approve", "reject"),
        ("Go on", "watch_further", "reject", "reject"),
    ],
)
def test_each_answer_has_its_way_and_approves_exactly_what_was_chosen(
    asked: tuple[Any, Any, Any], option: str, follows: str, of_ending: str, of_promotion: str
) -> None:
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    workspace, ending, promotion = asked
    sensor = question(ending, promotion)
    context = context_of(sensor)
    event = {"chosen_options": [option], "responded_at": datetime.now(UTC), "responded_by_user": {"id": "boris"}}
    with pytest.raises(DownstreamTasksSkipped) as caught:
        sensor.resume(context, tier=1, event=event, asked=ending.hash)
    skipped = {str(task[0] if isinstance(task, tuple) else task) for task in caught.value.tasks}
    assert skipped == set(BRANCHES.values()) - {follows}
    assert answered(workspace, ending) == [(of_ending, "boris")]
    assert answered(workspace, promotion) == [(of_promotion, "boris")]
    chosen = promotion if option == "Promote" else ending
    assert context["ti"].pushed["proposal_hash"] == chosen.hash
    # A task that is retried finds the answer.
    retried = question(ending, promotion)
    with pytest.raises(DownstreamTasksSkipped) as caught:
        retried.execute(context_of(retried))
    assert {str(task[0] if isinstance(task, tuple) else task) for task in caught.value.tasks} == skipped
    assert answered(workspace, promotion) == [(of_promotion, "boris")]


def test_an_answer_of_somebody_who_may_not_answer_leaves_the_question(
    asked: tuple[Any, Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from airmedic.sensors.approval import ApprovalSensor

    workspace, ending, promotion = asked
    sensor = question(ending, promotion)
    again: list[str] = []
    monkeypatch.setattr(ApprovalSensor, "_ask", lambda *_: again.append("asked") or {})
    monkeypatch.setattr(ApprovalSensor, "_park", lambda *_: "parked")
    event = {"chosen_options": ["Promote"], "responded_at": datetime.now(UTC), "responded_by_user": {"id": "otto"}}
    assert sensor.resume(context_of(sensor), tier=1, event=event, asked=ending.hash) == "parked"
    assert (again, answered(workspace, promotion), answered(workspace, ending)) == (["asked"], [], [])
    # The page shows the same question, and somebody else ends the trial.
    ends = {
        "chosen_options": ["End the trial"],
        "responded_at": datetime.now(UTC),
        "responded_by_user": {"id": "boris"},
    }
    with pytest.raises(DownstreamTasksSkipped):
        sensor.resume(context_of(sensor), tier=1, event=ends, asked=promotion.hash)
    assert (answered(workspace, ending), answered(workspace, promotion)) == (
        [("approve", "boris")],
        [("reject", "boris")],
    )


def test_a_question_that_one_of_two_has_answered_is_asked_again_and_ends_whole(
    adopted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from airmedic.sensors.approval import ApprovalSensor
    from airmedic_core.records import NOBODY, Permission

    workspace, ending, promotion = both(Permission.ASK_TWO)
    shown: list[str] = []
    monkeypatch.setattr(ApprovalSensor, "_ask", lambda self, *_: shown.append(self.proposal_hash) or {})
    monkeypatch.setattr(ApprovalSensor, "_park", lambda *_: "parked")
    sensor = question(ending, promotion)
    # Airflow's memory of a task, which a retry shares.
    context = context_of(sensor, task_state_store=Memory())
    assert sensor.execute(context) == "parked"
    event = {"chosen_options": ["Promote"], "responded_at": datetime.now(UTC), "responded_by_user": {"id": "boris"}}
    assert sensor.resume(context, tier=1, event=event, asked=ending.hash) == "parked"
    assert answered(workspace, promotion) == [("approve", "boris")]
    # A retry of the same task, whose page was first shown with the hash of the ending.
    retried = question(ending, promotion)
    assert retried.execute(context) == "parked"
    assert shown == [ending.hash, promotion.hash, ending.hash]
    with pytest.raises(DownstreamTasksSkipped):
        retried.resume(context, tier=2, event={"error_type": "timeout", "error": ""}, asked=promotion.hash)
    assert answered(workspace, promotion) == [("approve", "boris"), ("reject", NOBODY)]
    assert answered(workspace, ending) == [("reject", NOBODY)]


def test_messages_name_the_question_that_was_asked(
    asked: tuple[Any, Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from airmedic.sensors.approval import ApprovalSensor

    workspace, ending, promotion = asked
    sensor = question(ending, promotion)
    subject = sensor._question(workspace, ending)[0]
    headlines: list[str] = []
    monkeypatch.setattr(
        "airmedic.sensors.approval.tell", lambda _, headline, *more, **about: headlines.append(headline)
    )
    monkeypatch.setattr("airmedic.sensors.approval.question_url", lambda _: "http://localhost/question")
    monkeypatch.setattr(ApprovalSensor, "_park", lambda *_: "parked")
    overdue = {"error_type": "timeout"}
    assert sensor.resume(context_of(sensor), tier=1, event=overdue, asked=ending.hash) == "parked"
    event = {"chosen_options": ["Go on"], "responded_at": datetime.now(UTC), "responded_by_user": {"id": "boris"}}
    with pytest.raises(DownstreamTasksSkipped):
        sensor.resume(context_of(sensor), tier=2, event=event, asked=ending.hash)
    assert headlines == [f"Still waiting: {subject}", f"boris answered “Go on” to “{subject}”"]


@pytest.mark.usefixtures("adopted")
def test_people_see_how_many_have_to_approve_each_of_two_and_what_speaks_against_either() -> None:
    from dataclasses import replace

    from airmedic_core.actions import infinitive
    from airmedic_core.records import Permission

    workspace, ending, promotion = both(Permission.ASK)
    promotion = replace(promotion, permission=Permission.ASK_TWO, changed="It serves longer than it was asked about.")
    workspace.ledger.record_proposal(promotion)
    _, body = question(ending, promotion)._question(workspace, ending)
    who = {
        line.split("**")[1]: line.split(". ")[-1]
        for line in body.splitlines()
        if line.startswith("- **Who may answer, to ")
    }

    assert who == {
        f"Who may answer, to {infinitive('promote_trial')}:": "Two different people have to approve.",
        f"Who may answer, to {infinitive('end_trial')}:": "One approval is enough.",
    }
    assert "\n## It serves longer than it was asked about.\n" in body
    assert body.count("**Why this:**") == 1, "what is the same for both is said once"


def test_people_see_what_follows_from_each_answer(asked: tuple[Any, Any, Any]) -> None:
    workspace, ending, promotion = asked
    subject, body = question(ending, promotion)._question(workspace, ending)
    assert subject.startswith("Version 2 of ")
    for told in ("- **Promote:** ", "- **End the trial:** ", "- **Go on:** ", promotion.hash, ending.hash):
        assert told in body
