"""One model that is served: what follows the registry, what answers, and what logs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.serving.answers import answer, scored_along
from airmedic_core.serving.beside import Beside
from airmedic_core.serving.following import Follower
from airmedic_core.serving.log import PredictionLog, log_folder
from airmedic_core.training.by_window import refuse_lags

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from airmedic_core.records import Json
    from airmedic_core.registry import ModelVersion
    from airmedic_core.workspace import Workspace


class Service:
    """One model that is served.

    Parameters
    ----------
    ws : Workspace
        The model.
    log : Path, optional
        The folder where answers are logged; nowhere where not given.

    Raises
    ------
    TrainingError
        If the spec asks for lags: a row that comes alone has none before it. A retry does not help.
    SpecError
        If no log can be written to the folder. A retry does not help.
    """

    def __init__(self, ws: Workspace, log: Path | None = None) -> None:
        refuse_lags(ws.spec, "it is to be served over HTTP")
        folder = log_folder(log) if log else None
        self._ws = ws
        self.follower = Follower(ws)
        self._log = PredictionLog(folder, ws.spec.name, ws.spec.data.time_column) if folder else None
        self._beside = Beside(self._score_along)

    def start(self) -> None:
        """Begin to follow and to log."""
        self.follower.start()
        self._beside.start()
        if self._log is not None:
            self._log.start()

    def stop(self) -> None:
        """Follow no longer, and log what is left."""
        self.follower.stop()
        self._beside.stop()
        if self._log is not None:
            self._log.stop()

    def predict(self, rows: Sequence[Json]) -> list[Json]:
        """Return what is answered to rows. Raises as :func:`answer` does."""
        active = self.follower.active
        answered = answer(self._ws, active, rows)
        self.follower.remember(answered.rows)
        if self._log is not None:
            self._log.add(answered.rows)
            if active.tried is not None and active.trial is not None and active.trial.kind == "mirror":
                self._beside.add(active.tried, answered.given)
        return answered.answers

    def _score_along(self, version: ModelVersion, rows: pd.DataFrame) -> None:
        scored = scored_along(self._ws, version, rows)
        if scored is not None and self._log is not None:
            self._log.add(scored, beside=True)

    def health(self) -> Json:
        """Return which versions answer, and what is wrong."""
        active = self.follower.active
        trial = active.trial
        problems = [active.problem]
        if self._log is not None:
            problems.append(self._log.problem)
            problems.append(f"{self._log.dropped:,} rows were not logged." if self._log.dropped else "")
        if self._beside.left_out:
            problems.append(f"{self._beside.left_out:,} rows were not scored along: the version that is tried is slow.")
        return {
            "model": self._ws.spec.name,
            "champion": active.champion.version,
            "tried": None
            if trial is None
            else {"version": trial.version, "kind": trial.kind, "fraction": trial.fraction},
            "problems": [problem for problem in problems if problem],
        }
