"""One model that is served: what follows the registry, what answers, and what logs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.serving.answers import answer
from airmedic_core.serving.following import Follower
from airmedic_core.serving.log import PredictionLog

if TYPE_CHECKING:
    from pathlib import Path

    from airmedic_core.records import Json
    from airmedic_core.workspace import Workspace


class Service:
    """One model that is served.

    Parameters
    ----------
    ws : Workspace
        The model.
    log_folder : Path, optional
        Where answers are logged; nowhere where not given.
    """

    def __init__(self, ws: Workspace, log_folder: Path | None = None) -> None:
        self._ws = ws
        self.follower = Follower(ws)
        self._log = PredictionLog(log_folder, ws.spec.name, ws.spec.data.time_column) if log_folder else None

    def start(self) -> None:
        """Begin to follow and to log."""
        self.follower.start()
        if self._log is not None:
            self._log.start()

    def stop(self) -> None:
        """Follow no longer, and log what is left."""
        self.follower.stop()
        if self._log is not None:
            self._log.stop()

    def predict(self, rows: Sequence[Json]) -> list[Json]:
        """Return what is answered to rows. Raises as :func:`answer` does."""
        answered = answer(self._ws, self.follower.active, rows)
        self.follower.remember(answered.rows)
        if self._log is not None:
            self._log.add(answered.rows)
            if answered.beside is not None:
                self._log.add(answered.beside, beside=True)
        return answered.answers

    def health(self) -> Json:
        """Return which versions answer, and what is wrong."""
        active = self.follower.active
        trial = active.trial
        problems = [active.problem]
        if self._log is not None:
            problems.append(self._log.problem)
            problems.append(f"{self._log.dropped:,} rows were not logged." if self._log.dropped else "")
        return {
            "model": self._ws.spec.name,
            "champion": active.champion.version,
            "tried": None
            if trial is None
            else {"version": trial.version, "kind": trial.kind, "fraction": trial.fraction},
            "problems": [problem for problem in problems if problem],
        }
