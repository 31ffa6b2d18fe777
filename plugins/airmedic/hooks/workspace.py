"""Opens a model's workspace with the addresses that Airflow's connections hold."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from airmedic.hooks.switches import variable_switch
from airmedic_core.errors import SpecError
from airmedic_core.settings import AUDIT_KEY, Settings

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airmedic_core.workspace import Workspace

LEDGER_CONNECTION = "airmedic_ledger"
MLFLOW_CONNECTION = "airmedic_mlflow"
AUDIT_KEY_CONNECTION = "airmedic_audit_key"
"""Its password signs the audit chain."""

_LEDGER_TYPE, _MLFLOW_TYPE = "airmedic_ledger", "airmedic_mlflow"
"""The types that Airmedic brings; connections of other types, such as postgres and http, serve as well."""
_DRIVERS = {"postgres": "postgresql+psycopg", "mysql": "mysql+pymysql"}


def open_workspace(model: str) -> Workspace:
    """Open the workspace of a monitored model.

    The environment says where things are; the connections ``airmedic_ledger`` and ``airmedic_mlflow``, where they
    exist, say otherwise.

    Parameters
    ----------
    model : str
        Name of the model spec, without ``.yaml``.

    Raises
    ------
    SpecError
        If there is no such spec or it is not valid. A retry does not help.
    LedgerBusyError
        If the ledger does not answer. A retry helps.
    """
    from airmedic.hooks.roles import roles_of
    from airmedic_core.workspace import Workspace

    workspace = replace(Workspace.open(model, settings()), switches=(variable_switch,), roles_of=roles_of)
    _hand_over(workspace.spec.data.connection)
    return workspace


def settings() -> Settings:
    """Return the settings of this installation, with what Airflow's connections add."""
    # These only make noise in task logs.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    configured = Settings.from_env()
    if ledger := find_connection(LEDGER_CONNECTION):
        configured = replace(configured, ledger_url=ledger_url(ledger))
    if mlflow := find_connection(MLFLOW_CONNECTION):
        configured = replace(configured, tracking_uri=tracking_uri(mlflow))
        # MLflow's client takes its credentials from the environment and from nowhere else.
        for variable, value in (
            ("MLFLOW_TRACKING_USERNAME", mlflow.login),
            ("MLFLOW_TRACKING_PASSWORD", mlflow.password),
        ):
            if value:
                os.environ[variable] = value
    if (key := find_connection(AUDIT_KEY_CONNECTION)) and key.password:
        # This shows the key to nobody new: a program that can read this environment can read the connections.
        os.environ[AUDIT_KEY] = key.password
    return configured


def find_connection(connection_id: str) -> Connection | None:
    """Return a connection, or nothing where there is none of that id."""
    try:
        return BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        return None


def ledger_url(connection: Connection) -> str:
    """Return the SQLAlchemy URL of a connection.

    The field ``url`` of its extras wins. Otherwise the URL is put together from type, host, port, schema, login and
    password.

    Raises
    ------
    SpecError
        If it is of the type ``airmedic_ledger`` and names no URL. A retry does not help.
    """
    if url := connection.extra_dejson.get("url"):
        return str(url)
    if connection.conn_type == _LEDGER_TYPE:
        raise SpecError(f"The connection {connection.conn_id!r} names no URL.", "Fill in its field URL.")
    from sqlalchemy import URL

    kind = connection.conn_type or "sqlite"
    if kind == "sqlite":
        return f"sqlite:///{connection.host or connection.schema or ''}"
    return URL.create(
        _DRIVERS.get(kind, kind),
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host or None,
        port=connection.port or None,
        database=connection.schema or None,
    ).render_as_string(hide_password=False)


def _hand_over(connection_id: str) -> None:
    """Put the connection of the rows into the environment, where the engine looks for it."""
    if not connection_id or "://" in connection_id:
        return
    if connection := find_connection(connection_id):
        os.environ[f"AIRFLOW_CONN_{connection_id.upper()}"] = connection.get_uri()


def tracking_uri(connection: Connection) -> str:
    """Return the tracking address of a connection: its host, with or without a scheme, and its port if it has one."""
    host = connection.host or ""
    if "://" not in host:
        kind = "" if connection.conn_type == _MLFLOW_TYPE else connection.conn_type
        host = f"{connection.schema or kind or 'http'}://{host}"
    return f"{host}:{connection.port}" if connection.port else host
