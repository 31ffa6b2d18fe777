"""The history of a model: one run whose metrics are time series, with the number of the window as their step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.reports.batch.story import SHOWN_WINDOWS, BatchStory
from airmedic_core.reports.html_page import figure, from_markdown, html_page
from airmedic_core.reports.measured import level_words, measured_windows
from airmedic_core.reports.pictures import metric_picture
from airmedic_core.reports.runs import Point, RunContent, write_run
from airmedic_core.reports.text import moment, number, prose, table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from airmedic_core.workspace import Workspace

HISTORY_TAG = "airmedic.history"
_NOTE_WINDOWS = 30
_COLUMNS = (
    "window",
    "outcome",
    "cause",
    "metric",
    "low",
    "high",
    "accepted",
    "largest_move",
    "rows",
    "version",
    "looked_at",
)


def extend_history(ws: Workspace, story: BatchStory, points: tuple[Point, ...]) -> None:
    """Add a batch's metrics to the model's history, and write its picture and its table anew.

    Parameters
    ----------
    ws : Workspace
        The model.
    story : BatchStory
        The batch.
    points : tuple of Point
        Its metrics.
    """
    rows = ws.ledger.window_rows(ws.spec.name, limit=SHOWN_WINDOWS)
    lines = [_line(row) for row in reversed(rows)]
    name = prose(ws.spec.title or ws.spec.name, 80)
    told = "The charts of this run show every watched window; a step is a window. "
    told += (
        "`metric` is the one that decides, `metric_limit` what is accepted, `drift` how far the input that moved most "
    )
    told += "has moved as a share of what is accepted."
    header = ("Window", "Outcome", "Cause", "Metric", "Accepted", "Rows", "Version")
    shown = [(line[0], line[1], line[2], *(line[place] for place in (3, 6, 8, 9))) for line in lines]
    note = f"# {name}\n\n{told}\n\n" + table(header, [tuple(map(_cell, line)) for line in shown[:_NOTE_WINDOWS]])
    windows = measured_windows(rows, story.summary, story.batch)
    picture = metric_picture(ws.spec.metric, windows, story.promotions)

    def draw(folder: Path) -> None:
        text = f"# {name}\n\n{told}"
        page = [
            from_markdown(text),
            figure(picture, level_words(windows)),
            from_markdown(table(header, [tuple(map(_cell, x)) for x in shown])),
        ]
        (folder / "report.html").write_text(html_page(f"{name}: history", page), encoding="utf-8")
        (folder / "report.md").write_text(note, encoding="utf-8")
        (folder / "windows.json").write_text(json.dumps({"columns": _COLUMNS, "data": lines}), encoding="utf-8")

    content = RunContent(
        identity=(HISTORY_TAG, ws.spec.name),
        name="history",
        note=note,
        tags={"airmedic.kind": "history", "airmedic.model": ws.spec.name, "airmedic.metric": ws.spec.metric},
        points=points,
        tables=("windows.json",),
    )
    write_run(ws, content, draw)


def _line(row: Row[Any]) -> list[str | float | None]:
    from airmedic_core.windows import Window

    return [
        str(Window(row.window_start, row.window_end)),
        row.outcome or "",
        row.cause or "",
        row.metric_value,
        row.metric_low,
        row.metric_high,
        row.metric_limit,
        row.largest_move,
        row.rows,
        row.model_version or "",
        moment(row.as_of),
    ]


def _cell(value: str | float | None) -> str:
    return prose(value, 60) or "–" if isinstance(value, str) else number(value)
