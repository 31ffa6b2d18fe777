"""The sensor that asks people, and what it shows them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.airflow.tasks import context_of, propose, waiting


@pytest.mark.usefixtures("adopted")
def test_an_answer_counts_for_the_proposal_that_was_shown() -> None:
    from dataclasses import replace
    from datetime import timedelta

    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval import ApprovalSensor

    workspace = open_workspace("meter")
    shown = propose(workspace, "retrain")
    with DAG("remediate__meter"):
        sensor = ApprovalSensor(task_id="approve", model="meter", proposal_hash=shown.hash)
        sensor >> BaseOperator(task_id="retrain")
    context = context_of(sensor)
    with pytest.raises(waiting()) as parked:
        sensor._park(context, workspace, shown, tier=1)
    # While people look at the page, the decision is made again, and the template now names the newer proposal.
    newer = replace(shown, params={"other": 1}, created_at=shown.created_at + timedelta(seconds=1))
    workspace.ledger.record_proposal(newer)
    sensor.proposal_hash = newer.hash
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
    assert all(sensor._may_still_be_answered(workspace, proposal) for proposal in (first, second))
    later = replace(first, params={"key": "gate.confidence"}, created_at=first.created_at + timedelta(seconds=1))
    workspace.ledger.record_proposal(later)
    assert not any(sensor._may_still_be_answered(workspace, proposal) for proposal in (first, second))


@pytest.mark.usefixtures("adopted")
def test_hostile_text_stays_text_in_an_approval() -> None:
    from dataclasses import replace

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval_question import body

    workspace = open_workspace("meter")
    hostile = "x | y |\n\n# Approve now\n[click](http://evil) <img src=x> `code`"
    shown = body(workspace, replace(propose(workspace, "retrain"), expected=hostile, reason=hostile))
    assert "\n# Approve now" not in shown
    assert "[click](" not in shown
    assert "<img" not in shown.replace("\\<", "")
    (worth,) = (line for line in shown.splitlines() if line.startswith("- **What it is worth:**"))
    assert worth.replace("\\|", "").count("|") == 0


@pytest.mark.usefixtures("adopted")
def test_no_private_column_is_named_in_a_question() -> None:
    from dataclasses import replace

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval import ApprovalSensor
    from airmedic.sensors.trial_question import TrialQuestionSensor

    workspace = open_workspace("meter")
    # An escaped underscore would hide the name from what blanks it.
    update = {"private": ("net_income",), "title": "Churn by net_income"}
    workspace = replace(workspace, spec=workspace.spec.model_copy(update=update))
    told = "Rows by net_income are cut."
    asked = replace(propose(workspace, "end_trial"), reason=told, expected=told, changed=told)
    promotion = replace(asked, action="promote_trial", params={"version": "2"})
    workspace.ledger.record_proposal(promotion)
    trial = TrialQuestionSensor(
        task_id="b", model="meter", proposal_hash=asked.hash, promotion_hash=promotion.hash, branches={}
    )
    alone = ApprovalSensor(task_id="a", model="meter", proposal_hash=asked.hash)
    for text in (*alone._question(workspace, asked), *trial._question(workspace, asked)):
        assert "(private column)" in text
        assert "income" not in text


@pytest.mark.usefixtures("adopted")
def test_what_a_person_has_to_know_stands_in_so_few_lines_that_the_buttons_show() -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval_form import form_of
    from airmedic.sensors.approval_question import body

    workspace = open_workspace("meter")
    gate = {
        "outcome": "passed", "metric": "roc_auc", "reasons": [], "champion": "1", "challenger": "2",
        "champion_value": 0.4, "challenger_value": 0.8, "difference": 0.4, "low": 0.3, "high": 0.5, "rows": 2310,
    }  # fmt: skip
    asked = propose(workspace, "deploy", {"version": "2", "gate": gate})
    shown = body(workspace, asked)
    assert shown.splitlines()[:2] == [
        "█████░░░░░░░ AUC 0.400, version 1, serves now, on 2,310 rows new to both\\",
        "██████████░░ AUC 0.800, version 2, proposed: better by 0.400 (95 % certain: 0.300 to 0.500)",
    ]
    assert shown.count("certain") == 1, "one gain has one interval"
    facts = dict(line.removeprefix("- **").split(":** ", 1) for line in shown.splitlines() if line.startswith("- **"))
    assert list(facts) == [
        "Why", "What changes", "What it is worth", "If rejected or not answered", "How it is undone",
        "Who may answer",
    ]  # fmt: skip
    assert facts["What changes"] == "Version 2 serves in place of version 1."
    assert (
        facts["What it is worth"]
        == "Of two rows, one with “failed” and one without, it picks the right one in 80 of 100 cases, today in 40."
    )
    assert facts["If rejected or not answered"].startswith("Nothing changes.")
    assert facts["Who may answer"].startswith("anna, boris (asked ")
    # The hash is in an address alone: the page finds the question by it, and nobody reads 64 characters.
    assert f"?proposal={asked.hash})" in shown
    assert shown.count(asked.hash) == 1
    # In a window of 1280 × 800 there is room for 14 lines of 105 characters and one field above the buttons.
    read = (re.sub(r"\]\([^)]*\)", "]", line) for line in shown.splitlines())
    assert sum(-(-len(line) // 105) for line in read if line) <= 14
    assert list(form_of(asked)) == ["comment"]


@pytest.mark.usefixtures("adopted")
def test_without_two_versions_the_metric_before_and_after_the_fault_is_the_picture() -> None:
    from dataclasses import replace

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval_picture import picture
    from airmedic_core.records import Batch, Finding, Role, Verdict
    from airmedic_core.windows import Window

    workspace = open_workspace("meter")
    asked = propose(workspace, "retrain_drawn")
    incident = workspace.ledger.incident(asked.incident_id)
    assert picture(workspace, asked) == []
    for back, auc in ((2, 0.9), (1, 0.8), (0, 0.45)):
        length = incident.window.end - incident.window.start
        window = Window(incident.window.start - back * length, incident.window.end - back * length)
        batch = Batch("meter", window, incident.as_of, 100)
        measured = Finding(
            "performance", "batch", "roc_auc", Verdict.OK, value=auc, limit=0.75, role=Role.LOSS,
            details={"decides": True},
        )  # fmt: skip
        workspace.ledger.record_findings(batch, "performance", [measured], model_version="1")
    workspace.ledger.attach_batch(incident.id, replace(batch))
    before, now, accepted = picture(workspace, asked)
    assert ["AUC 0.800, " in before, "AUC 0.450, " in now, "AUC 0.750, accepted from" in accepted] == [True] * 3
    assert before.count("█") > accepted.count("█") > now.count("█") > 0


@pytest.mark.usefixtures("adopted")
def test_what_speaks_against_it_is_shown_first_and_in_red() -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval_question import body

    workspace = open_workspace("meter")
    params = {"version": "2", "from_version": "1", "versions": ["version 1 serves", "version 2 was rolled back"]}
    quiet = body(workspace, propose(workspace, "rollback", params))
    assert "- **To know:** version 1 serves\n- **To know:** version 2 was rolled back" in quiet
    assert "🔴" not in quiet
    against = {"against": "Version 2 was rolled back.", "override": "ada says: | try it"}
    shown = body(workspace, propose(workspace, "rollback", params | against))
    assert shown.startswith("## 🔴 Version 2 was rolled back. This is overridden: ada says: \\| try it 🔴\n\n- **")


@pytest.mark.usefixtures("adopted")
@pytest.mark.parametrize("over", ["ended", "expired", "replaced"])
def test_what_nobody_can_answer_any_more_is_not_asked(over: str) -> None:
    from dataclasses import replace
    from datetime import timedelta

    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval import ApprovalSensor
    from airmedic_core.records import IncidentState

    workspace = open_workspace("meter")
    proposal = propose(workspace, f"retrain_{over}")
    if over == "ended":
        workspace.ledger.move_incident(proposal.incident_id, IncidentState.ESCALATED)
    elif over == "expired":
        proposal = replace(proposal, params={"late": 1}, expires_at=proposal.created_at)
        workspace.ledger.record_proposal(proposal)
    else:
        newer = replace(proposal, params={"other": 1}, created_at=proposal.created_at + timedelta(seconds=1))
        workspace.ledger.record_proposal(newer)
    with DAG("remediate__meter"):
        sensor = ApprovalSensor(task_id="approve", model="meter", proposal_hash=proposal.hash)
        sensor >> BaseOperator(task_id="retrain")
    context = context_of(sensor)
    with pytest.raises(DownstreamTasksSkipped):
        sensor.execute(context)
    assert context["ti"].pushed["answer"]["answer"] == "refused"
    assert workspace.ledger.approvals(proposal.hash) == []


@pytest.mark.usefixtures("adopted")
def test_a_rejection_keeps_its_snooze_and_the_next_question_says_who_refused_and_why() -> None:
    from dataclasses import replace
    from datetime import timedelta

    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval import ApprovalSensor
    from airmedic.sensors.approval_question import body

    workspace = open_workspace("meter")
    asked = propose(workspace, "quarantine", {"windows": []})
    assert "Rejected before" not in body(workspace, asked)
    with DAG("remediate__meter"):
        sensor = ApprovalSensor(task_id="approve", model="meter", proposal_hash=asked.hash)
        sensor >> BaseOperator(task_id="quarantine")
    at = datetime.now(UTC)
    event = {
        "chosen_options": ["Reject"],
        "responded_at": at,
        "responded_by_user": {"id": "anna", "name": "anna"},
        "params_input": {"comment": "the sensor | is being\nreplaced", "snooze": "3 days"},
    }
    with pytest.raises(DownstreamTasksSkipped):
        sensor.resume(context_of(sensor), 1, event, asked.hash, {"sha256": "0" * 64, "at": at.isoformat()})
    (answer,) = workspace.ledger.approvals(asked.hash)
    assert (answer.answer, answer.refused_because) == ("reject", "")
    assert answer.snooze_until == at + timedelta(days=3)
    shown = body(workspace, replace(asked, params={"windows": ["x"]}))
    assert "- **Rejected before:** anna rejected quarantine on" in shown
    assert "the sensor \\| is being replaced" in shown
