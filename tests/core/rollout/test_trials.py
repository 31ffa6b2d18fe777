"""Versions that are tried beside the champion: how a trial is planned, goes on, is completed, and is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.decide.in_words import changes
from airmedic_core.errors import ActionError, HeldUpError, SpecError
from airmedic_core.execution import advance, ask_to_take_back, carry_out, complete, held_up, undo
from airmedic_core.incident_lifecycle import close_incident
from airmedic_core.records import IncidentState
from airmedic_core.rollout import deploy, health, options_for, plan_of
from airmedic_core.traffic import Traffic
from tests.core.renewals import NOW, approved, copy_of, day, incident_of
from tests.core.rollout.trials import CANARY, deployed, healthy_days, opened, reversed_roles


def test_a_canary_grows_step_by_step_and_then_answers_all(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    proposal = deployed(ws, "2", beside="1")
    assert ws.registry.champion("renewals").version == "1"
    assert health(ws, proposal, now=NOW).status == "waiting"
    healthy_days(ws, 43, 44, 45)
    # 12 blocks are too few for any answer.
    assert "too few to say" in health(ws, proposal, now=NOW).reasons[0]
    healthy_days(ws, 46, 47, 48)
    assert health(ws, proposal, now=NOW).status == "next_step"
    assert advance(ws, proposal.hash, now=NOW) == "Version 2 answers 70% of the entities from now on."
    # Another process comes late: no window of the new step has come.
    assert advance(ws, proposal.hash, now=NOW) == "Version 2 answers 70% of the entities."
    assert health(ws, proposal, now=NOW).status == "waiting"
    healthy_days(ws, 49)
    assert health(ws, proposal, now=NOW).status == "healthy"
    result = complete(ws, proposal.hash, now=NOW)
    assert (result.status, result.summary) == ("done", "Version 2 serves all rows in place of 1.")
    assert complete(ws, proposal.hash, now=NOW).status == "done"
    assert ws.registry.champion("renewals").version == "2"
    assert ws.registry.trial("renewals") is None
    [promotion] = [done for done in ws.ledger.promotions("renewals") if done.kind == "deploy"]
    assert promotion.proposal_hash == proposal.hash
    assert [len(step.get("shares", ())) for step in ws.ledger.trials(proposal.hash)] == [1, 2, 0]
    resolution = close_incident(ws, proposal.incident_id, now=NOW).resolution
    assert resolution["outcome"] == "healed"
    # It has seen the days 43 to 49.
    told = "Version 2 serves in place of 1, after the two were compared on 7 new windows."
    assert resolution["summary"] == told


@pytest.mark.parametrize("edited", [{"strategy": "simple"}, {**CANARY, "options": {"fractions": [0.9]}}])
def test_what_was_approved_is_rolled_out_whatever_the_spec_says_since(
    tried: Path, tmp_path: Path, edited: dict[str, Any]
) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    params = {"version": "2", "gate": {"champion": "1"}, **plan_of(ws.spec)}
    proposal = approved(ws, incident_of(ws, 42), "deploy", params)
    ws = replace(ws, spec=ws.spec.model_copy(update={"rollout": ws.spec.rollout.model_copy(update=edited)}))
    carry_out(ws, proposal.hash, now=NOW)
    trial = ws.registry.trial("renewals")
    assert trial is not None
    assert (trial.fraction, ws.registry.champion("renewals").version) == (0.4, "1")
    healthy_days(ws, 43, 44, 45, 46, 47, 48)
    assert health(ws, proposal, now=NOW).status == "next_step"
    assert undo(ws, proposal.hash, now=NOW).status == "undone"
    assert ws.registry.trial("renewals") is None


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ("simple", "Version 2 answers all rows at once."),
        ("blue_green", "Version 2 answers all rows once it was loaded and probed; version 1 is kept loaded."),
        ("canary", "Of 1,000 customers, 100 get version 2, then 500, then all; the others keep version 1."),
        ("shadow", "Version 2 scores all rows beside version 1, whose answers alone count."),
    ],
)
def test_approvers_are_told_how_it_is_rolled_out_completed_and_taken_back(
    tried: Path, tmp_path: Path, strategy: str, told: str
) -> None:
    ws = opened(tried, tmp_path, strategy=strategy)
    params = {"version": "2", "gate": {"champion": "1"}, **plan_of(ws.spec)}
    first, *more = changes(approved(ws, incident_of(ws, 42), "deploy", params))
    assert first == told
    tried_beside = strategy in {"canary", "shadow"}
    taken_back = (
        "if it is shown to be worse, or fails; else people are asked in 1 hour." if tried_beside else "by itself"
    )
    assert taken_back in " ".join(more)
    if strategy == "canary":
        assert more[0].endswith("after 1 new window (1 day), if its error is at most 2 % above version 1’s.")
        assert more[-1].startswith("Version 1 returns if ")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "Of 1,000 customers, "),
        ({"entity_column": "wind_station_id"}, "Of 1,000 wind stations, "),
        ({"private": ("customer",)}, "Of 1,000 entities, "),
    ],
)
def test_a_canary_counts_what_its_column_names(tried: Path, tmp_path: Path, more: dict[str, Any], told: str) -> None:
    ws = opened(tried, tmp_path, strategy="canary")
    params = {"version": "2", "gate": {"champion": "1"}, **plan_of(ws.spec.model_copy(update=more))}
    assert changes(approved(ws, incident_of(ws, 42), "deploy", params))[0].startswith(told)


def test_a_canary_is_taken_back_although_its_spec_has_lost_the_key(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    proposal = deployed(ws, "2", beside="1")
    ws = replace(ws, spec=ws.spec.model_copy(update={"entity_column": ""}))
    assert undo(ws, proposal.hash, now=NOW).status == "undone"
    assert ws.registry.trial("renewals") is None


def test_a_canary_that_loses_is_taken_back(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    reversed_roles(ws)
    proposal = deployed(ws, "1", beside="2")
    healthy_days(ws, 43, 44, 45, 46, 47, 48)
    verdict = health(ws, proposal, now=NOW)
    assert (verdict.status, "the tried version loses -" in verdict.reasons[0]) == ("unhealthy", True)
    assert undo(ws, proposal.hash, now=NOW).status == "undone"
    assert undo(ws, proposal.hash, now=NOW).status == "undone"
    assert ws.registry.trial("renewals") is None
    assert ws.registry.champion("renewals").version == "2"
    # It never served all rows, so that no promotion speaks of it.
    assert [done.proposal_hash for done in ws.ledger.promotions("renewals")] == [None, None]
    with pytest.raises(ActionError, match="is undone"):
        complete(ws, proposal.hash, now=NOW)
    assert close_incident(ws, proposal.incident_id, now=NOW).state is IncidentState.UNDONE


def test_people_are_asked_about_a_trial_that_shows_nothing_in_time(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    proposal = deployed(ws, "2", beside="1")
    late = health(ws, proposal, now=NOW + timedelta(hours=2))
    assert (late.status, late.reasons[0][:17]) == ("inconclusive", "The time is over.")
    question = ask_to_take_back(ws, proposal.hash, late.reasons, now=NOW)
    assert question is not None
    assert (question.action, question.params["version"]) == ("end_trial", "2")
    ws.ledger.answer_proposal(question.hash, "approve", by="bob", at=NOW, channel="airflow")
    assert carry_out(ws, question.hash, now=NOW).status == "done"
    assert ws.registry.trial("renewals") is None
    assert close_incident(ws, proposal.incident_id, now=NOW).state is IncidentState.UNDONE


def test_a_trial_that_nobody_answers_about_is_not_healed(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    proposal = deployed(ws, "2", beside="1")
    ask_to_take_back(ws, proposal.hash, ["The time is over."], now=NOW)
    closed = close_incident(ws, proposal.incident_id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "inconclusive")


def test_a_trial_ends_where_somebody_switches_meanwhile(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    proposal = deployed(ws, "2", beside="1")
    ws.registry.client.create_model_version("renewals", "models:/renewals/1", run_id=None)
    ws.registry.switch("renewals", "3", kind="deploy", by="bob", expected=("1",), now=NOW)
    assert health(ws, proposal, now=NOW).reasons == ("Version 3 was put in service meanwhile.",)
    assert undo(ws, proposal.hash, now=NOW).summary == "Version 3 serves now; it is left in place."
    assert ws.registry.trial("renewals") is None


def test_the_end_of_a_trial_is_on_record_whenever_the_process_dies(
    tried: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    proposal = deployed(ws, "2", beside="1")

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(type(ws.registry.client), "delete_registered_model_tag", dies)
        with pytest.raises(KeyboardInterrupt):
            ws.registry.end_trial("renewals", proposal.hash)
    assert ws.ledger.trials(proposal.hash)[-1] == {"ended": True}
    trial = ws.registry.trial("renewals")
    assert trial is not None
    # Whoever lets it go on after all leaves that on record, and whoever ends it does it once.
    ws.registry.begin_trial("renewals", trial)
    assert ws.ledger.trials(proposal.hash)[-1]["version"] == "2"
    ws.registry.client.delete_registered_model_tag("renewals", "airmedic.trial")
    for _ in range(2):
        ws.registry.end_trial("renewals", proposal.hash)
    assert [step.get("ended", False) for step in ws.ledger.trials(proposal.hash)] == [False, True, False, True]


@pytest.mark.parametrize("rollout", [CANARY, {"strategy": "shadow"}])
def test_what_came_before_the_approval_shows_nothing_of_the_trial(
    tried: Path, tmp_path: Path, rollout: dict[str, Any]
) -> None:
    ws = opened(tried, tmp_path, **rollout)
    # The incident is of day 42, and people took a week to answer.
    params = {"version": "2", "gate": {"champion": "1"}}
    proposal = approved(ws, incident_of(ws, 42), "deploy", params)
    healthy_days(ws, 43, 44, 45, 46, 47, 48, 49)
    deploy(ws, proposal, now=NOW)
    verdict = health(ws, proposal, now=NOW)
    assert (verdict.status, verdict.reasons) == ("waiting", ("No new window with enough labels has come yet.",))
    trial = ws.registry.trial("renewals")
    assert trial is not None
    assert (trial.after, trial.fraction_of(day(49))) == (day(50), 0.0)
    healthy_days(ws, 50)
    assert "of 1 new windows" in health(ws, proposal, now=NOW).reasons[0]


def test_a_step_and_a_completion_wait_while_changes_are_frozen(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    proposal = deployed(ws, "2", beside="1")
    healthy_days(ws, 43, 44, 45, 46, 47, 48)
    ws.ledger.set_override("renewals", "freeze", "all", {}, author="bob", reason="Year end")
    assert held_up(ws, proposal, now=NOW) == "bob froze changes: Year end. (freeze)"
    for go_on in (advance, complete):
        with pytest.raises(HeldUpError, match="bob froze changes") as caught:
            go_on(ws, proposal.hash, now=NOW)
        assert caught.value.transient
    trial = ws.registry.trial("renewals")
    assert trial is not None
    assert (trial.fraction, ws.registry.champion("renewals").version) == (0.4, "1")
    ws.ledger.revoke_override("renewals", "freeze", "all", author="bob")
    assert advance(ws, proposal.hash, now=NOW) == "Version 2 answers 70% of the entities from now on."
    assert complete(ws, proposal.hash, now=NOW).status == "done"
    # Nothing is left to hold up.
    ws.ledger.set_override("renewals", "freeze", "all", {}, author="bob", reason="Year end")
    assert complete(ws, proposal.hash, now=NOW).status == "done"


def test_a_standby_ends_with_a_rollback_the_watch_or_the_next_deployment(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, strategy="blue_green", watch_windows=1)
    reversed_roles(ws)
    first = deployed(ws, "1", beside="2")
    params, _ = ACTIONS.member("rollback").plan(ws, incident_of(ws, 43), None)
    back = approved(ws, incident_of(ws, 43), "rollback", params)
    assert carry_out(ws, back.hash, now=NOW).status == "done"
    assert ws.registry.trial("renewals") is None

    second = approved(ws, incident_of(ws, 44), "deploy", {"version": "1", "gate": {"champion": "2"}})
    carry_out(ws, second.hash, now=NOW)
    assert ws.registry.trial("renewals") is not None
    ask_to_take_back(ws, second.hash, ["Nothing came."], now=NOW)
    assert ws.registry.trial("renewals") is None

    ws.registry.begin_trial("renewals", Traffic("standby", "1", "2", first.hash, NOW))
    third = approved(ws, incident_of(ws, 45), "deploy", {"version": "2", "gate": {"champion": "1"}})
    assert carry_out(ws, third.hash, now=NOW).status == "done"
    trial = ws.registry.trial("renewals")
    assert trial is not None
    assert trial.proposal_hash == third.hash


def test_a_trial_counts_all_windows_and_labels_that_come_late_move_no_block(
    tried: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    proposal = deployed(ws, "2", beside="1")
    # The newest two windows at a time: the ledger is read page by page.
    monkeypatch.setattr("airmedic_core.watch.side_by_side._PAGE", 2)
    rows = pd.read_parquet(ws.spec.data.path)
    of_44 = rows.index[(rows["at"] >= day(44)) & (rows["at"] < day(45))]
    late = rows.assign(churned=rows["churned"].astype(float), known_at=rows["known_at"])
    late.loc[of_44[::20], ["churned", "known_at"]] = [float("nan"), pd.NaT]
    late.to_parquet(ws.spec.data.path)
    healthy_days(ws, 43, 44, 45, 46, 47)
    first = health(ws, proposal, now=NOW).reasons
    assert "of 5 new windows" in first[0]
    rows.to_parquet(ws.spec.data.path)
    assert health(ws, proposal, now=NOW).reasons == first
    # Each window is on record once, in the order in which it was looked at.
    assert [window["window"][:8] for window in ws.ledger.compared(proposal.hash)] == [
        f"{day(number):%Y%m%d}" for number in (43, 44, 45, 46, 47)
    ]


@pytest.mark.parametrize(
    ("kind", "serving", "told"),
    [
        ("split", "1", "Version 1 answers all rows again; version 2 answers none."),
        ("mirror", "1", "Version 2 scores no more beside version 1, which goes on answering all rows."),
        ("standby", "1", "Version 1 goes on serving; version 2 is not kept loaded any longer."),
        ("standby", "2", "Version 2 goes on serving; version 1 is not kept loaded any longer."),
        ("split", "2", "Version 2 goes on serving; the trial of version 2, which is over, is removed."),
    ],
)
def test_who_ends_a_trial_is_told_what_serves_afterwards(
    tried: Path, tmp_path: Path, kind: Any, serving: str, told: str
) -> None:
    ws = opened(tried, tmp_path)
    if serving == "2":
        reversed_roles(ws)
    ws.registry.begin_trial("renewals", Traffic(kind, "2", "1", "a" * 64, NOW))
    params, expected = ACTIONS.member("end_trial").plan(ws, incident_of(ws, 42), None)
    proposal = approved(ws, incident_of(ws, 42), "end_trial", params)
    assert (expected, changes(proposal)) == (told, [told])
    assert carry_out(ws, proposal.hash, now=NOW).summary == told
    assert ws.registry.champion("renewals").version == serving
    outcome = close_incident(ws, proposal.incident_id, now=NOW).resolution["outcome"]
    assert outcome == ("inconclusive" if serving == "2" else "undone")


def test_a_second_trial_waits_for_the_end_of_the_first(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    deployed(ws, "2", beside="1")
    second = approved(ws, incident_of(ws, 43), "deploy", {"version": "2", "gate": {"champion": "1"}}, by="carl")
    with pytest.raises(ActionError, match="Version 2 is tried already"):
        carry_out(ws, second.hash, now=NOW)


def test_a_canary_needs_a_key_and_growing_shares(tried: Path, tmp_path: Path) -> None:
    ws = copy_of(tried, tmp_path, rollout=CANARY)
    with pytest.raises(SpecError, match="name the column under entity_column"):
        options_for(ws.spec)
    for fractions in ([], [0.5, 0.1], [0.5, 0.5], [0.0, 0.5], [0.5, 1.0]):
        rollout = {"strategy": "canary", "options": {"fractions": fractions}}
        with pytest.raises(SpecError, match="each larger than the one before"):
            options_for(copy_of(tried, tmp_path, entity_column="customer", rollout=rollout).spec)


@pytest.mark.parametrize("strategy", ["blue_green", "canary", "shadow"])
def test_a_model_in_no_registry_is_only_rolled_out_by_its_own_dag(tried: Path, tmp_path: Path, strategy: str) -> None:
    more = {"registry": "none", "prediction": {"score": "p"}, "retrain": "dag:train", "entity_column": "customer"}
    ws = copy_of(tried, tmp_path, rollout={"strategy": strategy}, **more)
    with pytest.raises(SpecError, match="It is in no registry"):
        options_for(ws.spec)
    assert ws.registry.trial("renewals") is None


def test_blue_and_green_are_kept_loaded_until_green_has_proved_itself(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, strategy="blue_green", watch_windows=1)
    proposal = deployed(ws, "2", beside="1")
    trial = ws.registry.trial("renewals")
    assert trial is not None
    assert (trial.kind, trial.version, trial.champion) == ("standby", "2", "1")
    assert ws.registry.champion("renewals").version == "2"
    assert health(ws, proposal, now=NOW).status == "waiting"
    healthy_days(ws, 43)
    assert health(ws, proposal, now=NOW).status == "healthy"
    assert complete(ws, proposal.hash, now=NOW).status == "done"
    assert ws.registry.trial("renewals") is None
