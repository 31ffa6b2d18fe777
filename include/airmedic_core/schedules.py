"""Says what may stand under ``schedule:``: a cron expression, a preset of Airflow's, an asset, or what is watched.

Known without Airflow.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from airmedic_core.errors import SpecError, closest

ASSET = "asset:"
PARTITIONS = "partitions:"
WATCH = "watch:"
PRESETS = ("@continuous", "@daily", "@hourly", "@monthly", "@once", "@quarterly", "@weekly", "@yearly")
_NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun"
_FIELD = re.compile(rf"(?:[\d*?,/#\-]|\b(?:{_NAMES})\b|l(?!\w)|\d+w\b)+", re.IGNORECASE)
_STEP = re.compile(r"[/#]\d+")
_NO_STEP = re.compile(r"/0+(?!\d)")
_BOUNDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_FIELD_COUNTS = (5, 6, 7)
_MONTHS = _NAMES.split("|")[:12]
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month."""


class Watched(NamedTuple):
    """Says what a schedule of the form ``watch:<watcher>:<place>@<connection>`` says."""

    watcher: str
    place: str
    """A list, a topic, a queue; empty where the watcher needs none."""
    connection: str
    """The id of an Airflow connection; empty for the watcher's usual one."""


def watched(schedule: str | None) -> Watched | None:
    """Return what a schedule watches, or nothing where it is of another kind.

    >>> watched("watch:kafka:scored_batches@kafka_eu")
    Watched(watcher='kafka', place='scored_batches', connection='kafka_eu')
    >>> watched("watch:files")
    Watched(watcher='files', place='', connection='')
    """
    if not schedule or not schedule.startswith(WATCH):
        return None
    watcher, _, rest = schedule.removeprefix(WATCH).partition(":")
    place, _, connection = rest.partition("@")
    return Watched(watcher.strip(), place.strip(), connection.strip())


def check_schedule(text: str) -> str:
    """Return a schedule as it is.

    Parameters
    ----------
    text : str
        Cron with 5 to 7 fields, ``@daily`` and the like, ``asset:<uri>``, ``partitions:<uri>`` or ``watch:<watcher>``.

    Raises
    ------
    SpecError
        If it is none of these, a number is out of its field's bounds, or the day never comes. A retry does not help.
    """
    form = "Write cron such as '0 6 * * *', a preset such as @daily, asset:<uri>, partitions:<uri> or watch:<watcher>."
    for prefix, wanted in ((ASSET, "asset"), (PARTITIONS, "asset"), (WATCH, "watcher")):
        if text.startswith(prefix):
            if not text.removeprefix(prefix).strip():
                raise SpecError(f"{text!r} names no {wanted}.", form)
            return text
    if text.startswith("@"):
        if text not in PRESETS:
            raise SpecError(f"{text!r} is not a preset of Airflow's.", closest(text, PRESETS))
        return text
    fields = text.split()
    if len(fields) not in _FIELD_COUNTS or not all(map(_FIELD.fullmatch, fields)):
        raise SpecError(f"{text!r} is not a schedule.", form)
    faults = [fault for value, bounds in zip(fields, _BOUNDS, strict=False) if (fault := _fault(value, *bounds))]
    if not faults and _never_comes(*fields[2:5]):
        faults = ["that day never comes"]
    if faults:
        raise SpecError(f"{text!r} is not a schedule: {faults[0]}.", form)
    return text


def _fault(value: str, name: str, least: int, most: int) -> str:
    for number in re.findall(r"\d+", _STEP.sub("", value)):
        if not least <= int(number) <= most:
            return f"the {name} {number} is not in {least}–{most}"
    return f"its step of the {name} is 0" if _NO_STEP.search(value) else ""


def _never_comes(day: str, month: str, weekday: str) -> bool:
    """Return whether none of some months is long enough, where days and months are plain lists."""
    months = [_MONTHS.index(name) + 1 if name in _MONTHS else name for name in month.lower().split(",")]
    days = re.findall(r"\d+", day)
    if weekday not in {"*", "?"} or re.search(r"[^\d,-]", day) or not all(str(name).isdigit() for name in months):
        return False
    return bool(days) and all(min(map(int, days)) > _LONGEST[int(number) - 1] for number in months)
