"""Finds out which batch a monitoring run is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.further_runs import start_run
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Json, to_json
from airmedic_core.windows import Window, as_utc


class ResolveBatchOperator(ModelOperator):
    """Names the batch of this run and records that it was seen.

    The window comes, in this order, from the arguments, from the asset event that started the run (its extra holds
    ``window_start``, ``window_end`` and, if labels are to be looked at from an earlier moment, ``as_of``), or is the
    last complete window before the run.

    Airflow starts one run for all events that came while the DAG was paused or the scheduler away. This run then looks
    at the oldest of their windows and starts a further run for each of the others.

    Parameters
    ----------
    model : str
        Name of the model spec.
    window_start, window_end : str
        ISO 8601 times; empty for none.
    as_of : str
        Labels that became known later do not exist yet; empty for now.

    Returns
    -------
    dict
        The batch.
    """

    template_fields: Sequence[str] = ("model", "window_start", "window_end", "as_of")

    def __init__(self, *, window_start: str = "", window_end: str = "", as_of: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.window_start = window_start
        self.window_end = window_end
        self.as_of = as_of

    def execute(self, context: Context) -> Json:
        """Resolve the batch."""
        asked = {"window_start": self.window_start, "window_end": self.window_end, "as_of": self.as_of}
        with airflow_errors():
            if not self.window_start:
                asked = {**self._oldest_event(context), **{key: value for key, value in asked.items() if value}}
            from airmedic_core.monitor import resolve_batch

            batch = resolve_batch(
                open_workspace(self.model),
                window=_window(asked),
                moment=_moment(context),
                as_of=as_utc(asked["as_of"]) if asked.get("as_of") else None,
            )
        self.log.info("Batch %s: %s, %d rows, as of %s.", batch.id, batch.window, batch.rows, batch.as_of)
        return to_json(batch)

    def _oldest_event(self, context: Context) -> Json:
        """Return the extra of the asset event with the oldest window, and start runs for the later ones."""
        events = [event for batch in (context.get("triggering_asset_events") or {}).values() for event in batch]
        extras = [dict(event.extra or {}) for event in events]
        announced = {
            str(extra["window_start"]): extra for extra in extras if {"window_start", "window_end"} <= set(extra)
        }
        oldest, *later = [announced[start] for start in sorted(announced, key=as_utc)] or [{}]
        for extra in later:
            conf = {name: extra[name] for name in ("window_start", "window_end", "as_of") if extra.get(name)}
            window = Window(as_utc(conf["window_start"]), as_utc(conf["window_end"]))
            # Not the prefix of this run's id: Airflow keeps those of its own kinds of runs to itself.
            start_run(context["dag_run"].dag_id, f"announced__{window.key}__{context['run_id']}", conf)
            self.log.info("%s was announced too: a run of its own looks at it.", window)
        return oldest


def _window(asked: Json) -> Window | None:
    if not (asked.get("window_start") and asked.get("window_end")):
        return None
    return Window(as_utc(asked["window_start"]), as_utc(asked["window_end"]))


def _moment(context: Context) -> datetime:
    run = context.get("dag_run")
    # With [scheduler] create_cron_data_intervals the logical date is the interval's start: the run is due at its end.
    moments = [run.logical_date if run else None, context.get("data_interval_end")]
    known = [moment for moment in moments if moment is not None]
    return max(known) if known else (run.run_after if run else datetime.now(UTC))
