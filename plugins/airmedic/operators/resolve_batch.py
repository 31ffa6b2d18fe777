"""Finds out which batch a monitoring run is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.further_runs import start_run
from airmedic.hooks.later_events import Event, later_events
from airmedic.hooks.waiting_runs import step_aside
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic.people_notifier import tell
from airmedic_core.errors import AirmedicError, MissingBatchError
from airmedic_core.records import Json, to_json
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    from airmedic_core.monitor import Announced
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

_FURTHER = "announced__"
"""Says how the ids of further runs begin. Airflow keeps the prefixes of its own kinds of runs to itself."""
_WHERE = "The windows of the others are looked at. The log of resolve_batch quotes what was passed over."


class ResolveBatchOperator(ModelOperator):
    """Names the batch of this run and records that it was seen.

    The window comes, in this order, from the arguments, from the run's partition key, from the events or messages that
    started the run, or is the last complete window before the run.

    Airflow starts one run for all events that came while the DAG was paused or the scheduler away, and none for those
    that came right after the first. This run then looks at the oldest of their windows and starts a further run for
    each of the others. A message that names no window
    fails the run where it came alone; else people are told of it.

    A scheduled run whose rows are not there yet steps aside for runs that are queued, and waits behind them.

    A window that was announced and is on record already is skipped, with the tasks that follow: the same message may
    come more than once. To look at it again, trigger the DAG with its window, or clear the run: it then looks at the
    oldest window that it was given.

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
        with airflow_errors():
            from airmedic_core.monitor import is_recorded, resolve_batch

            ws = open_workspace(self.model)
            window, as_of = _asked(self.window_start, self.window_end), as_utc(self.as_of) if self.as_of else None
            if window is None and (first := self._announced(ws, context)):
                window, as_of = first.window, as_of or first.as_of
            if window is not None and _is_announced(context) and is_recorded(ws, window, as_of):
                raise AirflowSkipException(f"{window} is on record: whatever announced it came before.")
            moment = _moment(context)
            try:
                batch = resolve_batch(ws, window=window, moment=moment, as_of=as_of)
            except MissingBatchError:
                window = window or ws.spec.window.step.last_complete(moment)
                if step_aside(context, window, as_of or max(window.end, moment)):
                    problem = f"The rows of {window} are not there yet, and other runs wait."
                    raise AirflowSkipException(f"{problem} A run behind them looks for the rows again.") from None
                raise
        self.log.info("Batch %s: %s, %d rows, as of %s.", batch.id, batch.window, batch.rows, batch.as_of)
        return to_json(batch)

    def _announced(self, ws: Workspace, context: Context) -> Announced | None:
        """Return the oldest window that started the run, and start runs for the later ones."""
        from airmedic_core.monitor import announced, is_recorded
        from airmedic_core.monitor.announcements import merged, windows_of

        run = context["dag_run"]
        key = getattr(run, "partition_key", None)
        given = (context.get("triggering_asset_events") or {}).values()
        events = [Event(dict(event.extra or {}), event.timestamp) for batch in given for event in batch]
        unseen = later_events(context) if key is None and events and _is_by_events(context) else []
        later = windows_of(ws.spec, [event.extra for event in unseen])
        moments = _moments(ws.spec, [*events, *unseen]) if key is None else {}
        try:
            told = announced(ws.spec, [event.extra for event in events], key=key)
        except AirmedicError:
            self._start_runs(context, [item for item in later if not is_recorded(ws, *item)], moments)
            raise
        for refusal in told.refused:
            self.log.warning("Passed over: %s", refusal)
        if told.refused and getattr(context["ti"], "try_number", 1) == 1:
            tell(ws.spec, f"{len(told.refused)} of the messages for {self.model} named no window.", _WHERE)
        windows = merged((*later, *told.windows))
        if told.nothing_here and not windows:
            raise AirflowSkipException("What arrived is for other models, or says that files were removed.")
        new = [announcement for announcement in windows if not is_recorded(ws, *announcement)]
        # Somebody who clears a run wants to see its window again, and not the next one.
        mine = next(iter((told.windows if getattr(run, "clear_number", 0) else new) or windows), None)
        self._start_runs(context, [item for item in new if mine and item.window != mine.window], moments)
        return mine

    def _start_runs(
        self, context: Context, announcements: Sequence[Announced], moments: Mapping[Announced, datetime]
    ) -> None:
        for announcement in announcements:
            window, as_of = announcement
            conf = {"window_start": window.start.isoformat(), "window_end": window.end.isoformat()}
            conf |= {"as_of": as_of.isoformat()} if as_of else {}
            # The same from every run that is told of the event: Airflow starts it once.
            run_id = f"{_FURTHER}{window.key}__{moments[announcement]:%Y%m%dT%H%M%S.%f}"
            start_run(context["dag_run"].dag_id, run_id, conf)
            self.log.info("%s was announced too: a run of its own looks at it.", window)


def _moments(spec: ModelSpec, events: Sequence[Event]) -> dict[Announced, datetime]:
    """Return when each window was last announced, with the labels that were asked for."""
    from airmedic_core.monitor.announcements import windows_of

    said = [(event.at, announcement) for event in events for announcement in windows_of(spec, [event.extra])]
    return {announcement: at for at, announcement in sorted(said, key=itemgetter(0))}


def _is_by_events(context: Context) -> bool:
    """Return whether events started the run."""
    run = context["dag_run"]
    return getattr(run, "run_type", "") == "asset_triggered" or run.run_id.startswith(_FURTHER)


def _is_announced(context: Context) -> bool:
    """Return whether events started the run, which nobody has cleared to have the window looked at again."""
    return _is_by_events(context) and not getattr(context["dag_run"], "clear_number", 0)


def _asked(start: str, end: str) -> Window | None:
    return Window(as_utc(start), as_utc(end)) if start and end else None


def _moment(context: Context) -> datetime:
    run = context.get("dag_run")
    # With [scheduler] create_cron_data_intervals the logical date is the interval's start: the run is due at its end.
    moments = [run.logical_date if run else None, context.get("data_interval_end")]
    known = [moment for moment in moments if moment is not None]
    return max(known) if known else (run.run_after if run else datetime.now(UTC))
