"""One MLflow run for each training: what went in, what came out, and what it belongs to."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import time
from typing import TYPE_CHECKING, Any

from airmedic_core.training.model_card import CARD, model_card

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

GATE_TAG = "airmedic.gate"
"""Tag of a version: how its gate ended."""

TRAINING_KEY = "airmedic.training_key"
_LONGEST = 500


@contextmanager
def training_run(ws: Workspace, key: str, title: str, tags: Mapping[str, str]) -> Iterator[str]:
    """Open the run of a training, and end it as finished or failed.

    A training that was killed leaves its run open; the next attempt with the same key goes on with it.

    Parameters
    ----------
    ws : Workspace
        The model.
    key : str
        Identity of the training.
    title : str
        The run's name.
    tags : mapping
        Links: incident, proposal, …

    Yields
    ------
    str
        The run's id.
    """
    client = ws.registry.client
    experiment = ws.registry.experiment(ws.spec.name)
    with ws.registry.answering():
        runs = client.search_runs([experiment], f"tags.`{TRAINING_KEY}` = '{key}'", max_results=1)
        if runs:
            run_id = str(runs[0].info.run_id)
            client.update_run(run_id, status="RUNNING")
        else:
            all_tags = {"airmedic.kind": "training", "airmedic.model": ws.spec.name, TRAINING_KEY: key, **tags}
            run_id = str(client.create_run(experiment, tags=all_tags, run_name=title).info.run_id)
    try:
        yield run_id
    except BaseException:
        with ws.registry.answering():
            client.set_terminated(run_id, "FAILED")
        raise
    with ws.registry.answering():
        client.set_terminated(run_id, "FINISHED")


def log_training(
    ws: Workspace, run_id: str, *, params: Mapping[str, Any], metrics: Mapping[str, float], details: Mapping[str, Any]
) -> None:
    """Write a training's parameters, metrics and details to its run.

    Parameters
    ----------
    ws : Workspace
        The model.
    run_id : str
        The run.
    params : mapping
        What went in; clipped where too long for MLflow.
    metrics : mapping
        What came out; values that are not finite are left out.
    details : mapping
        Plain JSON, kept as ``training.json``. People find the same in ``model_card.md``.
    """
    from mlflow.entities import Metric, Param

    now = int(time() * 1000)
    logged = [Metric(name, value, now, 0) for name, value in metrics.items() if math.isfinite(value)]
    with ws.registry.answering():
        known = ws.registry.client.get_run(run_id).data.params
        # A parameter can be written once; one that an interrupted attempt wrote stays as it is.
        written = [Param(name, str(value)[:_LONGEST]) for name, value in params.items() if name not in known]
        ws.registry.client.log_batch(run_id, metrics=logged, params=written)
        ws.registry.client.log_text(run_id, json.dumps(details, indent=2, default=str), "airmedic/training.json")
        ws.registry.client.log_text(run_id, model_card(ws.spec, params, metrics, details), CARD)
