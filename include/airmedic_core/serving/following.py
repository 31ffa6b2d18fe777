"""Which versions answer: followed in the registry, and taken into use once they are loaded and warm."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError, NoChampionError
from airmedic_core.scoring import score

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.registry import ModelVersion
    from airmedic_core.traffic import Traffic
    from airmedic_core.workspace import Workspace

LOOK_SECONDS = 0.25
"""Sets how often the registry is asked: a switch is to be heeded within a second, of which loading takes a part."""
_RETRY_SECONDS = 5.0
"""Sets how long a version that did not load is left alone: loading one takes the processor from those that answer."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Active:
    """The versions that answer at a moment. A request sees one of these from its beginning to its end."""

    champion: ModelVersion
    trial: Traffic | None = None
    tried: ModelVersion | None = None
    """The version of the trial, once it is loaded."""
    problem: str = ""
    """Why something that the registry says is not heeded; nothing where all is."""


class Follower:
    """Keeps the versions of one model that answer.

    Parameters
    ----------
    ws : Workspace
        The model.
    """

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._ready: set[str] = set()
        self._failed: dict[str, tuple[str, float]] = {}
        self._newest_rows: pd.DataFrame | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="airmedic-follower", daemon=True)
        serving = ws.registry.serving(ws.spec.name)
        if serving.champion is None:
            raise NoChampionError(
                f"No version of {ws.spec.name!r} carries the alias 'champion'.",
                f"Train the first one: airmedic adopt --model {ws.spec.name}",
            )
        champion = ws.registry.version(ws.spec.name, serving.champion)
        ws.registry.model(champion)
        self._ready.add(champion.version)
        self.active = Active(champion)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def remember(self, frame: pd.DataFrame) -> None:
        """Keep rows that were answered, to warm the next version with."""
        # A copy: a view would keep all rows of the request.
        self._newest_rows = frame.head(1).copy()

    def look(self) -> None:
        """Look once, and take into use what the registry says as far as it can be loaded."""
        try:
            serving = self._ws.registry.serving(self._ws.spec.name)
        except AirmedicError as error:
            # Also a trial that cannot be read: what answers goes on to answer.
            self.active = replace(self.active, problem=str(error))
            return
        problems = []
        champion, trial = self.active.champion, serving.trial
        kept = [serving.champion] if serving.champion is not None else []
        if trial is not None and trial.kind == "standby":
            kept += [trial.version, trial.champion]
        for name in kept:
            problems += self._load(name)
        if serving.champion is not None and serving.champion in self._ready:
            champion = self._ws.registry.version(self._ws.spec.name, serving.champion)
        tried = None
        # A trial counts beside the champion that it began with, and beside no other.
        if trial is not None and trial.kind != "standby" and trial.champion == champion.version:
            problems += self._load(trial.version)
            if trial.version in self._ready:
                tried = self._ws.registry.version(self._ws.spec.name, trial.version)
        self.active = Active(champion, trial if tried else None, tried, " ".join(problems))

    def _warm(self, version: ModelVersion) -> None:
        """Let a version answer a row that was answered before: what is slow the first time is then over.

        Any client may have sent the row, so it decides nothing: a rollback must not wait for one that can be scored.
        """
        if self._newest_rows is None:
            return
        try:
            score(self._ws, version, self._newest_rows)
        except Exception as error:  # noqa: BLE001  whatever it cannot answer, it is what the registry names
            _log.warning("Version %s was loaded, and does not answer the newest row: %s", version.version, error)

    def _follow(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001  whatever happens here, requests are answered
                _log.exception("The registry could not be followed.")
                self.active = replace(self.active, problem=str(error))

    def _load(self, name: str) -> list[str]:
        """Load and warm a version, and return what keeps it from answering."""
        if name in self._ready:
            return []
        told, since = self._failed.get(name, ("", -_RETRY_SECONDS))
        if monotonic() - since < _RETRY_SECONDS:
            return [told]
        try:
            version = self._ws.registry.version(self._ws.spec.name, name)
            self._ws.registry.model(version)
        except Exception as error:  # noqa: BLE001  a file of a model may raise anything, and is not read all the time
            _log.warning("Version %s is not taken into use: %s", name, error)
            told = str(error) or type(error).__name__
            self._failed[name] = (told, monotonic())
            return [told]
        self._warm(version)
        self._failed.pop(name, None)
        self._ready.add(name)
        return []
