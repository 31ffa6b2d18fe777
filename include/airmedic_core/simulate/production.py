"""Runs the generated production: its history, and one more day whenever the story allows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.errors import SpecError
from airmedic_core.records import Batch, Incident
from airmedic_core.simulate.story import CHAPTERS, Day, Pause, next_in_story
from airmedic_core.simulate.subscriptions import World, subscriptions
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def begin(ws: Workspace) -> None:
    """Write the history that the reference covers and adopt the first champion, unless both are there."""
    from airmedic_core.training.adopt import adopt

    reference = reference_window(ws)
    for window in ws.spec.window.step.split(reference):
        path = day_file(ws, window)
        if not path.exists():
            write_day(ws, window.start.date(), World())
    if ws.registry.by_alias(ws.spec.name, "champion") is None:
        adopt(ws, window=reference, as_of=reference.end, by="the simulated production")


def plan_next_day(ws: Workspace) -> Day | Pause:
    """Return the day that :func:`next_day` would produce, or why production waits. Nothing is changed."""
    days = story_so_far(ws)
    # A review that waits for its answer holds nothing up.
    incidents = [incident for incident in ws.ledger.incidents(ws.spec.name) if incident.batch_ids]
    assessed = not days or _is_settled(ws, days[-1], incidents)
    return next_in_story(days, incidents, first=reference_window(ws).end.date(), assessed=assessed)


def next_day(ws: Workspace) -> Day:
    """Produce one more day, with or without permission of the story: what :func:`plan_next_day` says, or one as before.

    Doing it again after an interruption produces the same day.
    """
    begin(ws)
    days = story_so_far(ws)
    planned = plan_next_day(ws)
    if isinstance(planned, Pause):
        following = date.fromisoformat(days[-1].date) + timedelta(days=1)
        planned = Day(following.isoformat(), days[-1].chapter, days[-1].phase)
    write_day(ws, date.fromisoformat(planned.date), planned.world)
    began = not any(day.chapter == planned.chapter for day in days)
    if began and planned.chapter == CHAPTERS[-1].name:
        from airmedic_core.simulate.by_hand import deploy_unfinished_experiment

        deploy_unfinished_experiment(ws, reference_window(ws))
    _keep(ws, [*days, planned])
    return planned


def story_so_far(ws: Workspace) -> list[Day]:
    """Return the days that were produced, oldest first."""
    path = _story_file(ws)
    if not path.exists():
        return []
    return [Day(**day) for day in json.loads(path.read_text(encoding="utf-8"))]


def day_file(ws: Workspace, window: Window) -> Path:
    """Return where the rows of a day are: where the spec says that they are read.

    Raises
    ------
    SpecError
        If the spec does not name one local file for each day.
    """
    template = ws.spec.data.path
    if "{window_start" not in template or "://" in template:
        raise SpecError(
            f"The simulated production cannot write to {template!r}.",
            "data.path must be a local parquet file for each day, such as 'days/{window_start:%Y-%m-%d}.parquet'.",
        )
    return Path(template.format(window_start=window.start, window_end=window.end))


def scored_file(ws: Workspace, day: Day) -> Path:
    """Return where the predictions of a day are written."""
    return ws.settings.home / "simulated" / f"{ws.spec.name}_scored" / f"{day.date}.parquet"


def reference_window(ws: Workspace) -> Window:
    """Return the days of the history, which the first champion is trained on."""
    if ws.spec.reference is None:
        raise SpecError(f"{ws.spec.name} has no reference.", "The simulated production starts where it ends.")
    return ws.spec.reference.window


def _is_settled(ws: Workspace, day: Day, incidents: Sequence[Incident]) -> bool:
    """Say whether a day was assessed and, if it was found ill, the incident that follows has been opened."""
    batch_id = _batch_id(ws, day)
    assessment = ws.ledger.assessment(batch_id)
    if assessment is None:
        return False
    return assessment.outcome != "incident" or any(batch_id in incident.batch_ids for incident in incidents)


def _batch_id(ws: Workspace, day: Day) -> str:
    return Batch(ws.spec.name, day.window, day.window.end, 0).id


def write_day(ws: Workspace, day: date, world: World) -> None:
    """Write the rows of a day to where the spec reads them, whatever the story says.

    Parameters
    ----------
    ws : Workspace
        The model.
    day : date
        The day.
    world : World
        Makes its rows.
    """
    path = day_file(ws, Day(day.isoformat(), "", "quiet").window)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A reader sees the whole day or none of it.
    partial = path.with_suffix(".partial")
    subscriptions(day, world).to_parquet(partial, index=False)
    partial.replace(path)


def _story_file(ws: Workspace) -> Path:
    return ws.settings.home / "simulated" / f"{ws.spec.name}.json"


def _keep(ws: Workspace, days: list[Day]) -> None:
    path = _story_file(ws)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps([asdict(day) for day in days]), encoding="utf-8")
    partial.replace(path)
