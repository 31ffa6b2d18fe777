"""A repair on its way: found, tried, asked about, carried out, looked at again, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.decide.in_words import undoing
from airmedic_core.errors import ActionError, RepairError
from airmedic_core.execution import carry_out
from airmedic_core.incident_lifecycle import close_incident, look_at_repaired
from airmedic_core.records import Cause, IncidentState
from airmedic_core.repair import (
    repair_marks,
    repair_on_record,
)
from airmedic_core.training.rows import usable_rows
from tests.core.actions.damaged_day import (
    DAMAGED,
    Fault,
    Held,
    decided,
    deliver,
    in_cents,
    incident_in,
    look,
    same,
    sound,
)
from tests.core.remediations import approve
from tests.core.renewals import NOW, copy_of

FAULTS: dict[str, Fault] = {
    "another unit": in_cents,
    "rows three times": lambda rows: pd.concat([rows] * 3),
    "categories renamed": lambda rows: rows.assign(plan=rows["plan"].str.upper()),
}


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
