"""Finds events that came right after those that started a run, and that no run has been given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.sdk import Asset, Context
from airflow.sdk.exceptions import AirflowRuntimeError

from airmedic_core.records import Json

if TYPE_CHECKING:
    from airflow.sdk.execution_time.context import InletEventsAccessors

_MOST = 1000
"""Events of an asset that are asked for. A scheduler makes runs every second or so, and these come before it does."""


class Event(NamedTuple):
    """An event of an asset: what it carries, and when it came."""

    extra: Json
    at: datetime


def later_events(context: Context) -> list[Event]:
    """Return the events of the run's assets since the run was due that have no run of their own.

    An event that comes within a second of the first one, before the scheduler has made the run, is given to the run of
    the next event, which may come tomorrow or never. That run is given all events since the one before it, so that
    only the last run has any to look for.

    Parameters
    ----------
    context : Context
        The context of a task of a run that events have started.

    Raises
    ------
    AirflowRuntimeError
        If Airflow does not answer. A retry helps.
    """
    from airflow.sdk.execution_time.context import InletEventsAccessors

    run = context["dag_run"]
    assets = [asset for asset in context.get("triggering_asset_events") or () if isinstance(asset, Asset)]
    accessors = InletEventsAccessors(list(assets))
    # Those with a partition are for DAGs that wait for partitions.
    return [
        Event(dict(event.extra or {}), event.timestamp)
        for asset in assets
        for event in _since(accessors, asset, context)
        if event.partition_key is None and all(given.dag_id != run.dag_id for given in event.created_dagruns)
    ]


def _since(accessors: InletEventsAccessors, asset: Asset, context: Context) -> Sequence[Any]:
    run = context["dag_run"]
    try:
        return list(accessors[asset].after(run.run_after.isoformat()).limit(_MOST))
    except AirflowRuntimeError as error:
        # Airflow 3.2 and 3.3 cannot tell of an event whose run is queued: a run without a start is no valid answer to
        # them. There is a later run then, which looks for what came after its own events.
        failed = (error.error.detail or {}).get("status_code") == HTTPStatus.INTERNAL_SERVER_ERROR
        if failed and context["ti"].get_dr_count(dag_id=run.dag_id, states=["queued"]):
            return []
        raise
