"""Versions of registered models: found by alias, by number or by tag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from airmedic_core.errors import ModelError, NoChampionError
from airmedic_core.registry.store import Store

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model."""

    name: str
    version: str
    run_id: str
    created_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)


class Versions(Store):
    """Finding versions, and the aliases that they carry."""

    def by_alias(self, name: str, alias: str) -> ModelVersion | None:
        """Return the version that carries an alias, or None."""
        version = self._aliases(name).get(alias)
        return None if version is None else self.version(name, version)

    def champion(self, name: str) -> ModelVersion:
        """Return the version that serves.

        Raises
        ------
        NoChampionError
            If no version carries the alias. A retry does not help: adopt one first.
        """
        champion = self.by_alias(name, CHAMPION)
        if champion is None:
            raise NoChampionError(
                f"No version of {name!r} carries the alias {CHAMPION!r} in MLflow at {self.address}.",
                f"Train the first one with 'airmedic adopt --model {name}', or set the alias in MLflow and run that.",
            )
        return champion

    def version(self, name: str, version: str) -> ModelVersion:
        """Return one version.

        Raises
        ------
        ModelError
            If it does not exist.
        """
        with self.answering():
            return version_of(self.client.get_model_version(name, version))

    def versions(self, name: str) -> list[ModelVersion]:
        """Return all versions, newest first; empty where the model is not registered."""
        with self.answering():
            versions = self.client.search_model_versions(f"name='{name}'")
        return sorted(map(version_of, versions), key=lambda version: int(version.version), reverse=True)

    def find(self, name: str, tag: str, value: str) -> ModelVersion | None:
        """Return the newest version with a tag of this value, or None.

        Parameters
        ----------
        name : str
            The model's name.
        tag : str
            The tag's name.
        value : str
            The value that it must have.
        """
        return next((version for version in self.versions(name) if version.tags.get(tag) == value), None)

    def tag(self, name: str, version: str, tag: str, value: str) -> None:
        """Set a tag of a version.

        Parameters
        ----------
        name : str
            The model's name.
        version : str
            The version.
        tag : str
            The tag's name.
        value : str
            Its new value.
        """
        with self.answering():
            self.client.set_model_version_tag(name, version, tag, value)

    def _aliases(self, name: str) -> dict[str, str]:
        try:
            with self.answering():
                aliases = self.client.get_registered_model(name).aliases
        except ModelError:
            return {}
        return {alias: str(version) for alias, version in aliases.items()}


def version_of(answer: Any) -> ModelVersion:
    """Return a version as MLflow gives it."""
    return ModelVersion(
        name=answer.name,
        version=str(answer.version),
        run_id=answer.run_id or "",
        created_at=datetime.fromtimestamp(answer.creation_timestamp / 1000, tz=UTC),
        tags=dict(answer.tags or {}),
    )
