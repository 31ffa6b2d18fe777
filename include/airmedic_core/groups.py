"""Groups of approvers: who is in them is said in ``policies/groups.yaml``, by names or by roles of Airflow."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError, model_validator

from airmedic_core.bounded_yaml import read_yaml
from airmedic_core.errors import SpecError, closest
from airmedic_core.spec import Section, explain

GROUPS = "groups"
"""Name of the file, which is therefore no policy's."""

PREFIX = "group:"
"""Says how lists of approvers name a group: ``group:ml-platform``."""

_ID = re.compile(r"\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""Auth managers number their users, or give them UUIDs."""

RolesOf = Callable[[str], Collection[str]]
"""Returns the roles that a user of the scheduler's auth manager has at the moment."""


def no_roles(name: str) -> tuple[str, ...]:  # noqa: ARG001  every user has none
    """Return no roles: what stands where there is no auth manager."""
    return ()


def is_id(name: str) -> bool:
    """Return whether a name looks like the id that an auth manager gives its users.

    >>> is_id("7"), is_id("0f8fad5b-d9cb-469f-a165-70867728950e"), is_id("anna")
    (True, True, False)
    """
    return _ID.fullmatch(name) is not None


def not_groups(approvers: Iterable[str]) -> tuple[str, ...]:
    """Return the entries of a list of approvers that name people: whoever is called like a group is not in it."""
    return tuple(approver for approver in approvers if not approver.startswith(PREFIX))


class Group(Section):
    """The people of one group. Short form: the list of its members."""

    members: tuple[str, ...] = ()
    """User names or ids of Airflow."""
    roles: tuple[str, ...] = ()
    """Roles of Airflow's auth manager: a person who has one of them at the moment of an answer is in the group."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: Any) -> Any:
        return {"members": raw} if isinstance(raw, list) else raw


class _File(Section):
    groups: Mapping[str, Group]


@dataclass(frozen=True)
class Groups:
    """All groups of an installation."""

    by_name: Mapping[str, Group] = field(default_factory=dict)

    def of(self, names: Iterable[str], roles_of: RolesOf = no_roles) -> tuple[str, ...]:
        """Return the groups that a person is in, as lists of approvers name them.

        Parameters
        ----------
        names : iterable of str
            What the person is called: user name and id.
        roles_of : callable
            Asked for the person's roles, and only where a group is made of roles.
        """
        called = [name for name in names if name]
        with_roles = any(group.roles for group in self.by_name.values())
        roles = {role for name in called for role in roles_of(name)} if with_roles else set()
        return tuple(
            f"{PREFIX}{name}"
            for name, group in self.by_name.items()
            if not roles.isdisjoint(group.roles) or any(person in group.members for person in called)
        )

    def people(self, approvers: Sequence[str]) -> tuple[str, ...] | None:
        """Return the approvers with the members in place of their groups; nothing where a group is made of roles."""
        people: list[str] = []
        for approver in approvers:
            group = self.by_name.get(approver.removeprefix(PREFIX)) if approver.startswith(PREFIX) else None
            if group is not None and group.roles:
                return None
            people += group.members if group is not None else [] if approver.startswith(PREFIX) else [approver]
        return tuple(dict.fromkeys(people))

    def problems(self, approvers: Iterable[str]) -> list[str]:
        """Return which of some approvers are groups that there are not."""
        named = [approver.removeprefix(PREFIX) for approver in approvers if approver.startswith(PREFIX)]
        return [
            f"There is no group {name!r} in policies/{GROUPS}.yaml. {closest(name, self.by_name)}".strip()
            for name in dict.fromkeys(named)
            if name not in self.by_name
        ]


def load_groups(folder: Path) -> Groups:
    """Read the groups of approvers; there are none where there is no file.

    Parameters
    ----------
    folder : Path
        The content folder's ``policies/``.

    Raises
    ------
    SpecError
        If the file is not valid. A retry does not help.
    """
    path = folder / f"{GROUPS}.yaml"
    try:
        raw = read_yaml(path)
    except FileNotFoundError:
        return Groups()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(f"The groups in {path.name} cannot be read: {error}", "Correct the file.") from error
    try:
        return Groups(_File.model_validate({"groups": raw or {}}).groups)
    except ValidationError as error:
        told = "\n".join(explain(error, _File))
        raise SpecError(f"The groups in {path.name} are not valid:\n{told}", "Write name: [members].") from error
