"""The roles of people, as Airflow's auth manager has them at the moment."""

from __future__ import annotations

import logging
from urllib.parse import quote

from airflow.sdk.configuration import conf

from airmedic.hooks.workspace import find_connection
from airmedic_core.groups import is_id

AIRFLOW_CONNECTION = "airmedic_airflow"
"""Address of Airflow's API server, with a login that may read users: only FAB's roles are asked for there."""

_FAB_USER = "/auth/fab/v1/users/"
_ANSWERS_WITHIN_SECONDS = 10
"""Sets how long the API server may take. It reads one user."""
_log = logging.getLogger(__name__)


def roles_of(name: str) -> tuple[str, ...]:
    """Return the roles of a user; none where they cannot be asked for, so that nobody gains anything by that.

    The simple auth manager keeps a role, and teams, in Airflow's configuration, which every worker has. FAB keeps them
    in Airflow's database, which no task may read: its REST API is asked, through the connection ``airmedic_airflow``.
    Of other auth managers no roles are known; groups of members do for them.
    """
    manager = conf.get("core", "auth_manager", fallback="SimpleAuthManager")
    if is_id(name):
        # Roles belong to user names. Somebody may have taken another user's id for a name.
        return ()
    if manager.endswith("SimpleAuthManager"):
        return _simple_roles(name)
    return _fab_roles(name) if manager.endswith("FabAuthManager") else ()


def _simple_roles(name: str) -> tuple[str, ...]:
    for user in conf.getlist("core", "simple_auth_manager_users", fallback=[]):
        username, _, rest = user.strip().partition(":")
        if username == name:
            role, _, teams = rest.partition(":")
            return tuple(filter(None, (role, *teams.split("|"))))
    return ()


def _fab_roles(name: str) -> tuple[str, ...]:
    import httpx

    connection = find_connection(AIRFLOW_CONNECTION)
    if connection is None:
        _log.warning("Without the connection %s nobody's roles are known.", AIRFLOW_CONNECTION)
        return ()
    host = connection.host or ""
    address = host if "://" in host else f"{connection.conn_type or 'http'}://{host}"
    address = f"{address}:{connection.port}" if connection.port else address
    signed_in = {"username": connection.login, "password": connection.password}
    try:
        with httpx.Client(base_url=address, timeout=_ANSWERS_WITHIN_SECONDS) as client:
            token = client.post("/auth/token", json=signed_in).raise_for_status().json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            user = client.get(f"{_FAB_USER}{quote(name, safe='')}", headers=headers).raise_for_status().json()
    except (httpx.HTTPError, ValueError, KeyError) as error:
        _log.warning("The roles of %r could not be asked for: %s", name, error)
        return ()
    # A server that folds names must not hand over somebody else's roles.
    return tuple(role["name"] for role in user.get("roles") or ()) if user.get("username") == name else ()
