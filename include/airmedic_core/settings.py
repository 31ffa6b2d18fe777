"""Says where things are: read once from the environment, with defaults that work on one machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from airmedic_core.errors import SpecError

_SOURCE_ROOT = Path(__file__).resolve().parents[1]

_LONGEST_LEASE_SECONDS = 3600
"""The longest lease in seconds: after an hour, a process that died would have held up others for too long."""

AUDIT_KEY = "AIRMEDIC_AUDIT_KEY"
"""Environment variable that holds the key which signs the audit chain."""


@dataclass(frozen=True)
class Settings:
    """Places and addresses of one installation.

    Use :meth:`from_env` everywhere but in tests.
    """

    home: Path
    """Local state: the profiles of past windows, and the ledger and MLflow store where they are embedded."""
    content: Path
    """The team's own content: ``models/ policies/ expectations/ runbooks/ incidents/``."""
    ledger_url: str
    """SQLAlchemy URL of the ledger."""
    tracking_uri: str
    """MLflow tracking and registry address."""
    environment: str
    """Name that the policy knows this installation by: ``production``, ``staging``, …"""
    mlflow_url: str = ""
    """Address of MLflow for browsers, where it differs from the one that tasks use."""
    embedder: str = ""
    """``package.module:function`` that makes a further ranker of runbooks and incidents."""
    reranker: str = ""
    """``package.module:function`` that makes the last look at what was found."""
    lease_seconds: float = 30.0
    """Says how long others wait for a process that died while it acted."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Return the settings that the environment describes.

        Variables: ``AIRMEDIC_HOME``, ``AIRMEDIC_CONTENT``, ``AIRMEDIC_LEDGER_URL``, ``AIRMEDIC_ENVIRONMENT``,
        ``AIRMEDIC_MLFLOW_URL``, ``AIRMEDIC_EMBEDDER``, ``AIRMEDIC_RERANKER``, ``AIRMEDIC_LEASE_SECONDS`` and MLflow's
        own ``MLFLOW_TRACKING_URI``.

        Raises
        ------
        SpecError
            If the lease is no number of seconds.
        """
        env = os.environ if env is None else env
        home = Path(env.get("AIRMEDIC_HOME") or Path(env.get("AIRFLOW_HOME") or Path.cwd()) / ".airmedic").absolute()
        content = env.get("AIRMEDIC_CONTENT")
        return cls(
            home=home,
            content=Path(content).absolute() if content else _default_content(env),
            ledger_url=env.get("AIRMEDIC_LEDGER_URL") or f"sqlite:///{home / 'ledger.db'}",
            tracking_uri=env.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home / 'mlflow.db'}",
            environment=env.get("AIRMEDIC_ENVIRONMENT") or "production",
            mlflow_url=env.get("AIRMEDIC_MLFLOW_URL") or "",
            embedder=env.get("AIRMEDIC_EMBEDDER") or "",
            reranker=env.get("AIRMEDIC_RERANKER") or "",
            lease_seconds=_seconds(env, "AIRMEDIC_LEASE_SECONDS", cls.lease_seconds),
        )

    @property
    def models(self) -> Path:
        """Folder of the model specs."""
        return self.content / "models"

    @property
    def policies(self) -> Path:
        """Folder of the policy files."""
        return self.content / "policies"


def _default_content(env: Mapping[str, str]) -> Path:
    if (_SOURCE_ROOT / "models").is_dir():
        return _SOURCE_ROOT
    return Path(env.get("AIRFLOW_HOME") or Path.cwd()).absolute() / "include"


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    written = env.get(name) or str(default)
    try:
        seconds = float(written)
    except ValueError:
        seconds = -1.0
    if not 1 <= seconds <= _LONGEST_LEASE_SECONDS:
        raise SpecError(f"{name} is {written!r}.", f"Write seconds, from 1 to {_LONGEST_LEASE_SECONDS}.")
    return seconds


def is_on(value: str) -> bool:
    """Return whether a switch is on that is written as text: anything but nothing, 0, false, no or off.

    >>> is_on("yes"), is_on(" Off "), is_on("")
    (True, False, False)
    """
    return value.strip().lower() not in {"", "0", "false", "no", "off"}
