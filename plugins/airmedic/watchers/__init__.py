"""Watchers: what may start a monitoring run, as ``schedule: watch:<watcher>:<place>@<connection>`` names it.

One file is one watcher. It makes the trigger with which Airflow's triggerer watches for files or messages; Airflow then
updates an asset, and that starts the run. A queue of another kind needs no watcher here: give an asset of your own an
``AssetWatcher``, and write ``schedule: asset:<uri>``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic.watchers.contract import Watcher
from airmedic_core.extras import MissingExtraError, is_installed
from airmedic_core.family import Family
from airmedic_core.schedules import watched
from airmedic_core.spec import WATCHERS_LIE_IN, ModelSpec

if TYPE_CHECKING:
    from airflow.sdk import Asset

__all__ = ["WATCHERS", "Watcher", "watched_asset"]

WATCHERS: Family[Watcher] = Family(WATCHERS_LIE_IN.package, Watcher)


def watched_asset(spec: ModelSpec, *, with_trigger: bool) -> Asset:
    """Return the asset that is updated when there is something new for a model.

    Parameters
    ----------
    spec : ModelSpec
        The model. Its schedule names what is watched.
    with_trigger : bool
        Whether the asset says how it is watched, which only Airflow's DAG processor has to know.

    Raises
    ------
    SpecError
        If the schedule names no place where the watcher needs one, or one where it needs none. A retry does not help.
    MissingExtraError
        If the packages that watch are not installed. A retry does not help.
    """
    from airflow.sdk import Asset, AssetWatcher

    name, uri = f"airmedic_watch__{spec.name}", f"airmedic://watch/{spec.name}"
    chosen = watched(spec.schedule)
    if not with_trigger or chosen is None:
        return Asset(name=name, uri=uri)
    watcher = WATCHERS.member(chosen.watcher)
    watcher.check(spec, chosen.place)
    if not all(map(is_installed, watcher.modules)):
        raise MissingExtraError(
            f"{watcher.form(spec)} needs packages that are not installed.",
            f'Install them: pip install "airmedic[{watcher.extra}]"',
        )
    trigger = watcher.trigger(spec, chosen.place, chosen.connection)
    return Asset(name=name, uri=uri, watchers=[AssetWatcher(name=name, trigger=trigger)])
