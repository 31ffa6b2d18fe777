"""The pages of causes and actions: the closed list of what may be wrong, and what can be done about it."""

from __future__ import annotations

from airmedic_core.actions import ACTIONS
from airmedic_core.actions.contract import StoppedBy
from airmedic_core.causes import Cause, Remedy

_CAUSES = """\
# Causes

A diagnosis names one of these, and never anything else. They are looked for in this order: faults of the data before
faults of the model, because a model that is given broken rows is not to blame.

*This page is written by `scripts/write_reference.py` from the code.*

| Cause | Lies in | In words | Decided by |
|---|---|---|---|
"""
_ACTIONS = """\
# Actions

An action is one remedy. Each is planned, checked, carried out, verified, and undone where it did not help; the policy
says which need an approval ([Policy](policy.md)). Teams add their own ([Extending](../extending.md#add-an-action)).

*This page is written by `scripts/write_reference.py` from the code.*
"""
_STOPPED = {
    StoppedBy.LIMITS: "the kill switch and every limit of the policy",
    StoppedBy.KILL_SWITCH: "the kill switch alone, because it protects",
    StoppedBy.NOTHING: "nothing, because it changes nothing",
}


def causes() -> str:
    """Return the page of causes."""
    lines = [
        f"| [`{cause}`](#{cause}) | {cause.traits.kind} | {cause.traits.headline} | {cause.traits.decided_by} |"
        for cause in Cause
    ]
    parts = [_CAUSES + "\n".join(lines) + "\n"]
    for cause in Cause:
        traits = cause.traits
        parts.append(
            f"## `{cause}`\n\n{traits.headline}. Severity unless the evidence says otherwise: {traits.severity}.\n"
        )
        if traits.remedies:
            parts.append("| Remedy | Why | When |\n|---|---|---|\n" + "\n".join(map(_remedy, traits.remedies)) + "\n")
        if traits.settled_by:
            parts.append(f"To tell it from another cause: {_decapitalised(traits.settled_by)}\n")
        if traits.harmed_by:
            parts.append(
                f"Not done while it is likely: {', '.join(f'`{name}`' for name in sorted(traits.harmed_by))}.\n"
            )
    return "\n".join(parts).rstrip() + "\n"


def actions() -> str:
    """Return the page of actions."""
    parts = [_ACTIONS]
    for name in ACTIONS.ours():
        action = ACTIONS.member(name)
        rows = [
            ("changes production", "yes" if action.changes_production else "no"),
            ("path through the remediation", f"`{action.path}`"),
            ("an attempt may take", f"{action.deadline_seconds / 60:g} minutes"),
            ("stopped by", _STOPPED[action.stopped_by]),
            ("in the form", f"*{action.choice}*" if action.choice else "not offered"),
        ]
        if action.undone:
            rows.append(("undone", action.undone))
        if action.needs:
            rows.append(("needs in the spec", ", ".join(f"`{key}`" for key in action.needs)))
        parts.append(f"## `{name}`\n\n{action.description}\n")
        parts.append("| | |\n|---|---|\n" + "\n".join(f"| {key} | {value} |" for key, value in rows) + "\n")
    return "\n".join(parts).rstrip() + "\n"


def _remedy(remedy: Remedy) -> str:
    return f"| [`{remedy.action}`](actions.md#{remedy.action}) | {remedy.why} | {remedy.condition or 'always'} |"


def _decapitalised(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
