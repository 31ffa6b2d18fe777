"""What may stand under ``schedule:``: a cron expression, a preset of Airflow's, or an asset. Known without Airflow."""

from __future__ import annotations

import re

from airmedic_core.errors import SpecError, closest

ASSET = "asset:"
PRESETS = ("@continuous", "@daily", "@hourly", "@monthly", "@once", "@quarterly", "@weekly", "@yearly")
_NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun"
_FIELD = re.compile(rf"(?:[\d*?,/#\-]|\b(?:{_NAMES})\b|l(?!\w)|\d+w\b)+", re.IGNORECASE)
_STEP = re.compile(r"[/#]\d+")
_BOUNDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_FIELD_COUNTS = (5, 6, 7)


def check_schedule(text: str) -> str:
    """Return a schedule as it is.

    Parameters
    ----------
    text : str
        Cron with 5 to 7 fields, ``@daily`` and the like, or ``asset:<uri>``.

    Raises
    ------
    SpecError
        If it is none of these, or a number is out of its field's bounds. A retry does not help.
    """
    form = "Write cron such as '0 6 * * *', a preset such as @daily, or asset:<uri>."
    if text.startswith(ASSET):
        if not text.removeprefix(ASSET).strip():
            raise SpecError(f"{text!r} names no asset.", form)
        return text
    if text.startswith("@"):
        if text not in PRESETS:
            raise SpecError(f"{text!r} is not a preset of Airflow's.", closest(text, PRESETS))
        return text
    fields = text.split()
    if len(fields) not in _FIELD_COUNTS or not all(map(_FIELD.fullmatch, fields)):
        raise SpecError(f"{text!r} is not a schedule.", form)
    for value, (name, least, most) in zip(fields, _BOUNDS, strict=False):
        for number in re.findall(r"\d+", _STEP.sub("", value)):
            if not least <= int(number) <= most:
                raise SpecError(f"{text!r} is not a schedule: the {name} {number} is not in {least}–{most}.", form)
    return text
