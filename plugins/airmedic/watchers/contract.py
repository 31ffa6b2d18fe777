"""Describes what each watcher offers."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

from airmedic_core.errors import SpecError
from airmedic_core.schedules import watched
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    from airflow.triggers.base import BaseEventTrigger


class Watcher(Protocol):
    """One kind of place where files land or messages arrive."""

    place: str = ""
    """Says what the schedule names behind the watcher, in a word for messages; empty where it names nothing."""
    extra: str = ""
    """The extra of the package that brings what it needs."""
    modules: tuple[str, ...] = ()
    """The modules that the extra brings."""

    def check(self, spec: ModelSpec, place: str) -> None:
        """Check that the schedule says what to watch, and nothing more.

        Raises
        ------
        SpecError
            If it names no place where one is needed, or one where none is. A retry does not help.
        """
        if bool(place) != bool(self.place):
            raise SpecError(f"schedule {spec.schedule!r} does not say what to watch.", f"Write {self.form(spec)}.")

    def form(self, spec: ModelSpec) -> str:
        """Return how a schedule names this watcher."""
        chosen = watched(spec.schedule)
        name = chosen.watcher if chosen else ""
        return f"watch:{name}" + (f":<{self.place}>" if self.place else "")

    @abstractmethod
    def trigger(self, spec: ModelSpec, place: str, connection: str) -> BaseEventTrigger:
        """Return what Airflow's triggerer runs. DAG files make it each time they are read: import nothing heavy.

        Parameters
        ----------
        spec : ModelSpec
            The model.
        place : str
            What the schedule names.
        connection : str
            The id of an Airflow connection; empty for the usual one.
        """
