"""The configuration critic by rules: proposes a bounded change that would have spared false alarms and missed none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.review.changes import CHANGES
from airmedic_core.review.option import InQuestion, Suggestion
from airmedic_core.review.replay import past_windows

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

WINDOWS = 60


def suggestions(ws: Workspace) -> list[Suggestion]:
    """Return the changes that the last windows speak for, the one that spares most first.

    An alarm was false if a person rejected what was proposed for its incident or the incident turned out harmless, real
    if its incident ended otherwise. An incident that nobody answered says nothing.
    """
    return holding(questions(ws))


def questions(ws: Workspace, *, most_windows: int = WINDOWS) -> list[InQuestion]:
    """Return the settings that history puts in question."""
    windows = past_windows(ws, most=most_windows)
    members = sorted(CHANGES.working().values(), key=lambda member: member.order)
    return [asked for member in members for asked in member.in_question(ws, windows)]


def holding(asked: Sequence[InQuestion]) -> list[Suggestion]:
    """Return for each setting the most effective value that spares something and misses nothing, played back.

    What is dear to play back is looked at only where nothing else helps.
    """
    for dear in (False, True):
        helpful = [best for question in asked if question.dear is dear and (best := _best(question)) is not None]
        if helpful:
            return sorted(helpful, key=lambda suggestion: -len(suggestion.spared))
    return []


def _best(asked: InQuestion) -> Suggestion | None:
    return next((played for value in asked.options if (played := asked.play(value)).holds), None)
