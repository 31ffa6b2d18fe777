"""One MLflow run for each report: found again by its identity tag, written in one go, repaired when cut off."""

from __future__ import annotations

import contextlib
import json
import math
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

from airmedic_core.errors import RegistryUnavailableError
from airmedic_core.records import digest
from airmedic_core.reports.addresses import page_address, run_address
from airmedic_core.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from airmedic_core.workspace import Workspace

CONTENT_TAG = "airmedic.content"
"""Hash of what a run holds. It is set last: a run without it was cut off and is written again."""

AIRFLOW_TAG = "airflow.url"
"""Tag with the address of the Airflow run that wrote the report."""

_NOTE_TAG = "mlflow.note.content"
_MOST_TAG = 8_000
_CUT = "\n\n*The rest is in `report.html`.*"
_MOST_METRICS = 1_000
_MOST_KEY = 250
"""Characters of a metric's name: all of MLflow's stores take as many."""
_HASH_DIGITS = 8
"""Of the hash at the end of a name: by chance, two of a thousand columns share one in about one of 10,000 models."""
_PROBE_SECONDS = 5
_METRIC_CHARACTERS = re.compile(r"[^\w\-. /]", re.ASCII)


@dataclass(frozen=True)
class Report:
    """Says where a report can be read."""

    run_id: str
    url: str
    """Empty where MLflow is a plain store without pages."""


@dataclass(frozen=True)
class Point:
    """One point of a metric's time series."""

    key: str
    value: float
    step: int
    timestamp_ms: int


@dataclass(frozen=True)
class RunContent:
    """Holds what one run shall hold."""

    identity: tuple[str, str]
    """Tag and value by which the run is found again."""
    name: str
    note: str
    """Markdown that the run's own page shows."""
    basis: Any = None
    """Plain JSON that note and artifacts follow from, so that a change of it writes them again."""
    tags: Mapping[str, str] = field(default_factory=dict)
    points: tuple[Point, ...] = ()
    written_again: bool = False
    """Says whether each report holds all points anew: then one that stands is left out, and one that has changed is
    stamped with the moment of writing, because MLflow shows the higher of two values at the same step and time.
    """
    tables: tuple[str, ...] = ()
    """Files among the artifacts that MLflow shall show as tables."""

    @property
    def hash(self) -> str:
        """Hash of everything that readers see."""
        points = [[point.key, point.value, point.step] for point in self.points]
        return digest(
            [
                self.identity,
                self.name,
                self.note if self.basis is None else self.basis,
                dict(self.tags),
                points,
                self.tables,
            ]
        )


def mlflow_url(ws: Workspace, run_id: str) -> str:
    """Return the address of a run's page, or an empty string where MLflow is a plain store without pages.

    ``AIRMEDIC_MLFLOW_URL`` names the address that browsers use, where it differs from the one that tasks use.
    """
    if not page_address(ws.settings):
        return ""
    return run_address(ws.settings, run_id, ws.registry.experiment(ws.spec.name))


def probe(settings: Settings) -> None:
    """Ask MLflow for a sign of life, so that a server that is down costs seconds and not minutes of retries.

    Raises
    ------
    RegistryUnavailableError
        If the server does not answer. A retry helps once it does.
    """
    if urlsplit(settings.tracking_uri).scheme not in {"http", "https"}:
        return
    address = settings.tracking_uri.rstrip("/")
    parts = urlsplit(address)
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    try:
        with urlopen(Request(f"{bare}/health"), timeout=_PROBE_SECONDS):  # noqa: S310 - the scheme is checked above
            pass
    except HTTPError as error:
        if error.code >= 500:
            raise _unavailable(settings, error) from error
    except (URLError, OSError) as error:
        raise _unavailable(settings, error) from error


def write_run(ws: Workspace, content: RunContent, draw: Callable[[Path], None]) -> Report:
    """Write a report into its run: a new one, or the one that carries the same identity.

    The artifacts are made in a temporary folder before MLflow is asked for anything, so that whatever fails there
    leaves nothing behind. A report that already stands as wanted is left as it is.

    Parameters
    ----------
    ws : Workspace
        The model's workspace.
    content : RunContent
        Tags, metrics and description.
    draw : callable
        Writes the artifacts into the folder it is given.

    Raises
    ------
    RegistryUnavailableError
        If MLflow does not answer. Nothing half-written is left: a new run is deleted, an old one is marked as failed
        and written again by the next attempt.
    """
    probe(ws.settings)
    experiment = ws.registry.experiment(ws.spec.name)
    with ws.registry.answering():
        earlier = _find(ws.registry.client, experiment, content.identity)
    if earlier is not None and earlier.info.status == "FINISHED" and earlier.data.tags.get(CONTENT_TAG) == content.hash:
        return _report(ws.settings, experiment, earlier.info.run_id)
    with tempfile.TemporaryDirectory(prefix="airmedic-") as folder:
        draw(Path(folder))
        with ws.registry.answering():
            run_id = _fill(ws.registry.client, experiment, earlier, content, folder)
    return _report(ws.settings, experiment, run_id)


def rename_run(ws: Workspace, identity: tuple[str, str], name: str) -> None:
    """Give a report's run another name, where there is such a run.

    Parameters
    ----------
    ws : Workspace
        The model.
    identity : tuple of str, str
        Name and value of the tag that the run is found by.
    name : str
        The name.

    Raises
    ------
    RegistryUnavailableError
        If MLflow does not answer. A retry helps.
    """
    experiment = ws.registry.experiment(ws.spec.name)
    with ws.registry.answering():
        run = _find(ws.registry.client, experiment, identity)
        if run is not None and run.info.run_name != name:
            ws.registry.client.set_tag(run.info.run_id, "mlflow.runName", name)


def airflow_link(ws: Workspace, identity: tuple[str, str], airflow_url: str) -> str:
    """Return the address of the Airflow run of a report: the given one, else the one that its run carries already.

    Parameters
    ----------
    ws : Workspace
        The model.
    identity : tuple of str, str
        Name and value of the tag that the report's run is found by.
    airflow_url : str
        The address that is known; empty for none.
    """
    if not airflow_url:
        probe(ws.settings)
        experiment = ws.registry.experiment(ws.spec.name)
        with ws.registry.answering():
            earlier = _find(ws.registry.client, experiment, identity)
        airflow_url = earlier.data.tags.get(AIRFLOW_TAG, "") if earlier else ""
    return airflow_url if airflow_url.startswith(("http://", "https://")) else ""


def metric_key(*parts: str) -> str:
    """Return a metric's name from its parts, in the characters that MLflow takes.

    A name in which something was replaced, or that was cut, ends with a hash: no two columns share a metric.

    >>> metric_key("drift", "psi", "age")
    'drift/psi/age'
    >>> metric_key("drift", "psi", "größe")
    'drift/psi/gr__e-6c40e4f8'
    """
    key = _METRIC_CHARACTERS.sub("_", "/".join(part.replace("/", "_") for part in parts))
    if key == "/".join(parts) and len(key) <= _MOST_KEY and not any("/" in part for part in parts):
        return key
    ending = f"-{digest(list(parts))[:_HASH_DIGITS]}"
    return key[: _MOST_KEY - len(ending)] + ending


def finite(points: list[Point]) -> tuple[Point, ...]:
    """Return the points that MLflow can draw, as many as one request takes."""
    return tuple(point for point in points if math.isfinite(point.value))[:_MOST_METRICS]


def _fill(client: MlflowClient, experiment: str, earlier: Any, content: RunContent, folder: str) -> str:
    from mlflow.entities import Metric, RunTag

    tags = {key: value[:_MOST_TAG] for key, value in content.tags.items() if value}
    tags |= dict([content.identity]) | {"mlflow.runName": content.name, "mlflow.source.name": "airmedic"}
    run = earlier or client.create_run(experiment, tags=tags, run_name=content.name)
    run_id = str(run.info.run_id)
    try:
        client.log_artifacts(run_id, folder)
        tables = [{"path": path, "type": "table"} for path in content.tables]
        tags |= {_NOTE_TAG: _bounded(content.note), "mlflow.loggedArtifacts": json.dumps(tables)}
        points = _changed(client, run_id, content.points) if earlier and content.written_again else content.points
        metrics = [Metric(point.key, point.value, point.timestamp_ms, point.step) for point in points]
        client.log_batch(run_id, metrics=metrics, tags=[RunTag(key, value) for key, value in tags.items()])
        client.set_tag(run_id, CONTENT_TAG, content.hash)
        client.set_terminated(run_id, status="FINISHED", end_time=int(time.time() * 1000))
    except BaseException:
        # The original error matters more than what fails while cleaning up after it.
        with contextlib.suppress(Exception):
            if earlier is None:
                client.delete_run(run_id)
            else:
                client.delete_tag(run_id, CONTENT_TAG)
                client.set_terminated(run_id, status="FAILED")
        raise
    return run_id


def _changed(client: MlflowClient, run_id: str, points: tuple[Point, ...]) -> list[Point]:
    """Return the points that a run does not hold yet; one with another value follows what stands at its step."""
    standing: dict[tuple[str, int], tuple[int, float]] = {}
    for key in {point.key for point in points}:
        for metric in client.get_metric_history(run_id, key):
            place, known = (key, metric.step), (metric.timestamp, metric.value)
            standing[place] = max(known, standing.get(place, known))
    now, changed = int(time.time() * 1000), []
    for point in points:
        last = standing.get((point.key, point.step))
        if last is None:
            changed.append(point)
        elif last[1] != point.value:
            changed.append(replace(point, timestamp_ms=max(now, last[0] + 1)))
    return changed


def _bounded(note: str) -> str:
    """Return a description that a tag takes, cut between two lines: half a row of a table would be shown as text."""
    if len(note) <= _MOST_TAG:
        return note
    return note[: _MOST_TAG - len(_CUT)].rpartition("\n")[0] + _CUT


def _find(client: MlflowClient, experiment: str, identity: tuple[str, str]) -> Any:
    tag, value = identity
    quoted = value.replace("'", "")
    runs = client.search_runs([experiment], f"tags.`{tag}` = '{quoted}'", max_results=1, order_by=["start_time ASC"])
    return runs[0] if runs else None


def _report(settings: Settings, experiment: str, run_id: str) -> Report:
    return Report(run_id, run_address(settings, run_id, experiment))


def _unavailable(settings: Settings, error: Exception) -> RegistryUnavailableError:
    place = page_address(settings) or urlsplit(settings.tracking_uri).scheme
    reason = str(error).partition("\n")[0][:200]
    return RegistryUnavailableError(
        f"MLflow at {place!r} does not answer: {reason}.",
        "Check that it runs and that MLFLOW_TRACKING_URI is right; nothing was lost.",
    )
