"""Makes one DAG for each model spec."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, get_parsing_context

from airmedic.broken_spec import BrokenSpec
from airmedic.notifiers.people import PeopleNotifier
from airmedic_core.errors import AirmedicError, SpecError
from airmedic_core.extensions import require_extensions
from airmedic_core.settings import Settings
from airmedic_core.spec import ModelSpec, load_spec, spec_files

_SCHEDULES = {"hour": "0 * * * *", "day": "0 0 * * *", "week": "0 0 * * 1", "month": "0 0 1 * *"}
_ASSET = "asset:"
_log = logging.getLogger(__name__)


def dags_of_specs(kind: str, make: Callable[[ModelSpec], DAG]) -> dict[str, DAG]:
    """Make a DAG for each model spec of the content folder.

    A spec of which no DAG can be made, for whatever reason, becomes an import error of its own file; the other models
    go on. Where Airflow asks for one DAG, because it is about to run one of its tasks, only that one is made.

    Parameters
    ----------
    kind : str
        First part of the DAG ids: ``monitor`` makes ``monitor__<model>``.
    make : callable
        Makes the DAG of one spec; see :func:`model_dag`.

    Returns
    -------
    dict of str to DAG
        For the DAG file's ``globals()``.
    """
    wanted = get_parsing_context().dag_id
    dags: dict[str, DAG] = {}
    for path in spec_files(Settings.from_env().models):
        dag_id = f"{kind}__{path.stem}"
        if wanted not in (None, dag_id):
            continue
        try:
            dag = make(_spec_at(path))
            # What Airflow asks next. There, an error would be one of the DAG file, and stop the DAGs of all models.
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


def model_dag(kind: str, spec: ModelSpec, **arguments: Any) -> DAG:
    """Make an empty DAG with what all DAGs of one model have in common.

    Parameters
    ----------
    kind : str
        First part of the DAG id, and a tag.
    spec : ModelSpec
        The model.
    **arguments
        More arguments of the DAG.
    """
    owner_links = {spec.owner: f"mailto:{spec.owner}"} if "@" in spec.owner else {}
    return DAG(
        dag_id=f"{kind}__{spec.name}",
        start_date=datetime(2020, 1, 1, tzinfo=UTC),
        catchup=False,
        # A DAG that an error has left half made is none: only what the DAG file keeps counts.
        auto_register=False,
        # One at a time and in order: a second alert means more than the first.
        max_active_runs=1,
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
    )


def schedule_of(spec: ModelSpec) -> str | list[Asset]:
    """Return when a model is monitored: its own schedule, or once for each of its windows."""
    if spec.schedule is None:
        step = spec.window.step
        if step.unit == "hour" and 24 % step.count == 0:
            return f"0 */{step.count} * * *"
        # Longer steps than one are looked at more often than needed: the same window is then the same batch.
        return _SCHEDULES[step.unit]
    if spec.schedule.startswith(_ASSET):
        return [Asset(spec.schedule.removeprefix(_ASSET))]
    return spec.schedule
