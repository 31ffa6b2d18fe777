"""Finds events that came right after those that started a run, and that no run has been given."""

from __future__ import annotations

from airflow.sdk import Asset, Context

from airmedic_core.records import Json


def later_extras(context: Context) -> list[Json]:
    """Return the extras of the events of the run's assets since the run was due.

    An event that comes within a second of the first one, before the scheduler has made the run, is given to the run of
    the next event, which may come tomorrow or never. One that has a run of its own by now is in here too: that run
    then finds its window on record.

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
    events = InletEventsAccessors(list(assets))
    since = run.run_after.isoformat()
    # Those with a partition are for DAGs that wait for partitions.
    return [
        dict(event.extra or {})
        for asset in assets
        for event in events[asset].after(since)
        if getattr(event, "partition_key", None) is None
    ]
