"""A world to act in: rows in a file, a ledger, a registry with two versions, and weeks that were watched.

A world is built once for each model. Each incident, and each arm in it, gets a copy of its ledger and its registry.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from airmedic_core.metrics import metric
from airmedic_core.registry import ModelVersion
from airmedic_core.scoring import score
from airmedic_core.settings import Settings
from airmedic_core.spec import parse_spec
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.training.methods import fit, unfitted
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from comparison.production import FIRST_VERSION_WEEKS, FIRST_WEEK, REFERENCE_WEEKS, Production, between, spec_of, week
from healing.playback import play

CONTENT = Path(__file__).parents[2] / "include"
BY = "the benchmark"


@dataclass(frozen=True)
class World:
    """One installation of one model, in a folder of its own."""

    home: Path
    ws: Workspace

    @property
    def name(self) -> str:
        """The model's name."""
        return self.ws.spec.name

    @property
    def serving(self) -> str:
        """The version that serves."""
        return self.ws.registry.champion(self.name).version

    def version(self, number: str) -> ModelVersion:
        """Return a version."""
        return self.ws.registry.version(self.name, number)

    def measured(self, number: str, rows: pd.DataFrame) -> float:
        """Return the deciding metric of a version on rows, signed so that more is better."""
        spec = self.ws.spec
        measure = metric(spec.metric, spec.task)
        scored = score(self.ws, self.version(number), rows)
        value = measure(scored.labels[scored.known], scored.scores[scored.known])
        return value if measure.higher_is_better else -value

    def copy(self, home: Path, rows: Path | None = None, *, content: Path = CONTENT, policy: str = "default") -> World:
        """Return a copy in another folder, which reads other rows where they are given.

        Parameters
        ----------
        home : Path
            The folder.
        rows : Path, optional
            Where the rows are.
        content : Path
            The content folder, whose policies hold.
        policy : str
            The one of them that the model goes by.
        """
        home.mkdir(parents=True)
        for database in ("ledger.db", "mlflow.db"):
            with (
                closing(sqlite3.connect(self.home / database)) as old,
                closing(sqlite3.connect(home / database)) as new,
            ):
                old.backup(new)
        if (self.home / "windows").exists():
            shutil.copytree(self.home / "windows", home / "windows")
        return opened(home, self.name, rows or Path(self.ws.spec.data.path), content, policy)

    def put_in_service(self, rows: pd.DataFrame, *, noticed: bool = True) -> str:
        """Fit a version on rows and switch the alias to it, with no gate: as a script beside Airmedic would do it.

        Parameters
        ----------
        rows : pandas.DataFrame
            Labelled rows.
        noticed : bool
            Whether the ledger is told at once. Otherwise monitoring has to notice it.
        """
        ws = self.ws
        rows = rows[rows[ws.spec.target].notna()]
        model, inputs = unfitted(ws, "default", rows)
        fitted = fit(model.native, inputs, ws.spec, rows)
        run = ws.registry.client.create_run(ws.registry.experiment(self.name), run_name="put in service by hand")
        version = ws.registry.register(
            ws.spec, fitted, inputs.prepare(rows.tail(5)), run_id=run.info.run_id, tags={}, reference=None
        )
        ws.registry.client.set_registered_model_alias(self.name, "champion", version.version)
        if noticed:
            ws.registry.notice_manual_switch(self.name, datetime.now(UTC))
        return version.version


def opened(home: Path, model: str, rows: Path, content: Path = CONTENT, policy: str = "default") -> World:
    """Open the world of a folder.

    Parameters
    ----------
    home : Path
        The folder.
    model : str
        The model.
    rows : Path
        Where its rows are.
    content : Path
        The content folder.
    policy : str
        The policy of it that the model goes by.
    """
    settings = Settings(
        home=home,
        content=content,
        ledger_url=f"sqlite:///{home / 'ledger.db'}",
        tracking_uri=f"sqlite:///{home / 'mlflow.db'}",
        environment="simulation",
    )
    return World(home, Workspace.open(parse_spec({**spec_of(model, str(rows)), "policy": policy}), settings))


def build(home: Path, production: Production, *, watched: bool = True) -> World:
    """Train two versions, put the second in service, and watch the quiet weeks.

    Parameters
    ----------
    home : Path
        An empty folder.
    production : Production
        The rows.
    watched : bool
        Whether the quiet weeks are watched, which arms that go by no monitoring have no need of.
    """
    home.mkdir(parents=True)
    rows = home / "rows.parquet"
    production.rows.to_parquet(rows)
    world = opened(home, production.model, rows)
    ws, now = world.ws, datetime.now(UTC)
    first = Window(week(0).start, week(FIRST_VERSION_WEEKS).start)
    before = adopt(ws, window=first, by=BY).to_version
    accepted = Window(week(0).start, week(REFERENCE_WEEKS).start)
    champion = train(ws, accepted, accepted.end, {"method": "default"}).version.version
    ws.registry.switch(world.name, champion, kind="deploy", by=BY, expected=(before,), now=now)
    for number in range(REFERENCE_WEEKS, FIRST_WEEK) if watched else ():
        play(ws, week(number), lambda _: False)
    return world


def weeks_of(rows: pd.DataFrame, numbers: range) -> pd.DataFrame:
    """Return the rows of some weeks."""
    return between(rows, Window(week(numbers.start).start, week(numbers.stop).start))
