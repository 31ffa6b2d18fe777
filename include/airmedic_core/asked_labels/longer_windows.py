"""The labels that people have given, among the rows of a longer window: those of a training, or of its gate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.asked_labels.answers import without_contradictions
from airmedic_core.asked_labels.rows import overlap, row_ids
from airmedic_core.records.plain_json import Json
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.workspace import Workspace

_RANK = "airmedic rank of the moment"
"""A column that counts rows of one moment, in the order of the source. Rows of one moment are read together, so that
the moment and the rank name the same row in a window and in a longer one."""
_ANSWER, _LABEL, _GIVEN_AT = "airmedic answer", "airmedic label", "airmedic moment of the label"
"""Columns that no source has."""


def with_all_answers(
    ws: Workspace, window: Window, frame: pd.DataFrame, as_of: datetime
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Return rows with the labels that people had given by a moment, and which rows these are.

    A label that the source has delivered by then stays. A window that was delivered anew has other rows than those that
    people have labelled, and gets none of their labels. A row that was labelled under several windows has the earliest
    answer; one whose labels differ has none.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The rows' window.
    frame : pandas.DataFrame
        Its rows by time, in the order of the source. Moments may be missing, and single rows of a moment may not.
    as_of : datetime
        Labels that became known later do not exist yet.

    Raises
    ------
    SourceError
        If the rows that people have labelled cannot be read.
    """
    import pandas as pd

    spec, moment = ws.spec, as_utc(as_of)
    answered: NDArray[np.bool_] = np.zeros(len(frame), dtype=bool)
    time, key = spec.data.time_column, [spec.data.time_column, _RANK]
    told = [row for rows in _answers(ws, window, moment) for row in _told(rows, time)]
    known = without_contradictions(told)
    if not known or not len(frame):
        return frame, answered
    from airmedic_core.sources import known_labels

    at, ranks = zip(*known, strict=True)
    given = pd.DataFrame(
        {
            _LABEL: pd.Series([answer["label"] for answer in known.values()], dtype=object).to_numpy(),
            _GIVEN_AT: _moments([answer["at"] for answer in known.values()]),
        },
        index=pd.MultiIndex.from_arrays([pd.Series(at).astype(frame[time].dtype), ranks], names=key),
    )
    places = pd.MultiIndex.from_frame(_ranked(frame, time)[key])
    there = given.index.get_indexer(places)
    answered = (there >= 0) & ~np.asarray(known_labels(spec, frame, moment), dtype=bool)
    if not answered.any():
        return frame, answered
    before = frame[spec.target] if spec.target in frame else pd.Series(None, frame.index, dtype=object)
    labels = before.astype(object)
    labels[answered] = given[_LABEL].to_numpy()[there[answered]]
    if spec.task == "regression" or pd.api.types.is_numeric_dtype(before.dtype):
        labels = pd.to_numeric(labels, errors="coerce")
    result = frame.assign(**{spec.target: labels})
    if spec.label_time_column and spec.label_time_column in frame:
        moments = frame[spec.label_time_column].copy()
        moments[answered] = given[_GIVEN_AT].to_numpy()[there[answered]]
        result[spec.label_time_column] = moments
    return result, answered


def answers_elsewhere(ws: Workspace, window: Window) -> dict[str, Json]:
    """Return what people have said of rows of a window under other windows that overlap it, by the ids in this one.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        Exactly the window of a request.

    Raises
    ------
    SourceError
        If the rows that people have labelled cannot be read.
    """
    from airmedic_core.repair import read_as_repaired

    time = ws.spec.data.time_column
    told = [row for rows in _answers(ws, window, None, but=window.key) for row in _told(rows, time)]
    if not told:
        return {}
    rows = read_as_repaired(ws, window)
    ranked = _ranked(rows, time)
    ids = dict(zip(zip(ranked[time], ranked[_RANK], strict=True), row_ids(ws.spec, rows).astype(str), strict=True))
    return {ids[row]: answer for row, answer in told if row in ids}


def _answers(ws: Workspace, window: Window, as_of: datetime | None, *, but: str = "") -> Iterator[pd.DataFrame]:
    """Yield moment, rank and answer of the rows that people have labelled, of one window after the other."""
    from airmedic_core.repair import read_as_repaired

    time = ws.spec.data.time_column
    for mark in ws.ledger.overrides(ws.spec.name, "labelled"):
        if not overlap(mark.key, window) or mark.key == but:
            continue
        known: dict[str, Json] = {
            row: answer for row, answer in mark.value["rows"].items() if as_of is None or as_utc(answer["at"]) <= as_of
        }
        rows = read_as_repaired(ws, Window.from_key(mark.key))
        ids = row_ids(ws.spec, rows).astype(str)
        labelled = np.isin(ids, list(known))
        if labelled.any():
            ranked = _ranked(rows, time)[labelled]
            answers: Any = [known[str(row)] for row in ids[labelled]]
            ranked[_ANSWER] = answers
            yield ranked


def _told(rows: pd.DataFrame, time: str) -> list[tuple[tuple[Any, int], Json]]:
    moments = zip(rows[time], rows[_RANK], strict=True)
    return list(zip(moments, rows[_ANSWER], strict=True))


def _ranked(rows: pd.DataFrame, time: str) -> pd.DataFrame:
    return rows[[time]].assign(**{_RANK: rows.groupby(time, sort=False).cumcount()})


def _moments(told: list[str]) -> Any:
    import pandas as pd

    return pd.to_datetime(pd.Series(told), utc=True, format="ISO8601").to_numpy()
