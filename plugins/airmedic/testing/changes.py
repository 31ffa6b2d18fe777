"""Says what each kind of change that a review may propose promises."""

from __future__ import annotations

import json

from airmedic.testing.production import incident_of, observe
from airmedic.testing.setting import FLIPPED_ON, Setting
from airmedic_core.causes import Cause
from airmedic_core.records import to_json
from airmedic_core.review.changes import Change
from airmedic_core.review.replay import past_windows

_MOST_WINDOWS = 60


def without_history_nothing_is_in_question(change: Change, setting: Setting) -> None:
    """A model that was never watched gives no reason to change anything."""
    ws = setting.workspace()
    assert change.in_question(ws, []) == []


def it_asks_within_bounds_and_changes_nothing(change: Change, setting: Setting) -> None:
    """Each question has values to choose from, and what speaks for them."""
    ws = setting.workspace()
    for number in range(FLIPPED_ON - 8, FLIPPED_ON):
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
    incident_of(ws, FLIPPED_ON)
    before = setting.records(ws)
    asked = change.in_question(ws, past_windows(ws, most=_MOST_WINDOWS))
    for question in asked:
        assert question.options, f"{question.key} is in question, with nothing to choose from"
        for value in question.options:
            suggestion = question.play(value)
            assert (suggestion.key, suggestion.after) == (question.key, value)
        for witness in question.witnesses:
            json.dumps(to_json(witness), allow_nan=False)
    keys = [question.key for question in asked]
    assert len(set(keys)) == len(keys), f"settings are in question twice: {keys}"
    assert setting.records(ws) == before


PROMISES = (without_history_nothing_is_in_question, it_asks_within_bounds_and_changes_nothing)
