"""Scores a batch with the champion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Asset, Context

from airmedic.airflow_versions import announce_partition
from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Json
from airmedic_core.schedules import PARTITIONS
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window, as_utc


class BatchScoreOperator(ModelOperator):
    """Scores the rows of a window with whatever version carries the alias ``champion``, and logs the predictions.

    Each predicted row carries the version that served it. The assets among the task's ``outlets`` are told the window,
    so that a monitoring DAG with ``schedule: asset:…`` looks at exactly these rows. With ``schedule: partitions:…`` the
    window's key is the partition.

    Parameters
    ----------
    model : str
        Name of the model spec.
    window_start, window_end : str
        ISO 8601 times.
    predictions : str
        Parquet file to write the predictions to; local or object storage.
    as_of : str
        Passed on to the monitoring DAG: labels that became known later do not exist yet. Empty for now.

    Returns
    -------
    dict
        ``version``, ``rows`` and ``predictions``.
    """

    template_fields: Sequence[str] = ("model", "window_start", "window_end", "predictions", "as_of")

    def __init__(self, *, window_start: str, window_end: str, predictions: str, as_of: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.window_start = window_start
        self.window_end = window_end
        self.predictions = predictions
        self.as_of = as_of

    def execute(self, context: Context) -> Json:
        """Score the batch."""
        with airflow_errors():
            from airmedic_core.scoring import score_window

            window = Window(as_utc(self.window_start), as_utc(self.window_end))
            ws = open_workspace(self.model)
            scored = score_window(ws, window, self.predictions)
            announced = {"window_start": window.start.isoformat(), "window_end": window.end.isoformat()}
            for asset in self.outlets:
                event = context["outlet_events"][asset]
                event.extra = {**announced, **({"as_of": self.as_of} if self.as_of else {})}
                if _waits_for_partitions(ws.spec, asset):
                    announce_partition(context, event, window.key)
        return {"version": scored.version, "rows": len(scored.scores), "predictions": self.predictions}


def _waits_for_partitions(spec: ModelSpec, asset: Asset) -> bool:
    schedule = spec.schedule or ""
    return schedule.startswith(PARTITIONS) and Asset(schedule.removeprefix(PARTITIONS)).uri == asset.uri
