"""Deletes the days of a server's log that nobody monitors any more."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airmedic_core.serving.log import log_folder


def old_days(folder: Path, *, before: datetime) -> list[Path]:
    """Return the folders of the days of a log that have ended before a moment, also of versions that scored along.

    Parameters
    ----------
    folder : Path
        Where the server logs its answers.
    before : datetime
        What was answered from then on is kept.

    Raises
    ------
    SpecError
        If it is no folder that a server could log to. A retry does not help.
    """
    whole = log_folder(folder)
    days = []
    for place in (whole, whole.with_name(f"{whole.name}_tried")):
        for day in sorted(place.glob("[0-9]*")) if place.is_dir() else ():
            ended = _end_of(day.name)
            # What is not of the server's making is left alone.
            if day.is_dir() and not day.is_symlink() and ended is not None and ended <= before:
                days.append(day)
    return days


def forget_days(days: list[Path]) -> None:
    """Delete the folders of days. One that is gone already is none to delete."""
    for day in days:
        if day.exists():
            shutil.rmtree(day)


def _end_of(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except ValueError:
        return None
