"""The labels that people have given, and the rows with them.

They are on record as an override of their window, so that every reader of the window has them, and the audit chain
holds who gave them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.asked_labels.rows import row_ids
from airmedic_core.errors import ReturnedLabelsError, closest
from airmedic_core.records.plain_json import Json
from airmedic_core.windows import as_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.records import Proposal
    from airmedic_core.spec import ModelSpec
    from airmedic_core.windows import Window
    from airmedic_core.workspace import Workspace

_SHOWN = 3
"""Rows that a message names."""


def record_answers(
    ws: Workspace, proposal: Proposal, answers: Sequence[tuple[str, Any]], *, by: str, now: datetime
) -> int:
    """Check labels that came back for a request and record them; return how many they are.

    Blank ones say that nobody knows, and are left out.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        The request: its parameters name the rows.
    answers : sequence of tuple of str and object
        The id of each row with its label.
    by : str
        Who gives them.
    now : datetime
        The moment from which on they are known.

    Raises
    ------
    ReturnedLabelsError
        If a row was not asked for, comes twice or was labelled before, or a label is none of the task. Nothing is
        recorded then. A retry does not help.
    """
    window_key, asked = str(proposal.params["window"]), list(map(str, proposal.params["rows"]))
    given = [(str(row), label) for row, label in answers if not _blank(label)]
    before = _on_record(ws, window_key)
    _refuse_others([row for row, _ in given], asked)
    _refuse_twice([row for row, _ in given], before)
    if not given:
        raise ReturnedLabelsError("No row has a label.", f"Fill in the column {ws.spec.target}.")
    labels = {row: _label(ws.spec, row, label) for row, label in given}
    known: Json = {**before, **{row: {"label": label, "at": now.isoformat()} for row, label in labels.items()}}
    ws.ledger.set_override(
        ws.spec.name,
        "labelled",
        window_key,
        {"rows": known, "proposal": proposal.hash},
        author=by,
        reason=f"{len(labels)} labels that were asked for.",
    )
    return len(labels)


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

    known = _on_record(ws, window.key)
    if not known or not len(frame):
        return frame
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
    """Return which rows of a window people have labelled.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The rows' window.
    frame : pandas.DataFrame
        All rows of the window.
    """
    known = _on_record(ws, window.key)
    if not known:
        return np.zeros(len(frame), dtype=bool)
    return np.isin(row_ids(ws.spec, frame).astype(str), list(known))


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


def _refuse_twice(rows: Sequence[str], before: Mapping[str, Json]) -> None:
    twice = sorted({row for row in rows if rows.count(row) > 1})
    if twice:
        raise ReturnedLabelsError(
            f"{len(twice)} rows come more than once, such as {', '.join(map(repr, twice[:_SHOWN]))}.",
            "Give each row one label.",
        )
    again = [row for row in rows if row in before]
    if again:
        raise ReturnedLabelsError(
            f"{len(again)} rows were labelled before, such as {', '.join(map(repr, again[:_SHOWN]))}.",
            "Leave them out, or take the labels back first: airmedic overrides --kind labelled --revoke KEY.",
        )


def _label(spec: ModelSpec, row: str, label: Any) -> Any:
    """Return a label as the source has it: a number where it is one."""
    try:
        number = float(label)
    except (TypeError, ValueError):
        number = float("nan")
    if np.isfinite(number):
        return int(number) if number.is_integer() and spec.task != "regression" else number
    if spec.task == "regression":
        raise ReturnedLabelsError(f"The label {label!r} of the row {row!r} is no number.", "Give a number.")
    return str(label).strip()


def _blank(label: Any) -> bool:
    return label is None or label != label or not str(label).strip()  # noqa: PLR0124  not-a-number is unlike itself
