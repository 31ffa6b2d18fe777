"""Which versions may be deleted: those that were trained and never served, and that nothing open is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.errors import LedgerBusyError
from airmedic_core.incident_lifecycle import close_incident
from airmedic_core.ledger import Ledger
from airmedic_core.registry import Registry
from airmedic_core.traffic import Traffic
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, copy_of, day, incident_of, observe, renewals, workspace

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 serves. Versions 2 to 4 were trained in the shadow, 5 as it was approved, and 6 by somebody else."""
    folder = tmp_path_factory.mktemp("trained")
    ws = workspace(folder, renewals())
    adopt(ws, by="anna")
    for number in (38, 39, 40):
        train(ws, Window(day(0), day(number)), day(number + 2), {"only_tried": True, "training_key": str(number)})
    incident = incident_of(ws, 41)
    proposal = approved(ws, incident, "retrain", {})
    train(ws, Window(day(0), day(41)), day(43), {"proposal_hash": proposal.hash})
    close_incident(ws, incident.id, now=NOW)
    by_hand = ws.registry.client.create_model_version("renewals", (folder / "elsewhere").as_uri())
    assert by_hand.version in {6, "6"}
    return folder


@pytest.fixture
def ws(trained: Path, tmp_path: Path) -> Workspace:
    return copy_of(trained, tmp_path)


def unserved(ws: Workspace, before: datetime = LATER) -> list[str]:
    return [version.version for version in ws.registry.unserved("renewals", before=before)]


def test_what_was_trained_and_never_served_can_go(ws: Workspace) -> None:
    ws.registry.client.delete_registered_model_alias("renewals", "challenger")
    assert unserved(ws) == ["2", "3", "4", "5"]
    assert unserved(ws, before=datetime.now(UTC) - timedelta(days=1)) == []


def test_what_carries_an_alias_or_is_tried_or_has_served_stays(ws: Workspace) -> None:
    registry = ws.registry
    registry.switch("renewals", "2", kind="deploy", by="anna", expected=("1",), now=NOW)
    registry.switch("renewals", "1", kind="rollback", by="anna", expected=("2",), now=NOW + timedelta(days=1))
    registry.begin_trial("renewals", Traffic("split", "3", "1", "0" * 64, NOW).with_share(0.1, NOW))
    registry.client.set_registered_model_alias("renewals", "candidate", "4")
    # 2 has served and is `previous`; 3 is tried and is `challenger`; 4 has an alias of somebody's own.
    assert unserved(ws) == ["5"]


def test_what_an_open_incident_is_about_stays(ws: Workspace) -> None:
    ws.registry.client.delete_registered_model_alias("renewals", "challenger")
    incident = incident_of(ws, 44)
    approved(ws, incident, "deploy", {"version": "4", "gate": {"champion": "1", "challenger": "4"}})
    assert unserved(ws) == ["2", "3", "5"]
    close_incident(ws, incident.id, now=NOW)
    assert unserved(ws) == ["2", "3", "4", "5"]


def test_what_is_deleted_is_in_the_chain(ws: Workspace) -> None:
    old = ws.registry.unserved("renewals", before=LATER)[:2]
    ws.registry.forget("renewals", old, author="anna")
    assert [version.version for version in ws.registry.versions("renewals")] == ["6", "5", "4", "1"]
    assert ws.registry.model(ws.registry.champion("renewals")) is not None
    assert ws.ledger.audit_problems()[0] == []


def test_what_is_in_use_since_it_was_listed_is_kept(ws: Workspace) -> None:
    registry = ws.registry
    registry.client.delete_registered_model_alias("renewals", "challenger")
    listed = registry.unserved("renewals", before=LATER)
    assert [version.version for version in listed] == ["2", "3", "4", "5"]
    registry.switch("renewals", "3", kind="deploy", by="anna", expected=("1",), now=NOW)
    registry.client.set_registered_model_alias("renewals", "candidate", "5")
    registry.client.delete_model_version("renewals", "2")
    assert [version.version for version in registry.forget("renewals", listed, author="anna")] == ["4"]
    assert registry.model(registry.champion("renewals")) is not None
    assert [version.version for version in registry.versions("renewals")] == ["6", "5", "3", "1"]


def test_what_has_served_through_an_alias_set_by_hand_stays(ws: Workspace) -> None:
    client = ws.registry.client
    client.delete_registered_model_alias("renewals", "challenger")
    client.set_registered_model_alias("renewals", "champion", "4")
    observe(ws, 45, outcome="healthy")
    client.set_registered_model_alias("renewals", "champion", "1")
    # No promotion names it: only the batch that was seen while it served.
    assert "4" not in {promotion.to_version for promotion in ws.ledger.promotions("renewals")}
    assert unserved(ws) == ["2", "3", "5"]


def test_nothing_is_deleted_while_somebody_switches(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = ws.registry.unserved("renewals", before=LATER)[:1]
    monkeypatch.setattr(ws.ledger, "lease_seconds", 0.05)
    with ws.ledger.lock("switch:renewals", seconds=60), pytest.raises(LedgerBusyError):
        ws.registry.forget("renewals", listed, author="anna")
    assert listed[0].version in {version.version for version in ws.registry.versions("renewals")}


def test_a_version_that_is_pruned_at_this_moment_is_not_taken_up(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (listed, *_) = ws.registry.unserved("renewals", before=LATER)
    pruning, waits = ws.ledger.record_forgotten_version, []

    def meanwhile(*given: Any, **more: Any) -> None:
        # The version is checked, and not deleted yet: whoever takes it up now waits.
        with pytest.raises(LedgerBusyError) as busy:
            other.registry.take_up(listed, {}, no_longer="airmedic.tried")
        waits.append(busy.value)
        pruning(*given, **more)

    other = copied_connection(ws)
    monkeypatch.setattr(ws.ledger, "record_forgotten_version", meanwhile)
    assert [version.version for version in ws.registry.forget("renewals", [listed], author="anna")] == [listed.version]
    assert len(waits) == 1
    before = ws.registry.by_alias("renewals", "challenger")
    assert ws.registry.take_up(listed, {}, no_longer="airmedic.tried") is None
    assert ws.registry.by_alias("renewals", "challenger") == before


def test_a_version_that_is_taken_up_at_this_moment_is_not_pruned(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (listed, *_) = ws.registry.unserved("renewals", before=LATER)
    tagging, waits = ws.registry.tag, []

    def meanwhile(name: str, version: str, tag: str, value: str) -> None:
        with pytest.raises(LedgerBusyError) as busy:
            other.registry.forget("renewals", [listed], author="anna")
        waits.append(busy.value)
        tagging(name, version, tag, value)

    other = copied_connection(ws)
    monkeypatch.setattr(ws.registry, "tag", meanwhile)
    taken_up = ws.registry.take_up(listed, {"airmedic.incident_id": "I1"}, no_longer="airmedic.tried")
    assert len(waits) == 1
    assert taken_up is not None
    assert taken_up.version == listed.version
    assert "airmedic.tried" not in taken_up.tags
    # It carries an alias since, and is kept.
    monkeypatch.undo()
    assert ws.registry.forget("renewals", [listed], author="anna") == []
    named = ws.registry.by_alias("renewals", "challenger")
    assert named is not None
    assert named.version == listed.version


def test_a_version_is_taken_up_to_its_end_after_a_process_was_killed(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (listed, *_) = ws.registry.unserved("renewals", before=LATER)
    monkeypatch.setattr(ws.registry.client, "set_registered_model_alias", killed)
    with pytest.raises(KeyboardInterrupt):
        ws.registry.take_up(listed, {"airmedic.incident_id": "I1"}, no_longer="airmedic.tried")
    monkeypatch.undo()
    # It counts as one that was only tried until it is the challenger.
    assert "airmedic.tried" in ws.registry.version("renewals", listed.version).tags
    taken_up = ws.registry.take_up(listed, {"airmedic.incident_id": "I1"}, no_longer="airmedic.tried")
    assert taken_up is not None
    assert "airmedic.tried" not in taken_up.tags
    assert ws.registry.by_alias("renewals", "challenger") == taken_up


def killed(*_: object) -> None:
    """End a call as a signal does."""
    raise KeyboardInterrupt


def copied_connection(ws: Workspace) -> Workspace:
    """Open the same workspace as another process does. It waits for two leases, and for no longer."""
    ledger = Ledger.open(ws.settings.ledger_url, lease_seconds=0.05)
    return replace(ws, ledger=ledger, registry=Registry(ws.settings.tracking_uri, ledger))
