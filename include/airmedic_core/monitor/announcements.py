"""Which windows an event announces: by a partition key, in the extra of an asset's event, or in a message.

A message is a key of a window, or a JSON object with ``window_start`` and ``window_end`` or a ``key``, and with
``model`` where several models share a queue. A notice of object storage names a file, which is one of ``data.path``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from airmedic_core.errors import SpecError
from airmedic_core.reading.places import window_of_file
from airmedic_core.records import Json
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Every, Window, as_utc

_WINDOW_KEY = re.compile(r"\d{8}T\d{4}_\d{8}T\d{4}")
_PERIODS = (
    (re.compile(r"(\d{4})"), 12),
    (re.compile(r"(\d{4})-Q([1-4])"), 3),
    (re.compile(r"(\d{4})-(\d{2})"), 1),
)
"""Keys of years, quarters and months, as Airflow's partition mappers write them, and how many months each lasts."""
_OF_WEEK = re.compile(r" \(W\d{2}\)$")
"""Says what Airflow's mapper of weeks puts behind the Monday."""
_HOUR = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SCHEME = "s3"
"""Of the files in notices of S3."""
_REMOVED = "ObjectRemoved"
"""Says how S3 begins the names of events of files that were deleted."""
_MOST_STEPS = 100
"""Steps of the model that an announced window may last: a late delivery of several, and not the whole history."""
_CLOCKS = timedelta(minutes=5)
"""Sets how far the clocks of those who announce may be ahead."""
_SHOWN = 80
"""Characters of a message that are quoted: it may be of any length."""


class Announced(NamedTuple):
    """A window that an event announces."""

    window: Window
    as_of: datetime | None = None
    """Labels that became known later do not exist yet; nothing for now."""


class Announcements(NamedTuple):
    """Says what some events announce."""

    windows: tuple[Announced, ...]
    """The oldest first, each window once, with the latest ``as_of`` of its events."""
    refused: tuple[SpecError, ...]
    """Messages that name no window."""
    nothing_here: int = 0
    """Messages that name another model, or only files that were removed."""


def window_of_key(key: str, step: Every) -> Window:
    """Return the window that a partition key stands for.

    Parameters
    ----------
    key : str
        The first moment of the window, as a date, a time, a month, a quarter or a year; both ends with ``/`` between
        them; or the window's own key. Times without a zone are in UTC.
    step : Every
        The model's step: a first moment alone has to be the start of one.

    Raises
    ------
    SpecError
        If it is no window. A retry does not help.

    Examples
    --------
    >>> print(window_of_key("2026-01-31", Every.parse("day")))
    2026-01-31
    >>> print(window_of_key("2026-01", Every.parse("month")))
    2026-01-01 … 2026-01-31
    >>> print(window_of_key("2026-01-26 (W05)", Every.parse("week")))
    2026-01-26 … 2026-02-01
    """
    text = key.strip()
    try:
        if _WINDOW_KEY.fullmatch(text):
            return Window.from_key(text)
        start, slash, end = text.partition("/")
        if slash:
            return Window(as_utc(start.strip()), as_utc(end.strip()))
        period = _period(_OF_WEEK.sub("", text))
        window = Window(period.start, step.shift(period.start, 1))
    except (SpecError, ValueError, OverflowError) as error:
        raise _no_window(key, step) from error
    if step.floor(period.start) != period.start or window.end < period.end:
        raise _no_window(key, step)
    return window


def announced(spec: ModelSpec, extras: Iterable[Json], *, key: str | None = None) -> Announcements:
    """Return the windows that the events of a run announce.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    extras : iterable of dict
        The extras of its events. One that announces nothing, such as an empty one, is passed over.
    key : str, optional
        The run's partition key. It alone is the run's window; the events may say as of when.

    Raises
    ------
    SpecError
        If the key is no window, or nothing that was announced is. A retry does not help.
    """
    if key is not None:
        extras = [{name: value for name, value in extra.items() if name == "as_of"} | {"key": key} for extra in extras]
        extras = extras or [{"key": key}]
    told: list[Announced] = []
    refused: list[SpecError] = []
    nothing_here = 0
    messages = [(_parsed(message), extra) for extra in extras for message in _messages(extra)]
    for content, extra in messages:
        if isinstance(content, Mapping) and content.get("model") not in (None, spec.name):
            nothing_here += 1
            continue
        parts = _parts(content)
        nothing_here += not parts
        for part in parts:
            must = bool(extra.get("from_trigger"))
            try:
                told.extend(_sound(spec, announcement, must=must) for announcement in _told(spec, part, must=must))
            except SpecError as error:
                refused.append(error)
    if refused and not told:
        raise refused[0]
    return Announcements(merged(told), tuple(refused), nothing_here)


def windows_of(spec: ModelSpec, extras: Iterable[Json]) -> tuple[Announced, ...]:
    """Return the windows that some events announce, whatever else is among them.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    extras : iterable of dict
        The extras of the events.
    """
    try:
        return announced(spec, extras).windows
    except SpecError:
        return ()


def merged(announcements: Iterable[Announced]) -> tuple[Announced, ...]:
    """Return each window once, the oldest first, with the labels that the most demanding of its events asks for."""
    windows: dict[Window, Announced] = {}
    for announcement in announcements:
        known = windows.get(announcement.window, announcement)
        windows[announcement.window] = announcement if _asks_for_more(announcement, known) else known
    return tuple(windows[window] for window in sorted(windows))


def _asks_for_more(announcement: Announced, known: Announced) -> bool:
    """Return whether an event asks for labels that another one of its window does not. No moment is the present."""
    if announcement.as_of is None or known.as_of is None:
        return announcement.as_of is None
    return announcement.as_of > known.as_of


def _period(text: str) -> Window:
    for pattern, months in _PERIODS:
        if match := pattern.fullmatch(text):
            first = (int(match[2]) - 1) * months + 1 if match.re.groups > 1 else 1
            start = datetime(int(match[1]), first, 1, tzinfo=UTC)
            return Window(start, Every(months, "month").shift(start, 1))
    lasting = timedelta(microseconds=1)
    if _DAY.fullmatch(text):
        lasting = timedelta(days=1)
    elif _HOUR.fullmatch(text):
        lasting = timedelta(hours=1)
    start = as_utc(text)
    return Window(start, start + lasting)


def _no_window(key: str, step: Every) -> SpecError:
    return SpecError(
        f"{_short(key)} is no window of one {step}." if step.count == 1 else f"{_short(key)} is no window of {step}.",
        "Write the window's first moment, such as 2026-01-31 or 2026-01-31T06:00, both ends as start/end, or its key, "
        "such as 20260131T0000_20260201T0000.",
    )


def _messages(extra: Json) -> Iterator[Any]:
    """Yield what an event says: its extra, or the messages that a watcher's trigger has received."""
    if not extra.get("from_trigger"):
        yield extra
        return
    payload = extra.get("payload")
    batch = payload.get("message_batch") if isinstance(payload, Mapping) else None
    if isinstance(batch, list):
        yield from (message.get("Body", message) if isinstance(message, Mapping) else message for message in batch)
    elif isinstance(payload, Mapping) and "data" in payload and "channel" in payload:
        yield payload["data"]
    else:
        yield payload


def _parts(content: Any) -> list[Any]:
    """Return what a message holds: itself, or the records of a notice, of which one may be wrong and the next not."""
    records = content.get("Records") if isinstance(content, Mapping) else None
    if not isinstance(records, list) or any(content.get(name) for name in ("window_start", "window_end", "key")):
        return [content]
    return [{"Records": [record]} for record in records if not _is_removal(record)]


def _is_removal(record: Any) -> bool:
    """Return whether a record says that a file has gone, which announces nothing."""
    return isinstance(record, Mapping) and str(record.get("eventName")).removeprefix("s3:").startswith(_REMOVED)


def _told(spec: ModelSpec, content: Any, *, must: bool) -> Iterator[Announced]:
    """Yield the windows that one message names, which it must where it is no extra of a task's event."""
    if isinstance(content, str):
        yield Announced(window_of_key(content, spec.window.step))
        return
    if not isinstance(content, Mapping):
        raise _no_window(str(content), spec.window.step)
    as_of = as_utc(str(content["as_of"])) if content.get("as_of") else None
    if content.get("window_start") and content.get("window_end"):
        yield Announced(Window(as_utc(str(content["window_start"])), as_utc(str(content["window_end"]))), as_of)
    elif content.get("key"):
        yield Announced(window_of_key(str(content["key"]), spec.window.step), as_of)
    elif isinstance(records := content.get("Records"), list):
        for record in records:
            yield Announced(window_of_file(spec, _object_of(record)))
    elif must or content.get("window_start") or content.get("window_end"):
        raise _no_window(json.dumps(content, default=str), spec.window.step)


def _sound(spec: ModelSpec, announcement: Announced, *, must: bool) -> Announced:
    """Return an announcement, unless its window is none that a model is looked at by, or is not over.

    What is on record is not looked at again: half a window, or labels as of a moment to come, would stand for good. A
    task's own event may tell of another time than today's, as a simulation does.
    """
    window, as_of = announcement
    step, latest = spec.window.step, datetime.now(UTC) + _CLOCKS
    if any(moment.second or moment.microsecond for moment in (window.start, window.end)):
        raise _no_window(f"{window.start.isoformat()}/{window.end.isoformat()}", step)
    try:
        too_long = step.shift(window.start, _MOST_STEPS) < window.end
    except (ValueError, OverflowError):
        too_long = True
    if too_long:
        raise _no_window(str(window), step)
    if must and window.end > latest:
        raise SpecError(f"{window} is not over yet.", "Announce it once all of its rows are there.")
    if as_of is not None and (as_of < window.end or (must and as_of > latest)):
        raise SpecError(
            f"as_of {as_of:%Y-%m-%d %H:%M} is not between the end of {window} and now.", "Leave it out for now."
        )
    return announcement


def _parsed(message: Any) -> Any:
    if not isinstance(message, str):
        return message
    try:
        content = json.loads(message)
    except (ValueError, RecursionError):
        return message
    # A year alone is a number in JSON.
    return content if isinstance(content, (Mapping, str)) else message


def _object_of(record: Any) -> str:
    """Return the file that a notice of object storage is about, in the form that S3 sends."""
    from urllib.parse import unquote_plus

    try:
        return f"{_SCHEME}://{record['s3']['bucket']['name']}/{unquote_plus(record['s3']['object']['key'])}"
    except (KeyError, TypeError, AttributeError) as error:
        raise SpecError(f"{_short(str(record))} names no file.", "Send a notice of object storage.") from error


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
