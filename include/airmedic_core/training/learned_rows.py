"""Says how many rows a training has to learn from: counted before people are asked, and told to them in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airmedic_core.records import Json
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    from airmedic_core.spec import ModelSpec
    from airmedic_core.training.rows import TrainingRows

LEARNS_FROM = "learns_from"
"""Key of the counts among the parameters of a training."""
_LEAST_LEARNED = 0.5
"""Share of the rows after a change that a training on the whole window has to learn from, to be worth its time."""
_HOURS_TOLD = timedelta(days=2)
"""A shorter time is told in hours: one and a half days are no number that people read at a glance."""


def learned_rows(spec: ModelSpec, rows: TrainingRows, *, since: datetime | None = None) -> Json:
    """Return the rows of a training in numbers, as plain JSON.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    rows : TrainingRows
        The rows.
    since : datetime, optional
        When the relation changed, or the inputs moved.

    Returns
    -------
    dict
        ``start`` and ``end`` of what is trained on; its ``rows``, ``labelled`` ones, and those labelled
        ``by_people``; ``withheld``: labelled rows that are kept for the gate; ``since_change``: labelled rows of the
        training since then, where there was a change.
    """
    train = rows.known & ~rows.newest
    times = rows.frame[spec.data.time_column]
    inside = ~rows.newest & (times >= rows.window.start).to_numpy()
    counts: Json = {
        "start": rows.window.start.isoformat(),
        "end": rows.window.end.isoformat(),
        "rows": int(inside.sum()),
        "labelled": int(train.sum()),
        "by_people": 0 if rows.answered is None else int((train & rows.answered).sum()),
        "withheld": int((rows.known & rows.newest).sum()),
    }
    if since is not None:
        counts["since_change"] = int((train & (times >= as_utc(since)).to_numpy()).sum())
    return counts


def whole_window_learns(spec: ModelSpec, params: Json) -> bool:
    """Return whether a training on the whole window learns enough of what came after a change.

    It withholds the newest part of all rows. Right after a change these are the rows after it: what is trained then has
    seen next to none of them, and is compared on nothing else.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    params : dict
        Parameters of a training with its counts: ``since`` and :data:`LEARNS_FROM`.

    Examples
    --------
    >>> from airmedic_core.spec import parse_spec
    >>> spec = parse_spec({"name": "orders", "task": "binary", "target": "returned",
    ...                    "data": {"path": "orders.csv", "time_column": "at"}, "retrain": {"holdout_fraction": 0.2}})
    >>> counts = {"labelled": 900, "withheld": 100, "since_change": 100}
    >>> whole_window_learns(spec, {"since": "2026-03-01", LEARNS_FROM: counts})
    False
    >>> whole_window_learns(spec, {"since": "2026-01-01", LEARNS_FROM: counts | {"since_change": 500}})
    True
    """
    counts = params.get(LEARNS_FROM) or {}
    if not params.get("since") or "since_change" not in counts:
        return True
    after = counts["since_change"] + counts["withheld"]
    withheld = spec.retrain.holdout_fraction * (counts["labelled"] + counts["withheld"])
    return bool(after - withheld >= after * _LEAST_LEARNED)


def told_rows(counts: Json) -> str:
    """Return what a training learns from, in two sentences.

    Examples
    --------
    >>> told_rows({"start": "2026-01-05T00:00", "end": "2026-01-05T14:00", "rows": 2400, "labelled": 2310,
    ...            "by_people": 0, "withheld": 480})
    'It learns from 14 hours of rows, 2,310 with labels (5 Jan 2026 to 5 Jan 2026). Another 480 labelled rows, the \
newest, are kept for the comparison.'
    """
    if problem := counts.get("problem"):
        return f"As things stand, the training would not begin: {problem}"
    window = Window(as_utc(counts["start"]), as_utc(counts["end"]))
    people = f", {counts['by_people']:,} of them given by people" if counts.get("by_people") else ""
    dates = f"{window.start:%-d %b %Y} to {window.end:%-d %b %Y}"
    told = f"It learns from {_span(window)} of rows, {counts['labelled']:,} with labels{people} ({dates})."
    if "since_change" in counts:
        told = f"{told[:-1]}, or from the {counts['since_change']:,} since the change alone where that does better."
    return f"{told} Another {counts['withheld']:,} labelled rows, the newest, are kept for the comparison."


def _span(window: Window) -> str:
    """Return how long a window lasts: in hours below two days, else in days."""
    lasts = window.end - window.start
    unit, name = (timedelta(hours=1), "hour") if lasts < _HOURS_TOLD else (timedelta(days=1), "day")
    count = max(round(lasts / unit), 1)
    return f"{count:,} {name}{'' if count == 1 else 's'}"
