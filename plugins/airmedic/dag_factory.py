"""Makes one DAG for each model spec."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, Param, PartitionedAssetTimetable, get_parsing_context

from airmedic.broken_spec import BrokenSpec
from airmedic.parse_time_limit import time_limit
from airmedic.people_notifier import PeopleNotifier
from airmedic.watchers import watched_asset
from airmedic_core.dag_files import files_of, maker_of
from airmedic_core.errors import AirmedicError, SpecError
from airmedic_core.extensions import require_extensions
from airmedic_core.schedules import ASSET, PARTITIONS, WATCH
from airmedic_core.settings import Settings
from airmedic_core.spec import ModelSpec, load_spec, spec_files

_SCHEDULES = {"hour": "0 * * * *", "day": "0 0 * * *", "week": "0 0 * * 1", "month": "0 0 1 * *"}
SLOW_SPEC_SECONDS = 5
"""Sets how long the DAG of one spec may take, which usually takes 20 ms. Airflow ends a DAG file after 30 s with all
its DAGs, so that a few slow specs still leave time for the others.
"""
_log = logging.getLogger(__name__)


def dags_of_specs(kind: str, make: Callable[[ModelSpec], DAG], *, file: str | None = None) -> dict[str, DAG]:
    """Make a DAG for each model spec of the content folder, or for the share of them that falls to one DAG file.

    A spec of which no DAG can be made, for whatever reason, becomes an import error of its own file; the other models
    go on. Where Airflow asks for one DAG, because it is about to run one of its tasks, only that one is made, whatever
    file is asked: a task that waits while files are added still finds its DAG.

    Parameters
    ----------
    kind : str
        First part of the DAG ids: ``monitor`` makes ``monitor__<model>``.
    make : callable
        Makes the DAG of one spec; see :func:`model_dag`.
    file : str, optional
        The DAG file's ``__file__``. It shares the models with the other files of its kind in its folder; see
        :mod:`airmedic_core.dag_files`. Not given: the DAGs of all models are made.

    Returns
    -------
    dict of str to DAG
        For the DAG file's ``globals()``.
    """
    wanted = get_parsing_context().dag_id
    specs = {f"{kind}__{path.stem}": path for path in spec_files(Settings.from_env().models)}
    if wanted is not None:
        specs = {dag_id: path for dag_id, path in specs.items() if dag_id == wanted}
    elif file and len(files := files_of(kind, Path(file).parent)) > 1:
        specs = {dag_id: path for dag_id, path in specs.items() if maker_of(path.stem, files).name == Path(file).name}
    dags: dict[str, DAG] = {}
    for dag_id, path in specs.items():
        try:
            # A task waits as long as it has to: its own DAG is the only one there.
            with time_limit(None if wanted else SLOW_SPEC_SECONDS, "Making its DAG"):
                dag = make(_spec_at(path))
                # What Airflow asks next. There, an error would be one of the DAG file, and stop all its DAGs.
                dag.validate()  # type: ignore[no-untyped-call]
                dag.check_cycle()
        except Exception as error:  # noqa: BLE001  whatever is wrong with one model, the others go on
            if not isinstance(error, AirmedicError):
                _log.exception("No DAG %s can be made of %s.", dag_id, path)
            dag = BrokenSpec(kind, path=path, error=error)
        dags[dag_id] = dag
    return dags


def _spec_at(path: Path) -> ModelSpec:
    spec = load_spec(path)
    if spec.name != path.stem:
        raise SpecError(f"{path.name} describes {spec.name!r}.", f"Rename it to {spec.name}.yaml, or the model.")
    require_extensions(spec)
    return spec


@contextmanager
def model_dag(
    kind: str, spec: ModelSpec, *, params: Mapping[str, Param] | None = None, **arguments: Any
) -> Iterator[DAG]:
    """Make a DAG with what all DAGs of one model have in common, for its tasks to be added to.

    Parameters
    ----------
    kind : str
        First part of the DAG id, and a tag.
    spec : ModelSpec
        The model.
    params : mapping, optional
        The fields of the form that starts a run.
    **arguments
        More arguments of the DAG.
    """
    owner_links = {spec.owner: f"mailto:{spec.owner}"} if "@" in spec.owner else {}
    # One at a time and in order: a second alert means more than the first.
    arguments.setdefault("max_active_runs", 1)
    with DAG(
        dag_id=f"{kind}__{spec.name}",
        start_date=datetime(2020, 1, 1, tzinfo=UTC),
        catchup=False,
        # A DAG that an error has left half made is none: only what the DAG file keeps counts.
        auto_register=False,
        tags=["airmedic", kind, spec.name],
        owner_links=owner_links,
        default_args={
            "owner": spec.owner,
            # About ten minutes: a server that is restarted must not leave a deployment unwatched.
            "retries": 6,
            "retry_delay": timedelta(seconds=10),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(minutes=10),
            "on_failure_callback": PeopleNotifier(
                text=f"Airmedic: {{{{ ti.task_id }}}} of {kind}__{spec.name} failed in the run {{{{ run_id }}}}.",
                model=spec.name,
                notify=spec.notify,
            ),
        },
        **arguments,
    ) as dag:
        yield dag
    # A task copies the params that its DAG has when it is made, and Airflow checks each copy against its schema again
    # whenever it reads the file: three quarters of what a DAG costs. When tasks run, they find the DAG's own.
    dag.params.update(params or {})


def schedule_of(spec: ModelSpec) -> str | list[Asset] | PartitionedAssetTimetable:
    """Return when a model is monitored: its own schedule, or once for each of its windows."""
    if spec.schedule is None:
        step = spec.window.step
        if step.unit == "hour" and 24 % step.count == 0:
            return f"0 */{step.count} * * *"
        # Longer steps than one are looked at more often than needed: the same window is then the same batch.
        return _SCHEDULES[step.unit]
    if spec.schedule.startswith(ASSET):
        return [Asset(spec.schedule.removeprefix(ASSET))]
    if spec.schedule.startswith(PARTITIONS):
        return PartitionedAssetTimetable(assets=Asset(spec.schedule.removeprefix(PARTITIONS)))
    if spec.schedule.startswith(WATCH):
        # A task that reads its own DAG has nothing to watch.
        return [watched_asset(spec, with_trigger=get_parsing_context().dag_id is None)]
    return spec.schedule
