"""A repair on its way: found, tried, asked about, carried out, looked at again, and taken back."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from airmedic_core.actions import ACTIONS, rollback
from airmedic_core.checks import GROUPS
from airmedic_core.decide import Decision, Request, decide
from airmedic_core.decide.in_words import undoing
from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.errors import ActionError, MissingColumnError, RepairError
from airmedic_core.execution import carry_out, undo
from airmedic_core.incident_lifecycle import close_incident, lift_quarantine, look_at_repaired, open_incident
from airmedic_core.monitor import assess, check_batch, context, is_recorded, resolve_batch
from airmedic_core.records import ActionResult, Batch, Cause, Incident, IncidentState, Permission, Proposal
from airmedic_core.repair import (
    copies_of,
    end_repair,
    forget_copies,
    read_as_repaired,
    repair_marks,
    repair_on_record,
    repaired_window,
)
from airmedic_core.review import analyst
from airmedic_core.scoring import score_window
from airmedic_core.training.adopt import adopt
from airmedic_core.training.rows import usable_rows
from airmedic_core.watch import in_service, side_by_side
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.remediations import approve
from tests.core.renewals import NOW, copy_of, day, renewals, workspace

DAMAGED = Window(day(40), day(41))
Fault = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A champion of January, on rows of which nothing is wrong."""
    folder = tmp_path_factory.mktemp("adopted")
    adopt(workspace(folder, renewals(days=50)), by="anna")
    return folder


def deliver(ws: Workspace, fault: Fault) -> None:
    """Put a fault into the day."""
    rows = renewals(days=50)
    inside = (rows["at"] >= DAMAGED.start) & (rows["at"] < DAMAGED.end)
    damaged = pd.concat([rows[~inside], fault(rows[inside])]).sort_values("at", kind="stable")
    damaged.to_parquet(ws.spec.data.path)


def look(ws: Workspace) -> str:
    batch = resolve_batch(ws, window=DAMAGED, moment=day(43))
    for group in GROUPS:
        check_batch(ws, batch, group)
    return assess(ws, batch).outcome


def incident_in(ws: Workspace, fault: Fault) -> Incident:
    deliver(ws, fault)
    assert look(ws) == "incident"
    incident = open_incident(ws, resolve_batch(ws, window=DAMAGED, moment=day(43)), now=NOW)
    collect_evidence(ws, incident.id)
    diagnose(ws, incident.id)
    return incident


def decided(ws: Workspace, incident: Incident) -> Decision:
    """Decide, and carry out the quarantine, which the policy allows by itself."""
    decision = decide(ws, incident.id, Request(), now=NOW)
    if decision.proposal is not None and decision.proposal.action == "quarantine":
        assert carry_out(ws, decision.proposal.hash, now=NOW).status == "done"
    return decision


class Held(NamedTuple):
    """A production whose day is damaged and held back, with a repair proposed or not."""

    ws: Workspace
    incident: Incident
    decision: Decision

    @property
    def proposal(self) -> Proposal:
        proposal = self.decision.follow_up or self.decision.proposal
        assert proposal is not None
        assert (proposal.action, proposal.permission) == ("repair", Permission.ASK), self.decision.skipped
        return proposal

    def repaired(self) -> ActionResult:
        """Have the repair approved and carried out."""
        approve(self.ws, self.proposal)
        result = carry_out(self.ws, self.proposal.hash, now=NOW)
        assert result.status == "done", result.summary
        return result

    def let_in(self) -> None:
        self.repaired()
        assert [batch.window for batch in look_at_repaired(self.ws, self.proposal.hash, now=NOW)] == [DAMAGED]


@pytest.fixture(scope="module")
def productions(adopted: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Fault], tuple[Path, Held]]:
    """Productions up to the decision, made once for each fault: what comes after it is what is tested."""

    @cache
    def make(fault: Fault) -> tuple[Path, Held]:
        folder = tmp_path_factory.mktemp("held")
        ws = copy_of(adopted, folder)
        incident = incident_in(ws, fault)
        return folder, Held(ws, incident, decided(ws, incident))

    return make


@pytest.fixture
def held_with(productions: Callable[[Fault], tuple[Path, Held]], tmp_path: Path) -> Callable[[Fault], Held]:
    def copied(fault: Fault) -> Held:
        folder, made = productions(fault)
        return made._replace(ws=copy_of(folder, tmp_path))

    return copied


@pytest.fixture
def held(held_with: Callable[[Fault], Held]) -> Held:
    return held_with(in_cents)


def in_cents(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(usage=rows["usage"] * 100)


FAULTS: dict[str, Fault] = {
    "another unit": in_cents,
    "rows three times": lambda rows: pd.concat([rows] * 3),
    "categories renamed": lambda rows: rows.assign(plan=rows["plan"].str.upper()),
}


def same(rows: pd.DataFrame, sound: pd.DataFrame) -> None:
    """Both hold the same rows. Whoever repairs a value brings it back to twelve digits."""
    keys = ["at", "usage", "tenure", "plan"]
    left, right = (frame[keys].sort_values(keys[:2]).reset_index(drop=True) for frame in (rows, sound))
    pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=1e-11)


def sound() -> pd.DataFrame:
    rows = renewals(days=50)
    return rows[(rows["at"] >= DAMAGED.start) & (rows["at"] < DAMAGED.end)].reset_index(drop=True)


@pytest.mark.parametrize("name", FAULTS)
def test_the_rows_come_back_as_they_were_and_are_used_again(held_with: Callable[[Fault], Held], name: str) -> None:
    held = held_with(FAULTS[name])
    ws = held.ws
    source = Path(ws.spec.data.path).read_bytes()
    result = held.repaired()
    assert sum(usable_rows(ws, DAMAGED)[1].values()) == 60, "nobody has looked at them again yet"
    assert [batch.window for batch in look_at_repaired(ws, held.proposal.hash, now=NOW)] == [DAMAGED]
    rows, left_out = usable_rows(ws, DAMAGED)
    assert left_out == {}
    same(rows, sound())
    assert Path(ws.spec.data.path).read_bytes() == source, "the rows themselves stay as they arrived"
    (copy,) = result.output["windows"]
    written = pd.read_parquet(copy["copy"])
    same(written, sound())
    assert {"prediction", "score", "model_version"} <= set(written)
    closed = close_incident(ws, held.incident.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.RESOLVED, "repaired")


def test_the_champion_scores_the_repaired_rows_as_it_scores_sound_ones(held: Held, tmp_path: Path) -> None:
    damaged = score_window(held.ws, DAMAGED, tmp_path / "damaged.parquet").scores
    held.repaired()
    repaired = score_window(held.ws, DAMAGED, tmp_path / "repaired.parquet").scores
    deliver(held.ws, lambda rows: rows)
    expected = score_window(held.ws, DAMAGED, tmp_path / "sound.parquet").scores
    assert np.abs(damaged - expected).max() > 0.1, "the fault has to matter"
    np.testing.assert_allclose(repaired, expected, rtol=1e-9)


def test_what_is_approved_says_what_is_done_and_nothing_else_is_done(held: Held) -> None:
    (repaired,) = held.proposal.params["windows"]
    (step,) = repaired["steps"]
    assert (step["kind"], step["column"], step["factor"]) == ("convert", "usage", 100.0)
    action = ACTIONS.member("repair")
    assert "converted back: divided by 100" in action.dry_run(held.ws, held.proposal.params)
    assert any("divided by 100" in line for line in action.changes(held.proposal))
    assert action.changes(held.proposal)[0].endswith("60 of 60 rows, on a copy.")
    assert "--kind repaired" in undoing(held.proposal)
    diagnosis = next(diagnosis for diagnosis, stands in held.ws.ledger.diagnoses(held.incident.id) if stands)
    assert diagnosis.cause is Cause.UNIT_CHANGE
    recommended = {known.action: known.condition for known in diagnosis.actions}
    assert recommended["repair"], "it is recommended, once the rows are held"


def an_eighth_stands_in(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(tenure=rows["tenure"].where(rows.index % 8 > 0, -999.0))


def test_stand_ins_become_missing(held_with: Callable[[Fault], Held]) -> None:
    held = held_with(an_eighth_stands_in)
    held.let_in()
    rows = usable_rows(held.ws, DAMAGED)[0]
    missing = rows["tenure"].isna().to_numpy()
    # The day begins with row 2400 of all, a multiple of eight.
    np.testing.assert_array_equal(missing, np.arange(60) % 8 == 0)
    np.testing.assert_array_equal(rows["tenure"][~missing], sound()["tenure"][~missing])


def rounded_away(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(usage=(rows["usage"] * 4).round() * 25)


def test_what_was_rounded_does_not_come_back_and_stays_in_quarantine(held_with: Callable[[Fault], Held]) -> None:
    held = held_with(rounded_away)
    assert held.decision.follow_up is None
    (skipped,) = [passed for passed in held.decision.skipped if passed["action"] == "repair"]
    assert skipped["limit"] == "plan"
    assert "No window of the incident can be repaired" in skipped["reason"]
    assert "rounded" in skipped["reason"]
    assert usable_rows(held.ws, DAMAGED)[1] == {"quarantined": 60}


def two_faults(rows: pd.DataFrame) -> pd.DataFrame:
    return in_cents(rows).assign(tenure=rows["tenure"].iloc[0])


def test_a_repair_after_which_something_else_alarms_is_not_proposed(held_with: Callable[[Fault], Held]) -> None:
    held = held_with(two_faults)
    assert held.decision.follow_up is None
    assert any("alarm" in passed["reason"] for passed in held.decision.skipped), held.decision.skipped


def test_a_sound_window_is_never_changed(held: Held) -> None:
    deliver(held.ws, lambda rows: rows)
    assert look(held.ws) != "incident"
    with pytest.raises(RepairError, match="No finding says how its fault is undone"):
        ACTIONS.member("repair").plan(held.ws, held.incident, None)


def test_rows_that_were_delivered_anew_are_not_repaired(held: Held) -> None:
    approve(held.ws, held.proposal)
    deliver(held.ws, lambda rows: rows.assign(usage=rows["usage"] * 10))
    with pytest.raises(ActionError, match="delivered anew"):
        carry_out(held.ws, held.proposal.hash, now=NOW)
    assert repair_on_record(held.ws, DAMAGED) is None


def test_a_later_delivery_ends_the_repair(held: Held) -> None:
    held.let_in()
    ws = held.ws
    assert not is_recorded(ws, DAMAGED), "rows that are announced anew have to be looked at"
    deliver(ws, lambda rows: rows)
    assert repaired_window(ws, DAMAGED) is None
    assert usable_rows(ws, DAMAGED)[1] == {"delivered anew since the repair": 60}, "nobody has seen the new ones"
    batch = resolve_batch(ws, window=DAMAGED, moment=day(43))
    assert repair_on_record(ws, DAMAGED) is None
    assert usable_rows(ws, DAMAGED)[1] == {"quarantined": 60}, "what is on record was found in the repaired rows"
    assert look(ws) != "incident"
    assert lift_quarantine(ws, batch)
    same(usable_rows(ws, DAMAGED)[0], sound())


def test_of_two_repairs_the_second_is_refused_and_undone_it_leaves_the_first(held: Held) -> None:
    held.let_in()
    ws, action = held.ws, ACTIONS.member("repair")
    with pytest.raises(RepairError, match="repaired already"):
        action.plan(ws, held.incident, None)
    first = {**dict(repair_marks(ws.ledger, "renewals")[DAMAGED.key].value), "proposal": "another"}
    ws.ledger.set_override("renewals", "repaired", DAMAGED.key, first, author="bob", reason="before")
    with pytest.raises(ActionError, match="repaired meanwhile"):
        action.precheck(ws, held.proposal)
    snapshot = action.snapshot(ws, held.proposal)
    action.apply(ws, held.proposal, NOW)
    assert repair_marks(ws.ledger, "renewals")[DAMAGED.key].value != first
    action.undo(ws, held.proposal, snapshot, NOW)
    mark = repair_marks(ws.ledger, "renewals")[DAMAGED.key]
    assert (mark.value, mark.author, mark.reason) == (first, "bob", "before")


def test_whoever_judges_versions_reads_the_repaired_rows(held: Held) -> None:
    held.let_in()
    ws = held.ws
    usage = sound()["usage"].to_numpy()
    # The incident's window is the newest on record: the day is the 41st of fifty, and no later one was looked at.
    probed, _ = in_service._newest_rows(ws, held.proposal)
    np.testing.assert_allclose(probed["usage"], usage, rtol=1e-11)
    recent = rollback._recent_rows(ws, held.proposal)
    np.testing.assert_allclose(recent["usage"], usage[-len(recent) :], rtol=1e-11)
    read = read_as_repaired(ws, DAMAGED, columns=["usage"])
    np.testing.assert_allclose(read["usage"], usage, rtol=1e-11)
    with pytest.raises(MissingColumnError, match="gone"):
        read_as_repaired(ws, DAMAGED, columns=["gone"])
    batch = Batch("renewals", DAMAGED, day(49), 60)
    champion = ws.registry.champion("renewals")
    both = champion, champion

    def everything(frame: pd.DataFrame, _: Batch) -> np.ndarray:
        return np.ones(len(frame), dtype=bool)

    losses, _ = side_by_side._losses(ws, both, batch, everything)
    reviewed: Any = SimpleNamespace(seen=SimpleNamespace(batch=batch))
    ((_, column),) = analyst._rows(ws, "usage", [reviewed])
    np.testing.assert_allclose(column["usage"], usage, rtol=1e-11)
    deliver(ws, lambda rows: rows)
    expected, _ = side_by_side._losses(ws, both, batch, everything)
    assert len(expected) == 60
    np.testing.assert_allclose(losses, expected, rtol=1e-6)


def test_labels_of_a_window_that_is_held_back_say_nothing_of_the_model(held: Held) -> None:
    later = Batch("renewals", Window(day(41), day(42)), day(43), 60)
    assert DAMAGED.key in context._damaged_before(held.ws, later)
    held.let_in()
    assert DAMAGED.key not in context._damaged_before(held.ws, later), "they are read as they were repaired"


def test_a_repair_whose_plan_breaks_keeps_no_window_from_its_quarantine(
    adopted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = copy_of(adopted, tmp_path)
    incident = incident_in(ws, in_cents)

    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("airmedic_core.actions.repair.Repair.plan", breaks)
    decision = decided(ws, incident)
    assert decision.follow_up is None
    assert {"action": "repair", "limit": "plan", "reason": "It failed (ZeroDivisionError)."} in decision.skipped
    assert usable_rows(ws, DAMAGED)[1] == {"quarantined": 60}


def test_a_repair_that_does_not_help_any_more_is_undone_and_the_window_stays_out(held: Held) -> None:
    approve(held.ws, held.proposal)
    # Between the question and the answer all labels were turned round: the model is worse on these rows.
    deliver(held.ws, lambda rows: in_cents(rows).assign(churned=1 - rows["churned"]))
    result = carry_out(held.ws, held.proposal.hash, now=NOW)
    assert result.status == "undone", result.summary
    assert "did not help" in result.summary
    assert repair_on_record(held.ws, DAMAGED) is None
    assert not list((held.ws.settings.home / "repaired").rglob("*.parquet"))
    assert usable_rows(held.ws, DAMAGED)[1] == {"quarantined": 60}


def test_undone_later_the_window_is_read_as_it_arrived_and_kept_out(held: Held) -> None:
    held.let_in()
    assert usable_rows(held.ws, DAMAGED)[1] == {}
    assert undo(held.ws, held.proposal.hash, now=NOW).status == "undone"
    assert usable_rows(held.ws, DAMAGED)[1] == {"quarantined": 60}
    deliver(held.ws, lambda rows: rows)
    assert look(held.ws) != "incident"
    assert lift_quarantine(held.ws, resolve_batch(held.ws, window=DAMAGED, moment=day(43))), "a sound look lifts it"


def test_a_longer_window_holds_the_repaired_rows_at_their_time(held: Held) -> None:
    held.let_in()
    rows, left_out = usable_rows(held.ws, Window(day(38), day(43)))
    assert left_out == {}
    assert rows["at"].is_monotonic_increasing
    assert len(rows) == 5 * 60
    same(rows[(rows["at"] >= DAMAGED.start) & (rows["at"] < DAMAGED.end)], sound())


def test_of_a_sample_the_repaired_rows_are_as_large_a_share_as_the_others(held: Held) -> None:
    held.let_in()
    data = held.ws.spec.data.model_copy(update={"sample_rows": 60})
    ws = replace(held.ws, spec=held.ws.spec.model_copy(update={"data": data}))
    rows, left_out = usable_rows(ws, Window(day(38), day(43)), sampled=True)
    assert left_out == {}
    per_day = rows["at"].dt.floor("D").value_counts()
    # 60 of the 300 rows of five days: twelve of each, give or take the steps of the sample.
    assert len(per_day) == 5
    assert per_day.between(10, 14).all(), per_day


def test_copies_hold_whole_rows_and_are_kept_from_others_and_pruned_with_the_repair(held: Held) -> None:
    held.let_in()
    ws, home = held.ws, held.ws.settings.home
    (copy,) = copies_of(home, "renewals").glob("*.parquet")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (copy, copy.parent, home / "repaired")] == [
        0o600,
        0o700,
        0o700,
    ]
    assert forget_copies(ws.ledger, home, "renewals", before=DAMAGED.start) == 0
    end_repair(ws.ledger, "renewals", DAMAGED.key, author="bob")
    assert forget_copies(ws.ledger, home, "renewals", before=DAMAGED.start, dry_run=True) == 1
    assert copy.exists()
    assert forget_copies(ws.ledger, home, "renewals", before=DAMAGED.start) == 1
    assert not copy.exists()


def test_predictions_that_were_only_logged_cannot_be_made_anew(held: Held) -> None:
    spec = held.ws.spec.model_copy(update={"registry": "none"})
    with pytest.raises(RepairError, match="no version here can make new ones"):
        ACTIONS.member("repair").plan(replace(held.ws, spec=spec), held.incident, None)


def test_a_private_column_is_not_named_in_a_proposal_and_so_not_repaired(held: Held) -> None:
    spec = held.ws.spec.model_copy(update={"private": ("usage",)})
    with pytest.raises(RepairError) as refused:
        ACTIONS.member("repair").plan(replace(held.ws, spec=spec), held.incident, None)
    assert "usage" not in str(refused.value)


def test_why_a_private_column_has_no_way_back_is_not_told(held_with: Callable[[Fault], Held]) -> None:
    held = held_with(rounded_away)
    action = ACTIONS.member("repair")
    with pytest.raises(RepairError, match="usage has"):
        action.plan(held.ws, held.incident, None)
    spec = held.ws.spec.model_copy(update={"private": ("usage",)})
    with pytest.raises(RepairError) as refused:
        action.plan(replace(held.ws, spec=spec), held.incident, None)
    assert "usage" not in str(refused.value)
    assert "rounded" not in str(refused.value)


def test_a_check_that_breaks_on_the_copy_keeps_no_window_from_its_quarantine(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("airmedic_core.checks.run_group", breaks)
    with pytest.raises(RepairError, match=r"could not be tried \(ZeroDivisionError\)"):
        ACTIONS.member("repair").plan(held.ws, held.incident, None)


def test_the_trial_of_windows_has_an_end(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airmedic_core.actions.repair._MOST_SECONDS", -1.0)
    with pytest.raises(RepairError, match="no time to try it"):
        ACTIONS.member("repair").plan(held.ws, held.incident, None)
