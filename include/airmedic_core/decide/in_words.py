"""A proposal in plain words: what changes, how it is undone, and what follows without a yes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from airmedic_core.actions import infinitive, known_action
from airmedic_core.decide.rejections import UNLESS_SAID
from airmedic_core.numbers import number
from airmedic_core.records import Json, Proposal

_MOST_PARAMETERS = 20
"""Parameters that are put into words. The largest of ours has nine."""
_log = logging.getLogger(__name__)


def changes(proposal: Proposal) -> list[str]:
    """Return what changes once it is approved: as the action says it, else its plain parameters one by one."""
    action = known_action(proposal.action)
    try:
        told = list(action.changes(proposal)) if action else []
    except Exception as error:  # noqa: BLE001  people are asked all the same, and the parameters say it too
        _log.warning("What %s changes cannot be put into words: %s", proposal.action, error)
        told = []
    return told or list(_parameters(proposal.params))


def undoing(proposal: Proposal) -> str:
    """Return how a proposal is undone once it was carried out, and who does it."""
    action = known_action(proposal.action)
    if action is None:
        return "Its package is not installed here, so that nobody can say how it is undone."
    try:
        told = action.undone_by(proposal)
    except Exception as error:  # noqa: BLE001  people are asked all the same, and the traits say it in general
        _log.warning("How %s is undone cannot be put into words: %s", proposal.action, error)
        told = action.undone
    if told:
        return told
    if not action.changes_production:
        return "Nothing has to be undone: production keeps serving what it serves now."
    later = f" Later: {infinitive(action.taken_back_by)}." if action.taken_back_by else ""
    return f"By itself, if a check right afterwards fails.{later}"


def without_a_yes() -> str:
    """Return what happens if it is rejected, or if nobody answers in time."""
    return f"Nothing changes. If rejected, it is asked again in {UNLESS_SAID.days} days or as chosen."


def _parameters(params: Json) -> Iterator[str]:
    plain = {name: value for name, value in params.items() if not isinstance(value, dict | list) and value is not None}
    for name, value in list(plain.items())[:_MOST_PARAMETERS]:
        yield f"{name.replace('_', ' ')}: {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    text = str(value)
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}"
    except ValueError:
        return text
