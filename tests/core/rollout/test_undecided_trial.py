"""A trial that has shown nothing in time: it is promoted or ended by people, each on record, or goes on once more."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from airmedic_core import targets
from airmedic_core.execution import ask_to_promote, ask_to_take_back, carry_out, complete, undo
from airmedic_core.incident_lifecycle import close_incident
from airmedic_core.records import Cause, IncidentState, Proposal
from airmedic_core.rollout import health
from airmedic_core.traffic import Traffic
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, copy_of, incident_of, observe

# Four blocks a window: twelve after three of them, and 13 are needed for any answer.
OPTIONS = {"fractions": [0.4], "min_block_rows": 5, "max_windows": 3}


def tried_for(tried: Path, folder: Path, **options: Any) -> tuple[Workspace, Proposal]:
    rollout = {"strategy": "canary", "options": OPTIONS | options, "watch_timeout_seconds": 3600}
    ws = copy_of(tried, folder, entity_column="customer", gate={"min_rows": 10}, rollout=rollout)
    proposal = approved(ws, incident_of(ws, 42), "deploy", {"version": "2", "gate": {"champion": "1"}})
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"
    return ws, proposal


def days(ws: Workspace, *numbers: int) -> None:
    for number in numbers:
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)


def both_asked(ws: Workspace, deployment: Proposal) -> tuple[Proposal, Proposal]:
    ending = ask_to_take_back(ws, deployment.hash, ["Nothing was shown."], now=NOW)
    promotion = ask_to_promote(ws, deployment.hash, ["Nothing was shown."], now=NOW)
    assert ending is not None
    assert promotion is not None
    return ending, promotion


def answer(ws: Workspace, proposal: Proposal, said: Literal["approve", "reject"], at: datetime = NOW) -> None:
    ws.ledger.answer_proposal(proposal.hash, said, by="bob", at=at, channel="airflow")


def test_it_is_over_after_as_many_windows_as_were_approved(tried: Path, tmp_path: Path) -> None:
    ws, deployment = tried_for(tried, tmp_path)
    days(ws, 43, 44)
    assert health(ws, deployment, now=NOW).status == "waiting"
    days(ws, 45)
    watched = health(ws, deployment, now=NOW)
    assert watched.status == "inconclusive"
    assert watched.reasons[0].startswith("As many windows have come as were to be waited for. ")


def test_it_is_promoted_by_whoever_approves_exactly_that(tried: Path, tmp_path: Path) -> None:
    ws, deployment = tried_for(tried, tmp_path)
    ending, promotion = both_asked(ws, deployment)
    answer(ws, promotion, "approve")
    answer(ws, ending, "reject")
    assert carry_out(ws, promotion.hash, now=NOW).status == "done"
    assert (ws.registry.champion("renewals").version, ws.registry.trial("renewals")) == ("2", None)
    switch = ws.ledger.promotions("renewals")[0]
    assert (switch.kind, switch.by, switch.proposal_hash) == ("deploy", "bob", promotion.hash)
    closed = close_incident(ws, deployment.incident_id, now=NOW)
    # People have decided; nothing has shown that it heals.
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.RESOLVED, "changed")


def test_a_promotion_is_undone_also_where_another_version_is_tried_meanwhile(
    tried: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, deployment = tried_for(tried, tmp_path)
    _, promotion = both_asked(ws, deployment)
    answer(ws, promotion, "approve")
    carry_out(ws, promotion.hash, now=NOW)
    begun = Traffic("mirror", "1", "2", "f" * 64, NOW)
    ws.registry.begin_trial("renewals", begun)
    told: list[str] = []
    monkeypatch.setattr(targets, "tell", lambda ws: told.append(ws.registry.champion("renewals").version))
    result = undo(ws, promotion.hash, now=NOW)
    assert result.status == "undone"
    assert "Version 1 serves again. Version 1 is tried meanwhile, and version 2 is not tried again." in result.summary
    assert (told, ws.registry.trial("renewals")) == (["1"], begun)


def test_a_promotion_that_is_undone_is_tried_as_before(tried: Path, tmp_path: Path) -> None:
    ws, deployment = tried_for(tried, tmp_path)
    before = ws.registry.trial("renewals")
    _, promotion = both_asked(ws, deployment)
    answer(ws, promotion, "approve")
    carry_out(ws, promotion.hash, now=NOW)
    assert "Version 2 is tried as before." in undo(ws, promotion.hash, now=NOW).summary
    assert ws.registry.trial("renewals") == before


def test_a_watch_that_still_goes_on_finds_what_was_promoted_by_hand(tried: Path, tmp_path: Path) -> None:
    ws, deployment = tried_for(tried, tmp_path)
    _, promotion = both_asked(ws, deployment)
    answer(ws, promotion, "approve")
    carry_out(ws, promotion.hash, now=NOW)
    assert health(ws, deployment, now=NOW).status == "healthy"
    assert complete(ws, deployment.hash, now=NOW).status == "done"
    assert len([switch for switch in ws.ledger.promotions("renewals") if switch.kind == "deploy"]) == 1


def test_it_goes_on_for_as_long_once_more(tried: Path, tmp_path: Path) -> None:
    ws, deployment = tried_for(tried, tmp_path)
    later = NOW + timedelta(hours=2)
    assert health(ws, deployment, now=later).status == "inconclusive"
    for question in both_asked(ws, deployment):
        answer(ws, question, "reject", later)
    assert health(ws, deployment, now=later + timedelta(minutes=59)).status == "waiting"
    assert health(ws, deployment, now=later + timedelta(minutes=61)).status == "inconclusive"
    trial = ws.registry.trial("renewals")
    assert trial is not None
    assert trial.fraction == 0.4


@pytest.mark.parametrize("stolen", ["approve", "nothing"])
def test_nothing_is_promoted_without_an_approval_of_exactly_that(tried: Path, tmp_path: Path, stolen: str) -> None:
    from airmedic_core.errors import ApprovalError

    ws, deployment = tried_for(tried, tmp_path)
    ending, promotion = both_asked(ws, deployment)
    if stolen == "approve":
        answer(ws, ending, "approve")
    with pytest.raises(ApprovalError):
        carry_out(ws, promotion.hash, now=NOW)
    assert ws.registry.champion("renewals").version == "1"


def test_broken_data_that_come_while_it_is_tried_get_an_incident_of_their_own(tried: Path, tmp_path: Path) -> None:
    from airmedic_core.incident_lifecycle import open_incident

    ws, deployment = tried_for(tried, tmp_path)
    lost = observe(ws, 43, outcome="incident", cause=Cause.CONCEPT_DRIFT)
    assert open_incident(ws, lost, now=NOW).id == deployment.incident_id
    broken = observe(ws, 44, outcome="incident", cause=Cause.DATA_CORRUPTION)
    own = open_incident(ws, broken, now=NOW)
    assert own.id != deployment.incident_id
    assert own.batch_ids == (broken.id,)


def test_a_canary_begins_where_nothing_was_monitored_yet(
    tried: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airmedic_core.ledger import Ledger

    monkeypatch.setattr(Ledger, "batches", lambda *_, **__: [])
    ws, _ = tried_for(tried, tmp_path)
    trial = ws.registry.trial("renewals")
    assert trial is not None
    assert trial.after == ws.ledger.incidents("renewals")[0].window.end
