"""Says what Airflow is told of the connections of Airmedic: their names, and the fields of their forms."""

from __future__ import annotations

from typing import Any

_HOOKS = "airmedic.hooks.connections"


def provider_info() -> dict[str, Any]:
    """Return the description that Airflow asks for, through an entry point of the installed package."""
    return {
        "package-name": "airmedic",
        "name": "Airmedic",
        "description": "Heals machine-learning models in production.",
        "connection-types": [
            {
                "connection-type": "airmedic_ledger",
                "hook-class-name": f"{_HOOKS}.LedgerHook",
                "hook-name": "Airmedic ledger",
                "conn-fields": {
                    "url": {
                        "label": "URL",
                        "description": "As SQLAlchemy writes it: postgresql+psycopg://user:password@host/database",
                        # It may hold a password.
                        "schema": {"type": ["string", "null"], "format": "password"},
                    }
                },
                "ui-field-behaviour": {"hidden-fields": ["host", "schema", "login", "password", "port", "extra"]},
            },
            {
                "connection-type": "airmedic_mlflow",
                "hook-class-name": f"{_HOOKS}.MlflowHook",
                "hook-name": "Airmedic MLflow",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port", "extra"],
                    "relabeling": {"host": "Tracking URI"},
                    "placeholders": {"host": "https://mlflow.example.com"},
                },
            },
            {
                "connection-type": "airmedic_audit_key",
                "hook-class-name": f"{_HOOKS}.AuditKeyHook",
                "hook-name": "Airmedic audit key",
                "ui-field-behaviour": {
                    "hidden-fields": ["host", "schema", "login", "port", "extra"],
                    "relabeling": {"password": "Key"},
                },
            },
        ],
    }
