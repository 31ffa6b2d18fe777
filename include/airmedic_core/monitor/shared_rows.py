"""The rows of a batch with what the model said of them, read and scored once for all tasks of a monitoring run.

The tasks that check a batch are processes of their own and start together. The first to come reads, scores and
profiles the rows and leaves them beside the profiles of past windows; the others wait for it and take them from there.
Rows never travel through Airflow. Nothing is wrong where they are not found, because a worker has another disk or
died: the task then reads and scores for itself.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.errors import AirmedicError
from airmedic_core.records import Batch

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.profile import Profile, Reference
    from airmedic_core.scoring import ScoredBatch
    from airmedic_core.workspace import Workspace

_KEPT_SECONDS = 15 * 60
"""Rows that were kept longer are read anew: a table may have been corrected meanwhile, and does not say so."""
_LEFT_SECONDS = 24 * 3600
"""After so long, what a run that died has left behind is removed."""
_ROWS, _ANSWERS, _REST = "rows.arrow", "answers.arrow", "rest.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BatchRows:
    """Holds what the tasks of one run have in common."""

    frame: pd.DataFrame
    scored: ScoredBatch | None
    profile: Profile


def shared_rows(
    ws: Workspace, batch: Batch, version: str, reference: Reference, read: Callable[[], BatchRows]
) -> BatchRows:
    """Return the rows that another task of the run has read, or read them and leave them for the others.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The batch.
    version : str
        The version that serves: another one scores anew.
    reference : Reference
        On whose edges the rows are profiled.
    read : callable
        Reads, scores and profiles the rows. What it raises is raised.
    """
    place = _place(ws, batch, version, reference)
    with _alone(place):
        kept = _load(place, reference)
        if kept is not None:
            return kept
        rows = read()
        _keep(place, rows)
    return rows


def forget_rows(ws: Workspace, batch: Batch) -> None:
    """Remove what the tasks of a run have shared, and what runs that died have left behind."""
    folder = _folder(ws)
    for place in folder.glob("*"):
        old = _age(place) > _LEFT_SECONDS
        if place.name.startswith(f"{batch.window.key}-") or old:
            shutil.rmtree(place, ignore_errors=True) if place.is_dir() else place.unlink(missing_ok=True)


def _folder(ws: Workspace) -> Path:
    return ws.settings.home / "windows" / ws.spec.name / "shared"


def _place(ws: Workspace, batch: Batch, version: str, reference: Reference) -> Path:
    """Return where the rows are kept: elsewhere as soon as anything that they depend on is another."""
    told = [ws.spec.model_dump_json(), batch.as_of.isoformat(), batch.rows, version, reference.edges.id]
    told += [_written(ws, batch), _on_record(ws, batch)]
    key = sha256(json.dumps(told).encode()).hexdigest()[:24]
    return _folder(ws) / f"{batch.window.key}-{key}"


def _written(ws: Workspace, batch: Batch) -> list[Any]:
    """Return names, sizes and times of a batch's files; nothing of what is no file."""
    from airmedic_core.reading.places import describe_files

    if not ws.spec.data.path:
        return []
    try:
        return describe_files(ws.spec, batch.window)
    except AirmedicError:
        return []


def _on_record(ws: Workspace, batch: Batch) -> Any:
    from airmedic_core.asked_labels.rows import overlap
    from airmedic_core.repair import repair_on_record

    repair = repair_on_record(ws, batch.window)
    marks = ws.ledger.overrides(ws.spec.name, "labelled")
    labelled = [mark.value for mark in marks if overlap(mark.key, batch.window)]
    return [repair.value if repair else None, labelled]


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Let one process at a time read a batch, where the disk can lock files. A lock ends with its process."""
    opened = None
    with suppress(OSError, ImportError):
        import fcntl

        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = place.with_suffix(".lock").open("w")
        fcntl.flock(opened, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if opened is not None:
            opened.close()


def _keep(place: Path, rows: BatchRows) -> None:
    import pyarrow as pa
    from pyarrow import feather

    unfinished = place.with_suffix(f".{os.getpid()}.part")
    try:
        unfinished.mkdir(parents=True)
        feather.write_feather(rows.frame, str(unfinished / _ROWS))
        rest: dict[str, Any] = {"profile": rows.profile.to_json(edges=False), "scored": None}
        if rows.scored is not None:
            scores = np.atleast_2d(rows.scored.scores.T)
            columns = {f"score_{number}": values for number, values in enumerate(scores)}
            columns |= {"label": rows.scored.labels, "predicted": np.asarray(rows.scored.predicted)}
            feather.write_feather(pa.table(columns), str(unfinished / _ANSWERS))
            rest["scored"] = {
                "version": rows.scored.version,
                "classes": rows.scored.classes,
                "scores": len(scores),
                "dimensions": rows.scored.scores.ndim,
            }
        (unfinished / _REST).write_text(json.dumps(rest), encoding="utf-8")
        unfinished.rename(place)
    except (OSError, TypeError, ValueError, pa.ArrowException) as error:
        # A source of a package may give what Arrow cannot hold. The other tasks read for themselves.
        _log.info("The rows of %s are not shared: %s.", place.name, error)
        shutil.rmtree(unfinished, ignore_errors=True)


def _load(place: Path, reference: Reference) -> BatchRows | None:
    import pyarrow as pa
    from pyarrow import feather

    from airmedic_core.profile import Profile
    from airmedic_core.scoring import ScoredBatch

    if not place.is_dir():
        return None
    if _age(place) > _KEPT_SECONDS:
        shutil.rmtree(place, ignore_errors=True)
        return None
    try:
        rest = json.loads((place / _REST).read_text(encoding="utf-8"))
        frame = feather.read_feather(str(place / _ROWS))
        profile = Profile.from_json(rest["profile"], reference.edges)
        scored, told = None, rest["scored"]
        if told is not None:
            table = feather.read_table(str(place / _ANSWERS))
            scores = [table[f"score_{number}"].to_numpy() for number in range(told["scores"])]
            scored = ScoredBatch(
                scores=scores[0] if told["dimensions"] == 1 else np.column_stack(scores),
                predicted=table["predicted"].to_numpy(),
                labels=table["label"].to_numpy(),
                version=told["version"],
                classes=tuple(told["classes"]),
            )
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        _log.info("The rows in %s cannot be taken over: %s.", place.name, error)
        shutil.rmtree(place, ignore_errors=True)
        return None
    return BatchRows(frame, scored, profile)


def _age(place: Path) -> float:
    try:
        return time.time() - place.stat().st_mtime
    except OSError:
        return 0.0
