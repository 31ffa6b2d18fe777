from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from airmedic_core.errors import ModelError, SpecError
from airmedic_core.records import Batch, Cause, Finding, Verdict
from airmedic_core.rollout import deploy, health, options_for
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import (
    NOW,
    approved,
    champion_and_challenger,
    copy_of,
    day,
    incident_of,
    observe,
    renewals,
    workspace,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    champion_and_challenger(folder)
    return folder


@pytest.fixture(scope="module")
def flipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The relation flips on day 30: version 1 knows what held before, version 2 what holds since, and 2 serves."""
    folder = tmp_path_factory.mktemp("flipped")
    ws = workspace(folder, renewals(changed_on=30), gate={"min_rows": 10})
    adopt(ws, by="anna")
    train(ws, Window(day(30), day(41)), day(43), {"method": "default"})
    ws.registry.switch("renewals", "2", kind="deploy", by="anna", expected=("1",), now=NOW - timedelta(days=1))
    return folder


@pytest.fixture
def ws(tmp_path: Path, trained: Path) -> Workspace:
    """The strategy watches two windows."""
    return copy_of(trained, tmp_path, rollout={"watch_windows": 2, "watch_timeout_seconds": 3600})


def test_a_deployment_is_watched_for_new_windows(ws: Workspace) -> None:
    incident = incident_of(ws, 40)
    proposal = approved(ws, incident, "deploy", {"version": "2", "gate": {"champion": "1"}})
    assert deploy(ws, proposal, now=NOW).to_version == "2"
    assert health(ws, proposal, now=NOW).status == "waiting"
    observe(ws, 43, outcome="healthy", cause=Cause.HEALTHY)
    assert "1 of 2" in health(ws, proposal, now=NOW).reasons[0]
    late = health(ws, proposal, now=NOW + timedelta(hours=2))
    assert (late.status, len(late.reasons)) == ("healthy", 2)
    observe(ws, 44, outcome="healthy", cause=Cause.HEALTHY)
    assert health(ws, proposal, now=NOW).status == "healthy"


def test_a_deployment_that_has_seen_none_of_its_windows_in_time_is_inconclusive(ws: Workspace) -> None:
    proposal = approved(ws, incident_of(ws, 40), "deploy", {"version": "2", "gate": {"champion": "1"}})
    deploy(ws, proposal, now=NOW)
    # A window with broken rows has shown nothing of the version.
    observe(ws, 43, cause=Cause.DATA_CORRUPTION)
    assert health(ws, proposal, now=NOW).status == "waiting"
    late = health(ws, proposal, now=NOW + timedelta(hours=2))
    assert (late.status, late.reasons) == ("inconclusive", ("None of the 2 new windows could be watched in time.",))


def test_windows_with_broken_data_are_not_counted_as_watched(ws: Workspace) -> None:
    proposal = approved(ws, incident_of(ws, 40), "deploy", {"version": "2", "gate": {"champion": "1"}})
    deploy(ws, proposal, now=NOW)
    observe(ws, 43, outcome="healthy", cause=Cause.HEALTHY)
    alert = Finding("performance", "batch", "roc_auc", Verdict.ALERT, message="It is worse.")
    ws.ledger.record_findings(observe(ws, 44, cause=Cause.DATA_CORRUPTION), "performance", [alert], model_version="2")
    failed = Finding("quality", "batch", "error", Verdict.UNKNOWN, details={"failed": True})
    ws.ledger.record_findings(
        observe(ws, 45, outcome="watch", cause=Cause.UNKNOWN), "data", [failed], model_version="2"
    )
    state = health(ws, proposal, now=NOW)
    assert (state.status, state.reasons[0][:6]) == ("waiting", "1 of 2")


def test_a_new_window_with_a_bad_deployment_is_unhealthy(ws: Workspace) -> None:
    proposal = approved(ws, incident_of(ws, 40), "deploy", {"version": "2", "gate": {"champion": "1"}})
    deploy(ws, proposal, now=NOW)
    observe(ws, 43, cause=Cause.BAD_DEPLOYMENT)
    assert health(ws, proposal, now=NOW).status == "unhealthy"


def test_a_bad_window_that_joins_the_open_incident_is_still_seen(ws: Workspace) -> None:
    incident = incident_of(ws, 40)
    proposal = approved(ws, incident, "deploy", {"version": "2", "gate": {"champion": "1"}})
    deploy(ws, proposal, now=NOW)
    ws.ledger.attach_batch(incident.id, observe(ws, 43, cause=Cause.BAD_DEPLOYMENT))
    assert health(ws, proposal, now=NOW).status == "unhealthy"


@pytest.mark.parametrize(
    ("number", "labels_after", "status"),
    [
        (40, timedelta(days=3), "waiting"),  # before the deployment: that was for the gate
        (43, timedelta(days=2, hours=6), "waiting"),  # a quarter of the labels, which take two days
        (43, timedelta(days=3), "unhealthy"),
    ],
)
def test_only_new_windows_with_nearly_all_labels_break_the_promise(
    tmp_path: Path, flipped: Path, number: int, labels_after: timedelta, status: str
) -> None:
    ws = copy_of(flipped, tmp_path, rollout={"watch_windows": 2}, gate={"min_rows": 10})
    # What January taught is the opposite of what holds since.
    proposal = approved(ws, incident_of(ws, 40), "deploy", {"version": "1", "gate": {"champion": "2"}})
    deploy(ws, proposal, now=NOW)
    batch = Batch("renewals", Window(day(number), day(number + 1)), day(number) + labels_after, 60)
    ws.ledger.record_batch(batch, model_version="1")
    assert health(ws, proposal, now=NOW).status == status


def test_rows_that_no_version_can_take_say_nothing_about_the_new_one(ws: Workspace) -> None:
    proposal = approved(ws, incident_of(ws, 40), "deploy", {"version": "2", "gate": {"champion": "1"}})
    deploy(ws, proposal, now=NOW)
    rows = pd.read_parquet(ws.spec.data.path)
    rows.rename(columns={"usage": "use"}).to_parquet(ws.spec.data.path)
    assert health(ws, proposal, now=NOW).status == "waiting"


def test_a_version_that_does_not_serve_is_unhealthy(ws: Workspace) -> None:
    proposal = approved(ws, incident_of(ws, 40), "deploy", {"version": "2", "gate": {"champion": "1"}})
    assert health(ws, proposal, now=NOW).reasons == ("Version 2 does not serve; the champion is 1.",)


def test_a_proposal_without_a_version_is_refused(ws: Workspace) -> None:
    proposal = approved(ws, incident_of(ws, 40), "deploy", {})
    with pytest.raises(ModelError, match="names no version"):
        deploy(ws, proposal, now=NOW)


def test_an_unknown_option_names_the_closest(ws: Workspace) -> None:
    rollout = ws.spec.rollout.model_copy(update={"options": {"max_probe_second": 3}})
    with pytest.raises(SpecError, match="Did you mean 'max_probe_seconds'"):
        options_for(ws.spec.model_copy(update={"rollout": rollout}))
