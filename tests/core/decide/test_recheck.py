"""What is asked once more between an approval and the action."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from airmedic_core.actions import ACTIONS
from airmedic_core.decide.explain import explain_action
from airmedic_core.errors import PolicyError
from airmedic_core.execution import carry_out
from airmedic_core.records import Permission, Proposal
from airmedic_core.training.rows import unusable_windows
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, incident_of, renewals, workspace

RULES = [{"actions": ["quarantine"], "permission": "ask"}]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    """A model with two approvers, and a policy of its own."""
    ws = workspace(tmp_path, renewals(), approvers=["ada", "bob"])
    folder = tmp_path / "content" / "policies"
    folder.mkdir(parents=True, exist_ok=True)
    ws = replace(ws, settings=replace(ws.settings, content=tmp_path / "content", environment="production"))
    rule(ws)
    return ws


def rule(ws: Workspace, **policy: object) -> None:
    text = yaml.safe_dump({"permissions": RULES} | policy)
    (ws.settings.policies / "default.yaml").write_text(text, encoding="utf-8")


def approved(ws: Workspace) -> Proposal:
    incident = incident_of(ws, 50)
    params, expected = ACTIONS.member("quarantine").plan(ws, incident, None)
    until = NOW + timedelta(days=1)
    proposal = Proposal(incident.id, "renewals", "quarantine", params, expected, Permission.ASK, "", NOW, until)
    ws.ledger.record_proposal(proposal)
    given = ws.ledger.answer_proposal(
        proposal.hash, "approve", by="ada", at=NOW, channel="airflow", approvers=("ada", "bob")
    )
    assert given.refused_because == ""
    return proposal


def test_what_is_still_permitted_is_carried_out(ws: Workspace) -> None:
    assert carry_out(ws, approved(ws).hash, now=NOW).status == "done"


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        ({"permissions": []}, "policy"),
        ({"permissions": [RULES[0] | {"permission": "recommend"}]}, "policy"),
        ({"permissions": [RULES[0] | {"permission": "ask_two"}]}, "policy"),
        ({"autonomy": {"incident": "observe"}}, "autonomy"),
        ({"autonomy": {"incident": "recommend"}}, "policy"),
        ({"switched_off": True}, "policy_switch"),
        (
            {
                "freezes": [{"start": "2020-01-01", "end": "2099-01-01", "reason": "Year end"}],
                "limits": {"exempt": ["escalate"]},
            },
            "freeze",
        ),
    ],
)
def test_a_policy_that_has_changed_stops_what_was_approved(
    ws: Workspace, policy: dict[str, object], named: str
) -> None:
    proposal = approved(ws)
    rule(ws, **policy)
    with pytest.raises(PolicyError, match=rf"\({named}\)"):
        carry_out(ws, proposal.hash, now=NOW)
    assert unusable_windows(ws) == {}
    (stopped,) = ws.ledger.actions(incident_id=proposal.incident_id)
    assert (stopped.status, named in stopped.summary) == ("stopped", True)


def test_an_approver_who_was_taken_off_the_list_has_approved_nothing(ws: Workspace) -> None:
    proposal = approved(ws)
    ws = replace(ws, spec=ws.spec.model_copy(update={"approvers": ("bob",)}))
    with pytest.raises(PolicyError, match=r"'ada' approved it, and is not an approver any more. \(approvers\)"):
        carry_out(ws, proposal.hash, now=NOW)


def test_a_switch_of_the_surroundings_stops_it(ws: Workspace) -> None:
    proposal = approved(ws)
    stopped = replace(ws, switches=(lambda model: f"Airflow's variable stops {model}.",))
    with pytest.raises(PolicyError, match="variable stops renewals"):
        carry_out(stopped, proposal.hash, now=NOW)
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"


def test_what_would_happen_is_told_with_the_rule_that_says_so(ws: Workspace) -> None:
    rule(ws, autonomy={"review": "recommend"})
    told = explain_action(ws, "quarantine", now=NOW)
    permissions = {(row["trigger"], row["cause"]): row for row in told["permissions"]}
    assert permissions["incident", "verified"]["permission"] == "ask"
    assert permissions["incident", "verified"]["because"] == "rule 1 of permissions"
    assert permissions["review", "verified"]["permission"] == "recommend"
    assert "autonomy.review" in permissions["review", "verified"]["because"]
    assert (told["approvers"], told["separation_of_duties"]) == (["ada", "bob"], True)
    assert told["stopped_by"] == {}
    denied = explain_action(ws, "retrain", now=NOW)
    assert {row["permission"] for row in denied["permissions"]} == {"deny"}
    ws.ledger.set_override("renewals", "kill_switch", "all", {}, author="ada", reason="Stop")
    assert explain_action(ws, "quarantine", now=NOW)["stopped_by"] == {
        "kill_switch": "ada threw the kill switch: Stop."
    }
