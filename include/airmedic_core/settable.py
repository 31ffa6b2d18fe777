"""Which keys of a spec and its policy an approved proposal may change: those that reviews look at, and no others.

Approvers, policy, environment, private columns, paths of data and whatever names code belong to the files alone.
"""

from __future__ import annotations

import re

from airmedic_core.errors import SpecError, closest

SETTABLE = {
    "checks.<check>.<option>": r"checks\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*(\.[a-z0-9_]+)*",
    "window.every": r"window\.every",
    "quality.expectations.<name>": r"quality\.expectations\.[\w.:-]+",
    "policy.limits.cooldown_minutes": r"policy\.limits\.cooldown_minutes",
}
"""Form of a key, for people → the same as a regular expression."""


def require_settable(key: str) -> None:
    """Refuse a key that no review may propose.

    Raises
    ------
    SpecError
        If it is one. A retry does not help: edit the file.
    """
    if not any(re.fullmatch(form, key) for form in SETTABLE.values()):
        hint = closest(key, SETTABLE) if "." in key else f"Known: {', '.join(SETTABLE)}."
        raise SpecError(f"{key!r} cannot be changed by a proposal, only in its file.", hint)
