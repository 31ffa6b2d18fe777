"""Groups of approvers, from their file to the answer and to the moment of the action."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from airmedic_core.cli.validate import spec_problems
from airmedic_core.decide import Request, decide
from airmedic_core.decide.explain import explain_action
from airmedic_core.errors import ApprovalError, PolicyError, SpecError
from airmedic_core.execution import carry_out
from airmedic_core.groups import Groups, load_groups
from airmedic_core.policy import load_policy
from airmedic_core.records import Approval, Proposal
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, incident_of, renewals, workspace

BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 7))
"""A million values in 300 bytes."""

GROUPS = {"ml-platform": ["ada", "bob"], "risk": {"members": ["eve"], "roles": ["Risk"]}, "both": ["ada"]}


def written(folder: Path, groups: object = GROUPS, **rule: object) -> Path:
    """Write a policy that asks for a quarantine as the rule says, and the groups beside it."""
    folder.mkdir(exist_ok=True)
    rules = [{"actions": ["quarantine"], "permission": "ask_two", "one_of": ["group:risk"]} | rule]
    (folder / "default.yaml").write_text(yaml.safe_dump({"permissions": rules}))
    (folder / "groups.yaml").write_text(yaml.safe_dump(groups, sort_keys=False))
    return folder


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    """``group:ml-platform`` and ``group:risk`` may approve; somebody called grace has the role *Risk*."""
    ws = workspace(tmp_path, renewals(days=5, per_day=5), approvers=["group:ml-platform", "group:risk"])
    (tmp_path / "policies").unlink()
    written(tmp_path / "policies")
    return replace(ws, roles_of=lambda name: ("Risk",) if name == "grace" else ())


def proposed(ws: Workspace) -> Proposal:
    proposal = decide(ws, incident_of(ws, 3).id, Request("quarantine", by="zoe"), now=NOW).proposal
    assert proposal is not None
    return proposal


def answer(ws: Workspace, proposal: Proposal, name: str, *, at: datetime = NOW) -> Approval:
    """Answer as the sensor does: with the groups that the person is in at the moment."""
    member_of = load_groups(ws.settings.policies).of([name], ws.roles_of)
    return ws.ledger.answer_proposal(
        proposal.hash,
        "approve",
        by=name,
        at=at,
        channel="airflow",
        approvers=ws.spec.approvers,
        member_of=member_of,
    )


def test_people_are_in_groups_by_name_and_by_role(tmp_path: Path) -> None:
    groups = load_groups(written(tmp_path / "policies"))
    asked: list[str] = []

    def roles_of(name: str) -> Collection[str]:
        asked.append(name)
        return ("Risk",) if name == "grace" else ()

    assert groups.of(["ada"], roles_of) == ("group:ml-platform", "group:both")
    assert groups.of(["7", "grace"], roles_of) == ("group:risk",)
    assert groups.of(["", "mallory"], roles_of) == ()
    assert asked == ["ada", "7", "grace", "mallory"]
    assert groups.people(["group:ml-platform", "zoe", "bob"]) == ("ada", "bob", "zoe")
    assert groups.people(["zoe", "group:risk"]) is None
    only_members = Groups({name: group for name, group in groups.by_name.items() if not group.roles})
    assert only_members.of(["ada"], lambda _: pytest.fail("No group is made of roles.")) != ()


def test_where_there_is_no_file_there_are_no_groups(tmp_path: Path) -> None:
    assert load_groups(tmp_path) == Groups()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("risk: {memers: [eve]}", "memers: unknown key"),
        ("risk: eve", "not valid"),
        ("- risk", "not valid"),
        ("risk: [", "cannot be read"),
        (BOMB, "cannot be read"),
    ],
)
def test_a_file_that_is_not_valid_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "groups.yaml").write_text(text)
    with pytest.raises(SpecError, match=says):
        load_groups(tmp_path)


def test_the_file_of_the_groups_is_no_policy(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="not the name of a policy"):
        load_policy(written(tmp_path / "policies"), "groups")


def test_unknown_groups_are_errors_of_validate(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    path = tmp_path / "models" / "renewals.yaml"
    spec = ws.spec.model_dump(mode="json", exclude_unset=True)
    path.write_text(yaml.safe_dump(spec))
    assert spec_problems(path, ws.settings) == []
    path.write_text(yaml.safe_dump(spec | {"approvers": ["group:ml-platfrom"]}))
    (problem,) = spec_problems(path, ws.settings)
    assert problem == "There is no group 'ml-platfrom' in policies/groups.yaml. Did you mean 'ml-platform'?"
    path.write_text(yaml.safe_dump(spec))
    written(ws.settings.policies, one_of=["group:legal"])
    (problem,) = spec_problems(path, ws.settings)
    assert "There is no group 'legal'" in problem
    written(ws.settings.policies, one_of=["legal"])
    (problem,) = spec_problems(path, ws.settings)
    assert "'legal' is no group. Write group:legal." in problem


@pytest.mark.parametrize("risk", ["eve", "grace"])
def test_two_people_approve_and_one_of_them_is_of_the_group(ws: Workspace, risk: str) -> None:
    proposal = proposed(ws)
    assert proposal.one_of == ("group:risk",)
    assert answer(ws, proposal, "ada").refused_because == ""
    assert answer(ws, proposal, "bob").refused_because == "somebody of group:risk has to approve it"
    with pytest.raises(ApprovalError, match="needs 2 approval"):
        carry_out(ws, proposal.hash, now=NOW)
    given = answer(ws, proposal, risk)
    assert (given.refused_because, given.member_of) == ("", ("group:risk",))
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"
    assert ws.ledger.audit_problems()[0] == []


def test_the_group_may_come_first(ws: Workspace) -> None:
    proposal = proposed(ws)
    for name in ("eve", "ada"):
        assert answer(ws, proposal, name).refused_because == ""
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"


def test_somebody_in_two_groups_counts_once(ws: Workspace) -> None:
    groups = GROUPS | {"risk": ["ada"]}
    written(ws.settings.policies, groups)
    proposal = proposed(ws)
    assert answer(ws, proposal, "ada").member_of == ("group:ml-platform", "group:risk", "group:both")
    again = answer(ws, proposal, "ada", at=NOW + timedelta(seconds=5))
    assert "approved it before, and another person is needed" in again.refused_because
    assert answer(ws, proposal, "bob").refused_because == ""


def test_somebody_in_no_group_of_the_approvers_may_not_answer(ws: Workspace) -> None:
    assert answer(ws, proposed(ws), "mallory").refused_because == "'mallory' is not an approver"


@pytest.mark.parametrize("permission", ["ask", "ask_two"])
def test_where_one_approval_is_enough_it_is_the_groups(ws: Workspace, permission: str) -> None:
    written(ws.settings.policies, permission=permission)
    first = answer(ws, proposed(ws), "ada").refused_because
    assert first == ("somebody of group:risk has to approve it" if permission == "ask" else "")


def test_who_has_left_the_group_has_approved_nothing(ws: Workspace) -> None:
    proposal = proposed(ws)
    answer(ws, proposal, "ada")
    answer(ws, proposal, "grace")
    left = replace(ws, roles_of=lambda _: ())
    with pytest.raises(PolicyError, match=r"Nobody who approved it is in group:risk\. \(policy\)"):
        carry_out(left, proposal.hash, now=NOW)
    written(ws.settings.policies, {"ml-platform": ["bob"], "risk": ["grace"]})
    with pytest.raises(PolicyError, match=r"'ada' approved it, and is not an approver any more\. \(approvers\)"):
        carry_out(ws, proposal.hash, now=NOW)


def test_a_group_that_the_policy_wants_meanwhile_is_asked_for(ws: Workspace) -> None:
    written(ws.settings.policies, one_of=[])
    proposal = proposed(ws)
    answer(ws, proposal, "ada")
    answer(ws, proposal, "bob")
    written(ws.settings.policies)
    with pytest.raises(PolicyError, match="Nobody who approved it is in group:risk"):
        carry_out(ws, proposal.hash, now=NOW)
    assert explain_action(ws, "quarantine", now=NOW)["one_of"] == ["group:risk"]


def test_a_group_is_part_of_what_is_approved(ws: Workspace) -> None:
    proposal = proposed(ws)
    assert replace(proposal, one_of=()).hash != proposal.hash


def test_three_people_approve_and_one_of_them_is_of_the_group(ws: Workspace) -> None:
    written(ws.settings.policies, GROUPS | {"ml-platform": ["ada", "bob", "cy"]}, permission="ask", approvals=3)
    proposal = proposed(ws)
    assert (proposal.needed, "wants 3 approvals" in proposal.reason) == (3, True)
    assert answer(ws, proposal, "ada").refused_because == ""
    assert "another person is needed" in answer(ws, proposal, "ada", at=NOW + timedelta(seconds=5)).refused_because
    assert answer(ws, proposal, "bob").refused_because == ""
    with pytest.raises(ApprovalError, match=r"needs 3 approval\(s\) and has 2"):
        carry_out(ws, proposal.hash, now=NOW)
    assert answer(ws, proposal, "cy").refused_because == "somebody of group:risk has to approve it"
    assert answer(ws, proposal, "eve").refused_because == ""
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"


def test_one_of_three_may_be_the_person_who_asked(ws: Workspace) -> None:
    written(ws.settings.policies, permission="ask", approvals=3, one_of=[])
    proposal = decide(ws, incident_of(ws, 3).id, Request("quarantine", by="ada"), now=NOW).proposal
    assert proposal is not None
    given = [answer(ws, proposal, name) for name in ("ada", "bob", "eve")]
    assert [approval.refused_because for approval in given] == ["", "", ""]
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"


def test_a_number_that_the_policy_raises_meanwhile_is_asked_for(ws: Workspace) -> None:
    written(ws.settings.policies, one_of=[])
    proposal = proposed(ws)
    answer(ws, proposal, "ada")
    answer(ws, proposal, "bob")
    written(ws.settings.policies, one_of=[], approvals=3)
    with pytest.raises(PolicyError, match="wants 3 approvals"):
        carry_out(ws, proposal.hash, now=NOW)
    (people,) = {row["approvals"] for row in explain_action(ws, "quarantine", now=NOW)["permissions"]}
    assert people == 3


def test_the_number_of_approvals_is_part_of_what_is_approved(ws: Workspace) -> None:
    proposal = proposed(ws)
    assert replace(proposal, approvals=3).hash != proposal.hash
    assert replace(proposal, approvals=0).hash == proposal.hash


def test_only_what_is_asked_for_has_a_number_of_approvals(ws: Workspace) -> None:
    written(ws.settings.policies, permission="auto", approvals=3)
    with pytest.raises(SpecError, match="3 people approve only where permission is ask or ask_two"):
        load_policy(ws.settings.policies)
