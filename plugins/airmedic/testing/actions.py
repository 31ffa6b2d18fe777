"""Says what each action promises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from airmedic.testing import narrowing
from airmedic.testing.disturbances import DISTURBANCES, INCIDENT_ON, proposed
from airmedic.testing.faults import Dial, DialledError
from airmedic.testing.production import NOW, incident_of
from airmedic.testing.setting import Setting
from airmedic_core.actions import Action, Part, Path, StoppedBy
from airmedic_core.records import Proposal, digest

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_MOST_POINTS = 40
"""Calls of ledger and registry at which ``apply`` is made to fail. Ours make fewer."""


def it_declares_its_traits(action: Action, setting: Setting) -> None:
    """Its words, its way and what stops it hold together."""
    assert action.description.endswith("."), f"its description is no sentence: {action.description!r}"
    assert isinstance(action.changes_production, bool)
    assert action.path in Path
    assert action.part in Part
    assert action.stopped_by in StoppedBy
    assert action.deadline_seconds > 0, "it has no time to be carried out"
    assert not action.choice or action.path.begins, f"people can ask for it, and its path {action.path} only follows"
    assert not action.changes_production or action.stopped_by is not StoppedBy.NOTHING, (
        "it changes production, and the kill switch does not stop it"
    )


def its_plan_is_plain_json_and_changes_nothing(action: Action, setting: Setting) -> None:
    """The parameters are hashed, shown and approved: the same question must have the same hash."""
    ws = setting.workspace()
    incident = incident_of(ws, INCIDENT_ON)
    before = setting.records(ws)
    if setting.arranged.params is not None:
        pytest.skip("it is not planned from an incident")
    params, expected = action.plan(ws, incident, None)
    assert json.loads(json.dumps(params, allow_nan=False)) == params, "its parameters are no plain JSON"
    assert digest(params) == digest(action.plan(ws, incident, None)[0]), "its plan is another one the second time"
    assert expected.strip(), "it expects nothing"
    assert setting.records(ws) == before, "its plan changed production"


def a_dry_run_changes_nothing(action: Action, setting: Setting) -> None:
    """A dry run says in words what would happen."""
    ws = setting.workspace()
    proposal = proposed(ws, action, setting)
    before = setting.records(ws)
    assert action.dry_run(ws, proposal.params).strip(), "its dry run says nothing"
    assert setting.records(ws) == before, "its dry run changed production"


def twice_has_the_effect_of_once(action: Action, setting: Setting) -> None:
    """A task whose worker dies after the work is done is run again."""
    ws = setting.workspace()
    proposal = proposed(ws, action, setting)
    action.precheck(ws, proposal)
    action.snapshot(ws, proposal)
    output = action.apply(ws, proposal, NOW)
    assert json.loads(json.dumps(output, allow_nan=False)) == output, "its output is no plain JSON"
    once = setting.records(ws)
    again = action.apply(ws, proposal, NOW)
    assert setting.records(ws) == once, "applied twice, it changed production twice"
    assert action.verify(ws, proposal, output) == []
    assert action.verify(ws, proposal, again) == []


def what_is_undone_is_as_it_was(action: Action, setting: Setting) -> None:
    """Undoing needs nothing but the snapshot, and may itself be repeated."""
    ws = setting.workspace()
    proposal = proposed(ws, action, setting)
    before = setting.standing(ws)
    action.precheck(ws, proposal)
    snapshot = json.loads(json.dumps(action.snapshot(ws, proposal), allow_nan=False))
    action.apply(ws, proposal, NOW)
    for _ in range(2):
        assert action.undo(ws, proposal, snapshot, NOW).strip(), "its undo does not say what it did"
        assert setting.standing(ws) == before


def what_fails_half_way_can_be_undone(action: Action, setting: Setting) -> None:
    """Whatever call fails, before it has its effect or after, undoing restores what was."""
    ws = setting.workspace()
    proposal = proposed(ws, action, setting)
    before = setting.standing(ws)
    action.precheck(ws, proposal)
    snapshot = json.loads(json.dumps(action.snapshot(ws, proposal), allow_nan=False))
    for point in range(1, _MOST_POINTS):
        for after in (False, True):
            if not _fails(ws, action, proposal, point, after=after):
                assert point > 1 or not action.changes_production or setting.arranged.world is not None, (
                    "it changes production through neither ledger nor registry: arrange its world"
                )
                return
            action.undo(ws, proposal, snapshot, NOW)
            when = "after" if after else "before"
            assert setting.standing(ws) == before, f"undone after a failure {when} call {point}, production differs"


PROMISES = (
    it_declares_its_traits,
    its_plan_is_plain_json_and_changes_nothing,
    a_dry_run_changes_nothing,
    twice_has_the_effect_of_once,
    what_is_undone_is_as_it_was,
    what_fails_half_way_can_be_undone,
    *narrowing.PROMISES,
    *DISTURBANCES,
)


def _fails(ws: Workspace, action: Action, proposal: Proposal, point: int, *, after: bool) -> bool:
    """Apply with a failure at one call of ledger or registry, and return whether it came so far."""
    dial = Dial(point, after=after)
    try:
        action.apply(dial.on_workspace(ws), proposal, NOW)
    except DialledError:
        return True
    return dial.struck
