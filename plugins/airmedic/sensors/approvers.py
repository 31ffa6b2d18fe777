"""The people who may answer an approval, and the one who did: names and ids of Airflow's auth manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.configuration import conf

from airmedic_core.groups import Groups, is_id, not_groups

if TYPE_CHECKING:
    from airflow.sdk.execution_time.hitl import HITLUser

_SIMPLE = "SimpleAuthManager"


def names_of(user: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the names that may stand for a user in lists: the id, and a name that does not look like somebody's id."""
    user_id, name = (str((user or {}).get(key) or "") for key in ("id", "name"))
    return tuple(dict.fromkeys(filter(None, (user_id, "" if is_id(name) else name))))


def known_to_airflow(approvers: Sequence[str], groups: Groups | None = None) -> list[HITLUser]:
    """Return the people whom Airflow lets answer; nobody, which means everybody, where it cannot tell them apart.

    Airflow compares ids. Those of the simple auth manager are the names; FAB numbers its users. A list with names would
    shut out everybody there, so that Airflow is not told it, and only Airmedic looks at who has answered.

    Parameters
    ----------
    approvers : sequence of str
        Names, ids or groups, as specs give them.
    groups : Groups, optional
        Who is in the groups. Of one that is made of roles nobody can be listed.
    """
    people = (groups or Groups()).people(approvers)
    if people is None:
        return []
    approvers = people
    by_name = conf.get("core", "auth_manager", fallback=_SIMPLE).endswith(_SIMPLE)
    if by_name or all(is_id(approver) for approver in approvers):
        return [{"id": approver, "name": approver} for approver in approvers]
    return []


def answerer(user: Mapping[str, Any] | None, approvers: Sequence[str]) -> str:
    """Return who answered, called as the approvers call them.

    What looks like an id is compared with ids alone: a user who takes somebody's id as a name gains nothing by it. Nor
    does one who is called like a group: nobody is in a group by a name.

    Parameters
    ----------
    user : mapping or None
        ``id`` and ``name`` as Airflow tells them.
    approvers : sequence of str
        Names or ids, as specs give them.

    Returns
    -------
    str
        The approver's entry; name and id of anybody else; empty where Airflow does not say who it was.
    """
    user_id, name = (str((user or {}).get(key) or "") for key in ("id", "name"))
    for approver in not_groups(approvers):
        if approver == user_id or (approver == name and not is_id(approver)):
            return approver
    return user_id if name in {"", user_id} else f"{name} (id {user_id})"
