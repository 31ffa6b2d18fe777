"""The types of Airmedic's own connections: what their forms show, and what *Test* tries."""

from __future__ import annotations

from airflow.sdk import BaseHook

from airmedic.hooks import workspace
from airmedic_core.errors import AirmedicError


class LedgerHook(BaseHook):
    """A connection to the ledger, ``airmedic_ledger``."""

    conn_name_attr = "connection_id"
    default_conn_name = workspace.LEDGER_CONNECTION
    conn_type = "airmedic_ledger"
    hook_name = "Airmedic ledger"

    def __init__(self, connection_id: str = default_conn_name) -> None:
        super().__init__()
        self.connection_id = connection_id

    def test_connection(self) -> tuple[bool, str]:
        """Open the ledger, without making one."""
        from airmedic_core.ledger import Ledger

        try:
            ledger = Ledger.open(workspace.ledger_url(self.get_connection(self.connection_id)), create=False)
            return True, f"The ledger holds {ledger.audit_head().sequence:,} audit records."
        except AirmedicError as error:
            return False, str(error)


class MlflowHook(BaseHook):
    """A connection to MLflow, ``airmedic_mlflow``."""

    conn_name_attr = "connection_id"
    default_conn_name = workspace.MLFLOW_CONNECTION
    conn_type = "airmedic_mlflow"
    hook_name = "Airmedic MLflow"

    def __init__(self, connection_id: str = default_conn_name) -> None:
        super().__init__()
        self.connection_id = connection_id

    def test_connection(self) -> tuple[bool, str]:
        """Ask MLflow whether it answers."""
        from dataclasses import replace

        from airmedic_core.reports.runs import probe
        from airmedic_core.settings import Settings

        address = workspace.tracking_uri(self.get_connection(self.connection_id))
        try:
            probe(replace(Settings.from_env(), tracking_uri=address))
        except AirmedicError as error:
            return False, str(error)
        return True, "MLflow answers."


class AuditKeyHook(BaseHook):
    """A connection whose password signs the audit chain, ``airmedic_audit_key``."""

    conn_name_attr = "connection_id"
    default_conn_name = workspace.AUDIT_KEY_CONNECTION
    conn_type = "airmedic_audit_key"
    hook_name = "Airmedic audit key"
