"""The people of the cluster, as users of FAB: who asks, who approves, who may only look."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from airmedic_local.errors import RequestRefusedError

REQUESTER, APPROVER, VIEWER = "rita", "anton", "vera"
ROLES = {REQUESTER: "User", APPROVER: "User", VIEWER: "Viewer"}
"""User → role, of those that FAB brings. Who may approve is said by the model's spec, not by the role."""
_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Person:
    """One user."""

    name: str
    password: str
    id: str
    """The number that FAB knows the user by. Airflow compares approvers by it."""


def make_people(url: str, admin: str, password: str, roles: Mapping[str, str] = ROLES) -> dict[str, Person]:
    """Make users through FAB's REST interface, as an administrator would, and return them by name.

    Parameters
    ----------
    url : str
        Address of Airflow.
    admin, password : str
        Login of an administrator.
    roles : mapping of str to str
        User → role.

    Raises
    ------
    RequestRefusedError
        If Airflow refuses.
    """
    people = {}
    with httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS) as http:
        headers = {"Authorization": f"Bearer {_token(http, admin, password)}"}
        for name, role in roles.items():
            secret = secrets.token_urlsafe(12)
            user = {
                "username": name,
                "email": f"{name}@example.com",
                "first_name": name.title(),
                "last_name": "Example",
            }
            body = {**user, "roles": [{"name": role}], "password": secret}
            answer = http.post("/auth/fab/v1/users", json=body, headers=headers)
            if not answer.is_success:
                raise RequestRefusedError(f"FAB makes no user {name!r}: {answer.text[:300]}", answer.status_code)
            people[name] = Person(name, secret, _subject(_token(http, name, secret)))
    return people


def _token(http: httpx.Client, name: str, password: str) -> str:
    answer = http.post("/auth/token", json={"username": name, "password": password})
    if not answer.is_success:
        raise RequestRefusedError(f"Airflow gives {name!r} no token: {answer.text[:300]}", answer.status_code)
    token: str = answer.json()["access_token"]
    return token


def _subject(token: str) -> str:
    """Return whom a token is for. Airflow's server verifies it; here it is only read."""
    payload = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"])
