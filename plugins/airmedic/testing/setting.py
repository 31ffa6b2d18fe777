"""Says what a contract test stands on: a generated production with a champion, a ledger and an MLflow store."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from airmedic.testing.production import copy_of, day, renewals, workspace
from airmedic_core.records import Json
from airmedic_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

FLIPPED_ON = 45
"""The day from which the relation between inputs and outcome is another one."""
PER_DAY = 60
"""Rows of a day."""
REFERENCE_DAYS = 30
"""January, less its last day."""


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Holds what members need beyond the generated production. Most need nothing."""

    spec: Mapping[str, Any] = field(default_factory=dict)
    """More keys of the model spec."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The member's own options: of a check, a rollout strategy or a notifier."""
    params: Mapping[str, Any] | None = None
    """The parameters of an action that is not planned from an incident."""
    prepare: Callable[[Workspace], None] | None = None
    """Changes the production before the member is asked: registers a version, records an override …"""
    world: Callable[[Workspace], Any] | None = None
    """For an action that changes something outside ledger and registry: returns how that stands, as JSON."""
    deliver: Callable[[Path, pd.DataFrame], Json] | None = None
    """For a source: writes rows where the source reads them, and returns the spec's section ``data``."""
    train: Callable[[pd.DataFrame, pd.Series[int]], Any] | None = None
    """For a flavour: fits a model on prepared rows and their labels, 0 and 1."""
    categories: bool = True
    """For a flavour: whether one of the columns is text. The others are numbers."""
    told: Callable[[], str] | None = None
    """For a notifier: returns what has arrived at the other end."""


@dataclass(frozen=True)
class Setting:
    """One contract test's member, folder and arrangement."""

    name: str
    folder: Path
    arranged: Arrangement = Arrangement()

    def workspace(self, *, per_day: int = PER_DAY, prepare: Callable[[Workspace], None] | None = None) -> Workspace:
        """Open the generated production, in a copy of its own.

        Parameters
        ----------
        per_day : int
            Rows of a day.
        prepare : callable, optional
            Changes the production first; the arrangement's own where not given. It is called once for all copies.
        """
        prepare = prepare or self.arranged.prepare
        if prepare is None:
            return copy_of(_adopted(per_day), self.folder, **self.arranged.spec)
        prepared = _prepared(per_day, json.dumps(dict(self.arranged.spec), sort_keys=True), prepare)
        return copy_of(prepared, self.folder, **self.arranged.spec)

    def standing(self, ws: Workspace) -> Json:
        """Return how production stands: what serves, which overrides hold, and the member's own world."""
        champion = ws.registry.by_alias(ws.spec.name, "champion")
        overrides = [(override.kind, override.key, override.value) for override in ws.ledger.overrides(ws.spec.name)]
        standing = {
            "champion": champion.version if champion is not None else None,
            "reference": ws.registry.reference_place(champion) if champion is not None else None,
            "overrides": sorted(overrides, key=str),
            "world": self.arranged.world(ws) if self.arranged.world is not None else None,
        }
        plain: Json = json.loads(json.dumps(standing, default=str))
        return plain

    def records(self, ws: Workspace) -> Json:
        """Return how production stands, and how often it was changed."""
        versions = ws.registry.client.search_model_versions(f"name = '{ws.spec.name}'")
        return self.standing(ws) | {
            "promotions": len(ws.ledger.promotions(ws.spec.name)),
            "versions": len(versions),
            "incidents": len(ws.ledger.incidents(ws.spec.name)),
        }


def resampled(rows: pd.DataFrame, *, days: range, per_day: int, seed: int) -> pd.DataFrame:
    """Return days of rows drawn from the reference: nothing about them is new but their times.

    Parameters
    ----------
    rows : pandas.DataFrame
        The reference.
    days : range
        Which days they are of.
    per_day : int
        How many rows a day has.
    seed : int
        The same one draws the same rows.
    """
    import pandas as pd

    count = len(days) * per_day
    drawn = rows.sample(count, replace=True, random_state=seed).reset_index(drop=True)
    every = pd.to_timedelta(pd.Series(range(count)) * (86_400 // per_day), unit="s")
    at = pd.Timestamp(day(days.start)) + every
    return drawn.assign(at=at, known_at=at + pd.Timedelta(days=2))


@cache
def _adopted(per_day: int) -> Path:
    """Return a production whose model has a champion. Making one takes longer than most tests, so each copies it."""
    from airmedic_core.training.adopt import adopt

    folder = Path(mkdtemp(prefix="airmedic_testing"))
    ws = workspace(folder, renewals(per_day=per_day, changed_on=FLIPPED_ON))
    adopt(ws, by="anna")
    return folder


@cache
def _prepared(per_day: int, spec: str, prepare: Callable[[Workspace], None]) -> Path:
    folder = Path(mkdtemp(prefix="airmedic_testing"))
    prepare(copy_of(_adopted(per_day), folder, **json.loads(spec)))
    return folder
