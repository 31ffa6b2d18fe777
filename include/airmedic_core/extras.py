"""Which extra of the package brings which library, and what is said where one is not installed.

The engine installs without Airflow, MLflow and other heavy libraries: ``pip install airmedic`` brings what ``check``,
``gate``, ``init`` and ``validate`` need. Everything else is an extra, and is imported where it is used.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

from airmedic_core.errors import AirmedicError


class Library(NamedTuple):
    """A library that an extra brings."""

    title: str
    extra: str


LIBRARIES = {
    "airflow": Library("Apache Airflow", "airflow"),
    "alembic": Library("Alembic", "ledger"),
    "anthropic": Library("the client of Anthropic", "llm"),
    "duckdb": Library("DuckDB", "sql"),
    "evidently": Library("Evidently", "evidently"),
    "great_expectations": Library("Great Expectations", "quality"),
    "httpx2": Library("HTTPX 2", "llm"),
    "ibis": Library("Ibis", "sql"),
    "matplotlib": Library("Matplotlib", "plots"),
    "mlflow": Library("MLflow", "mlflow"),
    "optuna": Library("Optuna", "mlflow"),
    "requests": Library("Requests", "mlflow"),
    "slack_sdk": Library("the client of Slack", "slack"),
    "sqlalchemy": Library("SQLAlchemy", "ledger"),
}
"""Top-level module → what it is, and the extra that brings it."""


class MissingExtraError(AirmedicError):
    """A library is needed that was not installed. A retry does not help: install the extra that the error names."""


def missing_extra(error: BaseException) -> MissingExtraError | None:
    """Return what to say of a library that could not be imported, or nothing where no extra would bring it.

    >>> print(missing_extra(ModuleNotFoundError("No module named 'mlflow'", name="mlflow.sklearn")))
    MLflow is not installed. Install it: pip install "airmedic[mlflow]"
    >>> print(missing_extra(ValueError("mlflow")))
    None
    """
    if not isinstance(error, ModuleNotFoundError):
        return None
    module = (error.name or "").partition(".")[0]
    return missing_library(module) if module in LIBRARIES else None


def missing_library(module: str) -> MissingExtraError:
    """Return what to say where a library of :data:`LIBRARIES` is not installed."""
    title, extra = LIBRARIES[module]
    return MissingExtraError(
        f"{title[0].upper()}{title[1:]} is not installed.", f'Install it: pip install "airmedic[{extra}]"'
    )


def is_installed(module: str) -> bool:
    """Return whether a library is there, without importing it."""
    return find_spec(module) is not None
