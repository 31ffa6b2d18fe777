"""Says what an action promises of the parameters that it lets approvers narrow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airmedic.testing.disturbances import proposed
from airmedic.testing.setting import Setting
from airmedic_core.actions import Action
from airmedic_core.decide.narrow import changed_beside
from airmedic_core.errors import AirmedicError, NarrowingError
from airmedic_core.narrowing import RESERVED, Choice, Field, Moment, Number
from airmedic_core.records import Json, Proposal, digest
from airmedic_core.windows import as_utc

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_NONSENSE: Sequence[Any] = (
    "",
    "x" * 10_000,
    "NaN",
    "1e400",
    "0001-01-01T00:00:00+23:59",
    [],
    {},
    True,
    10**400,
    -1e308,
)
"""Says what somebody may send in place of a value: no form holds it back."""


def its_bounds_hold(action: Action, setting: Setting) -> None:
    """The parameters that are proposed lie within the bounds, and nothing beyond them, or of another kind, is taken."""
    proposal = proposed(setting.workspace(), action, setting)
    fields = action.narrowing(proposal)
    names = [field.name for field in fields]
    assert len(set(names)) == len(names), f"two fields have one name: {names}"
    assert RESERVED.isdisjoint(names), f"every form has a field of this name: {names}"
    for field in fields:
        assert field.read(field.proposed) == proposal.params.get(field.name), f"{field.name} is not what is proposed"
        for value in (*_NONSENSE, *_beyond(field)):
            with suppress(NarrowingError):
                raise AssertionError(f"{field.name} takes {field.read(value)!r} for {value!r:.60}")


def what_is_narrowed_is_never_wider(action: Action, setting: Setting) -> None:
    """A narrowed plan holds what was chosen, is the same the second time, and cannot be widened again."""
    ws = setting.workspace()
    proposal = proposed(ws, action, setting)
    before = setting.records(ws)
    for field in action.narrowing(proposal):
        planned = [child for value in _within(field) if (child := _narrowed(ws, action, proposal, {field.name: value}))]
        assert planned, f"nothing that {field.name} takes can be planned with"
        bounds = {wider.name: wider for wider in action.narrowing(proposal)}
        for child in planned:
            for own in action.narrowing(child):
                assert own.name in bounds, f"narrowed, it lets {own.name} be changed as well"
                for value in (own.proposed, *_ends(own)):
                    bounds[own.name].read(value)
    assert setting.records(ws) == before, "planning it anew changed production"


def _narrowed(ws: Workspace, action: Action, proposal: Proposal, chosen: Json) -> Proposal | None:
    """Return the narrowed proposal, or nothing where the action says that it cannot be planned."""
    try:
        params, expected = action.narrowed(ws, proposal, chosen)
    except AirmedicError:
        return None
    assert params | chosen == params, f"its plan holds other values than {chosen}"
    changed = changed_beside(action, proposal, params)
    assert not changed, f"narrowed, its plan differs in {changed}: name in plans_anew what follows from {[*chosen]}"
    assert json.loads(json.dumps(params, allow_nan=False)) == params, "its parameters are no plain JSON"
    assert digest(params) == digest(action.narrowed(ws, proposal, chosen)[0]), "its plan is another one the second time"
    assert expected.strip(), "it expects nothing"
    return replace(proposal, params=params, expected=expected, parent=proposal.hash)


def _within(field: Field) -> Sequence[Any]:
    """Return values that are narrower than the proposed one: a team's own kind of field has none that are known."""
    if isinstance(field, Moment):
        earliest, latest = as_utc(field.earliest), as_utc(field.latest)
        return [(earliest + (latest - earliest) * part).isoformat() for part in (0.2, 0.5, 0.8)]
    if isinstance(field, Number):
        return [field.low + (field.high - field.low) * part for part in (0.2, 0.5, 0.8)]
    return field.others if isinstance(field, Choice) else (field.proposed,)


def _ends(field: Field) -> Sequence[Any]:
    if isinstance(field, Moment):
        return field.earliest, field.latest
    if isinstance(field, Number):
        return field.low, field.high
    return field.options if isinstance(field, Choice) else ()


def _beyond(field: Field) -> Sequence[Any]:
    if isinstance(field, Moment):
        moment = timedelta(microseconds=1)
        return (as_utc(field.earliest) - moment).isoformat(), (as_utc(field.latest) + moment).isoformat()
    if isinstance(field, Number):
        step = max(abs(field.low), abs(field.high), 1.0) * 1e-9
        return field.low - step, field.high + step
    return (f"{field.proposed} ", "0") if isinstance(field, Choice) else ()


PROMISES = (its_bounds_hold, what_is_narrowed_is_never_wider)
