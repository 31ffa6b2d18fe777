from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.actions import ACTIONS, infinitive
from airmedic_core.errors import ActionError, ApprovalError, LedgerError, ModelError, PolicyError, SpecError
from airmedic_core.execution import carry_out, gate_challenger, undo
from airmedic_core.records import Cause, GateResult, Permission, Proposal, to_json
from airmedic_core.rollout import health
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.training.rows import unusable_windows
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, copy_of, day, incident_of, observe, renewals, workspace

MEMBERS = ("plan", "precheck", "snapshot", "dry_run", "apply", "verify", "undo")


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A champion of January, and a relation that flips on day 45."""
    folder = tmp_path_factory.mktemp("adopted")
    adopt(workspace(folder, renewals(changed_on=45)), by="anna")
    return folder


@pytest.fixture
def ws(tmp_path: Path, adopted: Path) -> Workspace:
    return copy_of(adopted, tmp_path)


@pytest.mark.parametrize("name", ACTIONS.names())
def test_every_action_keeps_the_contract(name: str) -> None:
    member = ACTIONS.member(name)
    assert all(callable(getattr(member, part)) for part in MEMBERS)
    assert member.description.endswith(".")
    assert isinstance(member.changes_production, bool)
    assert member.imperative
    assert member.infinitive == infinitive(name)
    assert not member.leads_to or member.leads_to in ACTIONS.names()


def test_an_unknown_action_names_the_closest(ws: Workspace) -> None:
    with pytest.raises(SpecError, match="Did you mean 'rollback'"):
        ACTIONS.member("rolback").plan(ws, incident_of(ws, 50), None)


def test_nothing_is_done_without_an_approval_of_exactly_this(ws: Workspace) -> None:
    incident = incident_of(ws, 50)
    params, expected = ACTIONS.member("quarantine").plan(ws, incident, None)
    proposal = Proposal(
        incident.id, "renewals", "quarantine", params, expected, Permission.ASK, "", NOW, NOW + timedelta(days=1)
    )
    ws.ledger.record_proposal(proposal)
    with pytest.raises(ApprovalError, match="needs 1 approval"):
        carry_out(ws, proposal.hash, now=NOW)
    with pytest.raises(ApprovalError):
        carry_out(ws, "no such hash", now=NOW)
    assert unusable_windows(ws) == {}


def test_a_proposal_is_carried_out_on_its_own_model_only(ws: Workspace) -> None:
    proposal = approved(ws, incident_of(ws, 50), "rollback", {"version": "1", "from_version": "1"})
    other = replace(ws, spec=ws.spec.model_copy(update={"name": "renewals_b2b"}))
    with pytest.raises(ActionError, match="not of 'renewals_b2b'"):
        carry_out(other, proposal.hash, now=NOW)


def test_the_kill_switch_stops_what_was_approved(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = incident_of(ws, 50)
    proposal = approved(ws, incident, "quarantine", ACTIONS.member("quarantine").plan(ws, incident, None)[0])
    monkeypatch.setenv("AIRMEDIC_KILL_SWITCH", "on")
    with pytest.raises(PolicyError, match="kill switch"):
        carry_out(ws, proposal.hash, now=NOW)


def test_a_quarantine_keeps_rows_out_of_training_until_it_is_undone(ws: Workspace) -> None:
    incident = incident_of(ws, 50)
    proposal = approved(ws, incident, "quarantine", ACTIONS.member("quarantine").plan(ws, incident, None)[0])
    result = carry_out(ws, proposal.hash, now=NOW)
    assert result.status == "done"
    assert unusable_windows(ws) == {incident.window: "quarantined"}
    assert carry_out(ws, proposal.hash, now=NOW) == ws.ledger.action_result(proposal.hash)
    assert undo(ws, proposal.hash, now=NOW).status == "undone"
    assert unusable_windows(ws) == {}


def test_a_quarantine_that_holds_already_stays_whose_it_is(ws: Workspace) -> None:
    incident = incident_of(ws, 50)
    (key,) = ACTIONS.member("quarantine").plan(ws, incident, None)[0]["windows"]
    ws.ledger.set_override("renewals", "quarantine", key, {}, author="anna", reason="The export was cut short.")
    proposal = approved(ws, incident, "quarantine", {"windows": [key]})
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"
    (kept,) = ws.ledger.overrides("renewals", "quarantine")
    assert (kept.author, kept.value) == ("anna", {})


def test_what_cannot_be_verified_is_taken_back(ws: Workspace) -> None:
    second = train(ws, Window(day(0), day(40)), day(42), {})
    ws.registry.switch(
        "renewals", second.version.version, kind="deploy", by="anna", expected=("1",), now=NOW - timedelta(days=1)
    )
    proposal = approved(ws, incident_of(ws, 50), "rollback", {"version": "1", "from_version": "2"})
    # A process was killed right after it began, and the file cannot be read any more since.
    ws.ledger.begin_action(proposal, {"champion": "2"})
    Path(ws.spec.data.path).write_bytes(b"no parquet")
    result = carry_out(ws, proposal.hash, now=NOW)
    assert result.status == "undone"
    assert "did not verify" in result.summary
    assert ws.registry.champion("renewals").version == "2"


def test_the_kill_switch_stops_undoing_as_well(ws: Workspace) -> None:
    incident = incident_of(ws, 50)
    proposal = approved(ws, incident, "quarantine", ACTIONS.member("quarantine").plan(ws, incident, None)[0])
    carry_out(ws, proposal.hash, now=NOW)
    ws.ledger.set_override("renewals", "kill_switch", "all", {}, author="ada", reason="stop")
    with pytest.raises(PolicyError, match="kill switch"):
        undo(ws, proposal.hash, now=NOW)
    assert unusable_windows(ws) == {incident.window: "quarantined"}


def test_the_loop_from_retraining_to_a_deployment_that_is_undone(ws: Workspace) -> None:
    for number in range(46, 52):
        observe(ws, number)
    incident = incident_of(ws, 52)
    params, _ = ACTIONS.member("retrain").plan(ws, incident, None)
    # The batches before were not healthy either: the change began with the first of them.
    assert params["since"] == day(46).isoformat()
    # The incident is looked at three days later, and nobody has looked at the rows of these days.
    assert (params["window_end"], params["as_of"]) == (day(53).isoformat(), day(55).isoformat())
    assert "would be trained" in ACTIONS.member("retrain").dry_run(ws, params)
    proposal = approved(ws, incident, "retrain", params)
    trained = carry_out(ws, proposal.hash, now=NOW)
    assert trained.output["version"] == "2"
    assert ws.registry.champion("renewals").version == "1"

    gate, deployment = gate_challenger(ws, incident.id, proposal.hash, now=NOW)
    assert gate.outcome == "passed", gate.reasons
    assert deployment is not None
    assert deployment.params["gate"] == to_json(gate)
    assert deployment.params["rollout"] == {
        "strategy": "simple",
        "options": {"max_probe_seconds": 60.0},
        "watch_windows": ws.spec.rollout.watch_windows,
        "watch_timeout_seconds": ws.spec.rollout.watch_timeout_seconds,
        "window": "day",
        "entities": "entities",
    }
    # Somebody puts the challenger in service by hand before the answer: undoing still has somewhere to go back to.
    ws.registry.client.set_registered_model_alias("renewals", "champion", "2")
    assert ACTIONS.member("deploy").snapshot(ws, deployment)["champion"] == "1"
    ws.registry.client.set_registered_model_alias("renewals", "champion", "1")
    ws.ledger.answer_proposal(deployment.hash, "approve", by="anna", at=NOW, channel="airflow")
    deployed = carry_out(ws, deployment.hash, now=NOW)
    assert deployed.status == "done"
    promotion = ws.ledger.promotions("renewals")[0]
    assert (promotion.to_version, promotion.by, promotion.proposal_hash) == ("2", "anna", deployment.hash)
    assert health(ws, deployment, now=NOW).status == "healthy"

    assert undo(ws, deployment.hash, now=NOW + timedelta(minutes=1)).status == "undone"
    assert ws.registry.champion("renewals").version == "1"
    assert health(ws, deployment, now=NOW).status == "unhealthy"


def test_a_challenger_that_is_refused_is_improved_once(ws: Workspace) -> None:
    incident = incident_of(ws, 40)
    proposal = approved(ws, incident, "retrain", ACTIONS.member("retrain").plan(ws, incident, None)[0])
    first = carry_out(ws, proposal.hash, now=NOW)
    ws.registry.client.set_model_version_tag("renewals", first.output["version"], "airmedic.gate", "refused")
    again = carry_out(ws, proposal.hash, now=NOW)
    assert again.output["improves"] == first.output["version"]
    assert again.output["version"] == "3"
    assert carry_out(ws, proposal.hash, now=NOW).output["version"] == "3"


def test_the_kill_switch_stops_the_second_training_and_not_what_is_done(ws: Workspace) -> None:
    incident = incident_of(ws, 40)
    proposal = approved(ws, incident, "retrain", ACTIONS.member("retrain").plan(ws, incident, None)[0])
    first = carry_out(ws, proposal.hash, now=NOW)
    ws.ledger.set_override("renewals", "kill_switch", "all", {}, author="ada", reason="stop")
    assert carry_out(ws, proposal.hash, now=NOW) == first
    ws.registry.client.set_model_version_tag("renewals", first.output["version"], "airmedic.gate", "refused")
    with pytest.raises(PolicyError, match="kill switch"):
        carry_out(ws, proposal.hash, now=NOW)
    assert ws.registry.versions("renewals")[0].version == first.output["version"]


def test_the_gate_answers_without_a_challenger(ws: Workspace) -> None:
    incident = incident_of(ws, 50)
    gate, deployment = gate_challenger(ws, incident.id, "no such proposal", now=NOW)
    assert (gate.outcome, deployment) == ("not_comparable", None)
    assert ws.ledger.decisions(incident.id)[-1]["details"]["gate"]["outcome"] == "not_comparable"


def test_a_rollback_verifies_its_target_first(ws: Workspace) -> None:
    second = train(ws, Window(day(0), day(40)), day(42), {})
    ws.registry.switch(
        "renewals", second.version.version, kind="deploy", by="anna", expected=("1",), now=NOW - timedelta(days=1)
    )
    incident = incident_of(ws, 50)
    params, _ = ACTIONS.member("rollback").plan(ws, incident, None)
    assert (params["version"], params["from_version"]) == ("1", "2")
    proposal = approved(ws, incident, "rollback", params)
    result = carry_out(ws, proposal.hash, now=NOW)
    assert result.status == "done"
    assert ws.registry.champion("renewals").version == "1"
    assert ws.ledger.promotions("renewals")[0].kind == "rollback"


def test_a_rollback_to_a_version_that_does_not_load_leaves_the_champion(ws: Workspace) -> None:
    second = train(ws, Window(day(0), day(40)), day(42), {})
    incident = incident_of(ws, 50)
    place = ws.registry.client.get_model_version_download_uri("renewals", "2").removeprefix("file://")
    Path(place, "model.pkl").write_bytes(b"not a pickle")
    proposal = approved(ws, incident, "rollback", {"version": second.version.version, "from_version": "1"})
    with pytest.raises(ActionError, match="does not load"):
        carry_out(ws, proposal.hash, now=NOW)
    assert ws.registry.champion("renewals").version == "1"
    result = ws.ledger.action_result(proposal.hash)
    assert result is not None
    assert result.status == "failed"


def test_a_deployment_is_refused_if_somebody_has_switched_since_the_gate(ws: Workspace) -> None:
    gate = GateResult("passed", "roc_auc", ("Better.",), champion="7", challenger="1")
    incident = incident_of(ws, 50)
    second = train(ws, Window(day(0), day(40)), day(42), {})
    proposal = approved(ws, incident, "deploy", {"version": second.version.version, "gate": to_json(gate)})
    with pytest.raises(ActionError, match="the gate compared with 7"):
        carry_out(ws, proposal.hash, now=NOW)


@pytest.mark.parametrize("action", ["deploy", "rollback"])
def test_what_a_killed_process_began_is_not_finished_after_somebody_has_switched(ws: Workspace, action: str) -> None:
    for last in (40, 41):
        train(ws, Window(day(0), day(last)), day(42), {})
    gate = to_json(GateResult("passed", "roc_auc", ("Better.",), champion="1", challenger="2"))
    params = {"version": "2", "from_version": "1", "gate": gate}
    proposal = approved(ws, incident_of(ws, 50), action, params)
    ws.ledger.begin_action(proposal, {"champion": "1", "previous": None})
    ws.registry.switch("renewals", "3", kind="deploy", by="bert", expected=("1",), now=NOW)
    with pytest.raises(ActionError, match="Version 3 serves"):
        carry_out(ws, proposal.hash, now=NOW + timedelta(days=2))
    assert ws.registry.champion("renewals").version == "3"


def test_a_failed_action_is_not_begun_again_after_its_time(ws: Workspace) -> None:
    proposal = approved(ws, incident_of(ws, 50), "rollback", {"version": "7", "from_version": "1"})
    with pytest.raises(ModelError):
        carry_out(ws, proposal.hash, now=NOW)
    with pytest.raises(ModelError):
        carry_out(ws, proposal.hash, now=NOW)
    with pytest.raises(ApprovalError, match="expired"):
        carry_out(ws, proposal.hash, now=proposal.expires_at + timedelta(seconds=1))


def test_a_refreshed_reference_can_be_taken_back(ws: Workspace) -> None:
    incident = incident_of(ws, 40, Cause.HARMLESS_COVARIATE_SHIFT)
    champion = ws.registry.champion("renewals")
    before = ws.registry.reference(champion).window
    proposal = approved(
        ws, incident, "refresh_reference", ACTIONS.member("refresh_reference").plan(ws, incident, None)[0]
    )
    carry_out(ws, proposal.hash, now=NOW)
    after = ws.registry.reference(champion).window
    assert before is not None
    assert after is not None
    assert after.end > before.end
    undo(ws, proposal.hash, now=NOW)
    assert ws.registry.reference(champion).window == before


def test_a_changed_setting_holds_for_the_next_workspace_and_can_be_taken_back(ws: Workspace) -> None:
    incident = incident_of(ws, 50)
    proposal = approved(ws, incident, "change_setting", {"key": "window.every", "value": "week"})
    carry_out(ws, proposal.hash, now=NOW)
    assert Workspace.open(ws.spec, ws.settings).spec.window.every == "week"
    undo(ws, proposal.hash, now=NOW)
    assert Workspace.open(ws.spec, ws.settings).spec.window.every == "day"


@pytest.mark.parametrize("ends_in", [None, timedelta(days=3), timedelta(days=-1)])
def test_a_setting_that_is_undone_leaves_the_one_before_as_it_was(ws: Workspace, ends_in: timedelta | None) -> None:
    ends = None if ends_in is None else datetime.now(UTC) + timedelta(days=1)
    key, value = "window.every", {"value": "hour"}
    ws.ledger.set_override("renewals", "setting", key, value, author="ada", reason="Rows are many.", expires_at=ends)
    proposal = approved(ws, incident_of(ws, 50), "change_setting", {"key": key, "value": "week"})
    carry_out(ws, proposal.hash, now=NOW)
    if ends_in is not None and ends_in < timedelta(0):
        # Its time was over before the change was undone.
        snapshot = ws.ledger.snapshot(proposal.hash)
        assert snapshot is not None
        snapshot["expires_at"] = (datetime.now(UTC) + ends_in).isoformat()
        ACTIONS.member("change_setting").undo(ws, proposal, snapshot, NOW)
        assert ws.ledger.overrides("renewals", "setting") == []
        return
    undo(ws, proposal.hash, now=NOW)
    (standing,) = ws.ledger.overrides("renewals", "setting")
    assert (standing.value, standing.author, standing.reason) == (value, "ada", "Rows are many.")
    assert standing.expires_at == ends


def test_a_setting_that_makes_no_valid_spec_is_refused(ws: Workspace) -> None:
    proposal = approved(ws, incident_of(ws, 50), "change_setting", {"key": "checks.drift.psi_limt", "value": 1})
    with pytest.raises(SpecError, match=r"Did you mean .psi_limit"):
        carry_out(ws, proposal.hash, now=NOW)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("approvers", []),
        ("policy", "open"),
        ("environment", "simulation"),
        ("name", "other"),
        ("data.path", "/etc/passwd"),
        ("data.private", []),
        ("retrain.using", "os:system"),
        ("gate.margin", -1.0),
        ("rollout.strategy", "simple"),
        ("checks.drift", False),
        ("policy.limits.exempt", ["deploy"]),
        ("policy.limits.actions_per_day", 10**9),
    ],
)
def test_only_what_reviews_propose_can_be_set(ws: Workspace, key: str, value: object) -> None:
    proposal = approved(ws, incident_of(ws, 50), "change_setting", {"key": key, "value": value})
    with pytest.raises(SpecError, match="cannot be changed by a proposal"):
        carry_out(ws, proposal.hash, now=NOW)
    assert ws.ledger.overrides("renewals", "setting") == []


def test_what_was_never_done_cannot_be_undone(ws: Workspace) -> None:
    proposal = approved(ws, incident_of(ws, 50), "hold", {"window": "w", "summary": "s"})
    with pytest.raises(ActionError, match="never carried out"):
        undo(ws, proposal.hash, now=NOW)
    with pytest.raises(LedgerError):
        undo(ws, "no such hash", now=NOW)


def test_an_upstream_dag_is_only_rerun_where_the_spec_names_one(ws: Workspace) -> None:
    with pytest.raises(ActionError, match="Set upstream_dag"):
        ACTIONS.member("rerun_pipeline").plan(ws, incident_of(ws, 50), None)
