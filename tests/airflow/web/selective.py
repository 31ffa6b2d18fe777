"""Airflow's simple auth manager, with one model that only admins may read."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager


class SelectiveAuthManager(SimpleAuthManager):
    def is_authorized_dag(self, *, user: Any, details: Any = None, **more: Any) -> bool:
        if details is not None and details.id == "monitor__secret" and str(user.role).lower() != "admin":
            return False
        return super().is_authorized_dag(user=user, details=details, **more)
