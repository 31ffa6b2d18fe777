"""The labels that people have given, and the rows with them.

They are on record as an override of their window, and the audit chain holds who gave them. Monitoring sees them with
the window, and a training and its gate with the longer windows that these read
(:func:`~airmedic_core.asked_labels.longer_windows.with_all_answers`). Windows may overlap: a row that was labelled
under one of them counts as labelled under all, from the earliest answer on. A row with differing labels has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.asked_labels.rows import overlap, row_ids
from airmedic_core.errors import ReturnedLabelsError, closest
from airmedic_core.records.plain_json import Json
from airmedic_core.windows import as_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.records import Proposal
    from airmedic_core.windows import Window
    from airmedic_core.workspace import Workspace

_SHOWN = 3
"""Rows that a message names."""


def record_answers(
    ws: Workspace, proposal: Proposal, answers: Sequence[tuple[str, Any]], *, by: str, now: datetime
) -> int:
    """Check labels that came back for a request and record them; return how many are new.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        The request: its parameters name the rows.
    answers : sequence of tuple of str and object
        The id of each row with its label, as the source has labels.
    by : str
        The person who returns the labels.
    now : datetime
        The moment from which on they are known.

    Raises
    ------
    ReturnedLabelsError
        If a row was not asked for, comes twice, or has another label on record, be it under another window. Nothing is
        recorded then. A retry does not help.
    """
    name, window_key = ws.spec.name, str(proposal.params["window"])
    _refuse_others([row for row, _ in answers], list(map(str, proposal.params["rows"])))
    _refuse_twice([row for row, _ in answers])
    # Two people who return labels at once would otherwise take away each other's.
    with ws.ledger.lock(_hold(name)):
        before = _on_record(ws, window_key)
        _refuse_changed(answers, {**_of_other_windows(ws, window_key), **before})
        labels = {row: label for row, label in answers if row not in before}
        if not labels:
            return 0
        known: Json = {**before, **{row: {"label": label, "at": now.isoformat()} for row, label in labels.items()}}
        ws.ledger.set_override(
            name,
            "labelled",
            window_key,
            {"rows": known, "proposal": proposal.hash, "looked_at": False},
            author=by,
            reason=f"{len(labels)} labels that were asked for.",
        )
    return len(labels)


def not_looked_at(ws: Workspace) -> list[Window]:
    """Return the windows whose labels were recorded and that nobody has looked at with them yet."""
    from airmedic_core.windows import Window

    marks = ws.ledger.overrides(ws.spec.name, "labelled")
    return [Window.from_key(mark.key) for mark in marks if not mark.value.get("looked_at", True)]


def note_looked_at(ws: Workspace, window: Window, *, at: datetime) -> None:
    """Record that a window was looked at with the labels that were known at a moment.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The window.
    at : datetime
        The moment: labels that have come since are still to be looked at.
    """
    name = ws.spec.name
    with ws.ledger.lock(_hold(name)):
        mark = next((mark for mark in ws.ledger.overrides(name, "labelled") if mark.key == window.key), None)
        if mark is None or any(as_utc(label["at"]) > as_utc(at) for label in mark.value["rows"].values()):
            return
        value = {**mark.value, "looked_at": True}
        ws.ledger.set_override(name, "labelled", window.key, value, author=mark.author, reason=mark.reason)


def with_answers(ws: Workspace, window: Window, frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the labels that people have given. A label that came from the source stays.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The rows' window.
    frame : pandas.DataFrame
        All rows of the window.
    """
    import pandas as pd

    told = _overlapping(ws, window)
    if not told or not len(frame):
        return frame
    known = without_contradictions(told)
    spec = ws.spec
    ids = row_ids(spec, frame)
    given = pd.Series([known[row]["label"] if row in known else None for row in ids], frame.index, dtype=object)
    before = frame[spec.target] if spec.target in frame else pd.Series(None, frame.index, dtype=object)
    missing = (before.isna() & given.notna()).to_numpy()
    labels = before.astype(object).where(~missing, given)
    if spec.task == "regression" or pd.api.types.is_numeric_dtype(before.dtype):
        labels = pd.to_numeric(labels, errors="coerce")
    result = frame.assign(**{spec.target: labels})
    if spec.label_time_column and spec.label_time_column in frame:
        times = pd.Series([as_utc(known[row]["at"]) if row in known else pd.NaT for row in ids], frame.index)
        moments = pd.to_datetime(times, utc=True)
        # A label that comes later than the source would have sent it, if ever, is known from its own moment on.
        result[spec.label_time_column] = frame[spec.label_time_column].where(~missing, moments)
    return result


def answered_rows(ws: Workspace, window: Window, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows of a window people have labelled, also under another window that overlaps it.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The rows' window.
    frame : pandas.DataFrame
        All rows of the window.
    """
    rows = {row for row, _ in _overlapping(ws, window)}
    if not rows:
        return np.zeros(len(frame), dtype=bool)
    return np.isin(row_ids(ws.spec, frame).astype(str), list(rows))


def without_contradictions(told: Iterable[tuple[Any, Json]]) -> dict[Any, Json]:
    """Return the earliest answer about each row; none of a row about which answers differ.

    Parameters
    ----------
    told : iterable of tuple
        What names a row, with ``label`` and ``at``.

    Examples
    --------
    >>> early, late = {"label": 1, "at": "2026-01-01T00:00+00:00"}, {"label": 1, "at": "2026-01-02T00:00+00:00"}
    >>> without_contradictions([("a", late), ("a", early), ("b", early), ("b", {**late, "label": 0})])
    {'a': {'label': 1, 'at': '2026-01-01T00:00+00:00'}}
    """
    known: dict[Any, Json] = {}
    differing = set()
    for row, answer in sorted(told, key=lambda answered: as_utc(answered[1]["at"])):
        if known.setdefault(row, answer)["label"] != answer["label"]:
            differing.add(row)
    return {row: answer for row, answer in known.items() if row not in differing}


def _overlapping(ws: Workspace, window: Window) -> list[tuple[str, Json]]:
    """Return the id of each row with its answer, of all windows that overlap a window.

    The id of a row is the same in each of them where columns are read with the same types: the moment is part of it,
    and rows of one moment are read together. Where a type differs, the row stays without the other window's label here.
    """
    return [
        (row, answer)
        for mark in ws.ledger.overrides(ws.spec.name, "labelled")
        if overlap(mark.key, window)
        for row, answer in mark.value["rows"].items()
    ]


def _of_other_windows(ws: Workspace, window_key: str) -> dict[str, Json]:
    """Return what is on record of rows of a window under other windows, by their ids in this one."""
    from airmedic_core.asked_labels.longer_windows import answers_elsewhere
    from airmedic_core.windows import Window

    return answers_elsewhere(ws, Window.from_key(window_key))


def _on_record(ws: Workspace, window_key: str) -> Mapping[str, Json]:
    for override in ws.ledger.overrides(ws.spec.name, "labelled"):
        if override.key == window_key:
            rows: Mapping[str, Json] = override.value["rows"]
            return rows
    return {}


def _refuse_others(rows: Sequence[str], asked: Sequence[str]) -> None:
    others = [row for row in rows if row not in set(asked)]
    if others:
        raise ReturnedLabelsError(
            f"{len(others)} rows were not asked for, such as {', '.join(map(repr, others[:_SHOWN]))}.",
            f"Return the file that was handed out, with its ids. {closest(others[0], asked[:1000])}".strip(),
        )


def _refuse_twice(rows: Sequence[str]) -> None:
    twice = sorted({row for row in rows if rows.count(row) > 1})
    if twice:
        raise ReturnedLabelsError(
            f"{len(twice)} rows come more than once, such as {', '.join(map(repr, twice[:_SHOWN]))}.",
            "Give each row one label.",
        )


def _refuse_changed(answers: Sequence[tuple[str, Any]], before: Mapping[str, Json]) -> None:
    """Refuse other labels than those on record. The same again comes of a retry, and does no harm."""
    changed = [row for row, label in answers if row in before and before[row]["label"] != label]
    if changed:
        raise ReturnedLabelsError(
            f"{len(changed)} rows were labelled before, and otherwise, such as"
            f" {', '.join(map(repr, changed[:_SHOWN]))}.",
            "Leave them out, or take the labels back first: airmedic overrides --kind labelled --revoke KEY.",
        )


def _hold(model: str) -> str:
    # Of all windows: two that overlap have rows in common.
    return f"labels of {model}"
