"""What would be decided now has to be what is decided when an incident is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from airmedic_core.actions import infinitive
from airmedic_core.causes import CauseKind
from airmedic_core.decide import Request, decide
from airmedic_core.decide.outlook import Outlook, outlooks
from airmedic_core.diagnose.remedies import remedies_of
from airmedic_core.policy import policy_of
from airmedic_core.records import Cause, Diagnosis, IncidentState, Permission, RankedCause
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, incident_of, renewals, workspace

CAUSES = [cause for cause in Cause if cause.traits.kind is not CauseKind.HEALTHY]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path, renewals(days=5, per_day=5))


def looked(ws: Workspace, cause: Cause, verification: str = "verified") -> Outlook:
    wanted = (cause, verification)
    return next(
        outlook for outlook in outlooks(ws, policy_of(ws), now=NOW) if (outlook.cause, outlook.verification) == wanted
    )


def with_policy(ws: Workspace, folder: Path, rules: Sequence[dict[str, Any]], **more: Any) -> Workspace:
    (folder / "own" / "policies").mkdir(parents=True)
    text = yaml.safe_dump({"permissions": list(rules)} | more)
    (folder / "own" / "policies" / "default.yaml").write_text(text, encoding="utf-8")
    return replace(ws, settings=replace(ws.settings, content=folder / "own"))


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("verification", ["verified", "unverified"])
def test_it_agrees_with_the_decision(ws: Workspace, cause: Cause, verification: Any) -> None:
    outlook = looked(ws, cause, verification)
    incident = incident_of(ws, 3, cause)
    ws.ledger.record_diagnosis(
        Diagnosis(
            incident.id, "rules", (RankedCause(cause, 0.9),), cause.traits.severity, "So.", remedies_of(cause),
            "0" * 64, status=verification,
        ),
        stands=True,
    )  # fmt: skip
    ws.ledger.move_incident(incident.id, IncidentState.DIAGNOSED)
    decision = decide(ws, incident.id, Request(), now=NOW)
    assert decision.proposal is not None
    assert outlook.chosen is not None
    unplanned = {str(entry["action"]) for entry in decision.skipped if entry["limit"] == "plan"}
    # What cannot be planned without rows is first choice all the same.
    if outlook.chosen.action not in unplanned:
        assert outlook.chosen.action == decision.proposal.action
        assert outlook.chosen.permission is decision.proposal.permission
        assert outlook.chosen.reason in decision.proposal.reason


def test_the_first_choices_differ(ws: Workspace) -> None:
    chosen = {outlook.chosen.action for cause in CAUSES if (outlook := looked(ws, cause)).chosen}
    assert chosen >= {"hold", "quarantine", "retrain", "escalate"}


def test_a_freeze_leaves_it_to_people_and_says_why(ws: Workspace) -> None:
    ws.ledger.set_override("renewals", "freeze", "all", {}, author="ada", reason="Year end")
    outlook = looked(ws, Cause.CONCEPT_DRIFT)
    first = outlook.prospects[0]
    assert (first.action, first.fate, first.rule) == ("retrain", "stopped", "freeze")
    assert first.reason == "ada froze changes: Year end."
    assert outlook.chosen is not None
    assert outlook.chosen.action == "escalate"
    # What protects does not heed a freeze.
    held = looked(ws, Cause.DATA_CORRUPTION).chosen
    assert held is not None
    assert (held.action, held.permission) == ("quarantine", Permission.AUTO)


def test_what_has_a_condition_is_left_to_people(ws: Workspace) -> None:
    conditional = [p for p in looked(ws, Cause.CONCEPT_DRIFT).prospects if p.fate == "conditional"]
    assert "rollback" in {prospect.action for prospect in conditional}
    assert all(prospect.condition for prospect in conditional)


def test_a_pipeline_is_named_only_where_the_spec_names_one(tmp_path: Path) -> None:
    def names(ws: Workspace) -> set[str]:
        return {prospect.action for prospect in looked(ws, Cause.STALE_DATA).prospects}

    rows = renewals(days=5, per_day=5)
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    assert "rerun_pipeline" in names(workspace(tmp_path / "with", rows, upstream_dag="load"))
    assert "rerun_pipeline" not in names(workspace(tmp_path / "without", rows))


def test_what_no_rule_fits_is_stopped_by_the_policy(ws: Workspace, tmp_path: Path) -> None:
    ws = with_policy(ws, tmp_path, [{"actions": ["escalate"], "permission": "auto"}])
    outlook = looked(ws, Cause.CONCEPT_DRIFT)
    assert [(p.action, p.rule) for p in outlook.prospects if p.fate == "stopped"] == [("retrain", "policy")]
    assert outlook.chosen is not None
    assert infinitive(outlook.chosen.action) == infinitive("escalate")


def test_more_people_and_groups_are_told(ws: Workspace, tmp_path: Path) -> None:
    rule = {"actions": ["retrain"], "permission": "ask", "approvals": 3, "one_of": ["group:risk"]}
    ws = with_policy(ws, tmp_path, [rule])
    chosen = looked(ws, Cause.CONCEPT_DRIFT).chosen
    assert chosen is not None
    assert (chosen.approvals, chosen.one_of) == (3, ("group:risk",))


def test_nothing_may_be_allowed_at_all(ws: Workspace, tmp_path: Path) -> None:
    ws = with_policy(ws, tmp_path, [])
    outlook = looked(ws, Cause.UNKNOWN)
    assert outlook.chosen is None
    assert [prospect.fate for prospect in outlook.prospects] == ["stopped"]


def test_nothing_is_recorded(ws: Workspace) -> None:
    before = ws.ledger.audit_head()
    assert [prospect for outlook in outlooks(ws, policy_of(ws), now=NOW) for prospect in outlook.prospects]
    assert ws.ledger.audit_head() == before
