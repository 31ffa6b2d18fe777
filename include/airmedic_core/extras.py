"""Which extra of the package brings which library, and what is said where one is not installed.

The engine installs without Airflow, MLflow and other heavy libraries: ``pip install airmedic`` brings what ``check``,
``gate``, ``init`` and ``validate`` need. Everything else is an extra, and is imported where it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from airmedic_core.errors import AirmedicError


class Library(NamedTuple):
    """A library that an extra brings."""

    title: str
    extra: str


LIBRARIES = {
    "aiobotocore": Library("the client of Amazon SQS", "sqs"),
    "airflow": Library("Apache Airflow", "airflow"),
    "alembic": Library("Alembic", "ledger"),
    "anthropic": Library("the client of Anthropic", "llm"),
    "confluent_kafka": Library("the client of Kafka", "kafka"),
    "duckdb": Library("DuckDB", "sql"),
    "evidently": Library("Evidently", "evidently"),
    "fastapi": Library("FastAPI", "serve"),
    "great_expectations": Library("Great Expectations", "quality"),
    "httpx2": Library("HTTPX 2", "llm"),
    "ibis": Library("Ibis", "sql"),
    "mlflow": Library("MLflow", "mlflow"),
    "optuna": Library("Optuna", "mlflow"),
    "openlineage": Library("the client of OpenLineage", "openlineage"),
    "redis": Library("the client of Redis", "redis"),
    "requests": Library("Requests", "mlflow"),
    "slack_sdk": Library("the client of Slack", "slack"),
    "sqlalchemy": Library("SQLAlchemy", "ledger"),
    "uvicorn": Library("Uvicorn", "serve"),
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
    """Return whether a library is there, without importing it; of a module within one, the packages above it are."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


class Copy(NamedTuple):
    """One place from which a package can be imported."""

    folder: Path
    version: str
    """Holds the version that the installer recorded; empty where nothing was recorded."""

    def __str__(self) -> str:
        """Return the folder, with the version where it is known."""
        return f"{self.folder} ({self.version})" if self.version else str(self.folder)


def copies_of(package: str, *folders: Path) -> list[Copy]:
    """Return where a package lies, the copy that is imported first.

    Parameters
    ----------
    package : str
        Its name, as it is imported.
    *folders : Path
        Where to look beside the places that modules are imported from.
    """
    from importlib.metadata import distributions

    versions = {Path(str(done.locate_file(""))).resolve(): done.version for done in distributions(name="airmedic")}
    copies: dict[Path, Copy] = {}
    for place in (*map(Path, sys.path), *folders):
        if (place / package / "__init__.py").is_file():
            there = (place / package).resolve()
            copies.setdefault(there, Copy(place / package, versions.get(place.resolve(), "")))
    return list(copies.values())


def unmet(declared: Iterable[str], *, extra: str) -> tuple[list[str], list[str]]:
    """Return what is missing of an extra, and what is there in another version than it takes.

    Parameters
    ----------
    declared : iterable of str
        The requirements of the package, as its metadata has them.
    extra : str
        The extra; empty for what the engine itself needs.
    """
    from importlib.metadata import PackageNotFoundError, version

    from packaging.requirements import Requirement

    missing, wrong = [], []
    for requirement in map(Requirement, declared):
        marker = requirement.marker
        of_engine = marker is None or marker.evaluate({"extra": ""})
        of_extra = marker is not None and not of_engine and marker.evaluate({"extra": extra})
        # An extra that names another one is looked at there.
        if requirement.name == "airmedic" or not (of_extra if extra else of_engine):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            missing.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            wrong.append(f"{requirement.name} {installed}, wanted {requirement.specifier}")
    return missing, wrong
