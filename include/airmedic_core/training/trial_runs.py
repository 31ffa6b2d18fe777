"""The trials of a search as MLflow runs below that of their training, from which a cut-off search goes on."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_CHOSEN = "airmedic.trial_params"
_VALUE = "airmedic.trial_value"
_SECONDS = "airmedic.trial_seconds"
_PARENT = "mlflow.parentRunId"
"""The tag by which MLflow shows a run below another one."""
_MOST = 1000
"""Trials that a spec may ask for."""


@dataclass(frozen=True)
class TrialRuns:
    """Holds what the search of one training has tried."""

    ws: Workspace
    run_id: str
    """The training's own run. The same training again finds it, and with it what was tried before."""

    def known(self) -> list[tuple[dict[str, Any], float]]:
        """Return the parameters and the value of each trial that has ended, the oldest first."""
        registry = self.ws.registry
        with registry.answering():
            runs = registry.client.search_runs(
                [registry.experiment(self.ws.spec.name)],
                f"tags.`{_PARENT}` = '{self.run_id}' and attributes.status = 'FINISHED'",
                max_results=_MOST,
                order_by=["attributes.start_time ASC"],
            )
        return [
            (json.loads(run.data.tags[_CHOSEN]), float(run.data.tags[_VALUE]))
            for run in runs
            if _CHOSEN in run.data.tags and _VALUE in run.data.tags
        ]

    def spent_seconds(self) -> float:
        """Return how long all trials took that are kept, those among them that were given up."""
        registry = self.ws.registry
        with registry.answering():
            runs = registry.client.search_runs(
                [registry.experiment(self.ws.spec.name)],
                f"tags.`{_PARENT}` = '{self.run_id}'",
                max_results=_MOST,
            )
        return sum(float(run.data.tags.get(_SECONDS, 0.0)) for run in runs)

    def record(
        self, number: int, chosen: dict[str, Any], value: float | None, seconds: float = 0.0, *, name: str = ""
    ) -> None:
        """Keep one trial.

        Parameters
        ----------
        number : int
            Its number in the search.
        chosen : dict
            The parameters that it tried.
        value : float or None
            The gate's metric; nothing where the trial was given up or failed.
        seconds : float
            How long it took.
        name : str
            What was tried, where it is a choice beside the search over parameters.
        """
        from mlflow.entities import Metric, Param

        registry = self.ws.registry
        whole = value is not None and math.isfinite(value)
        tags = {
            _PARENT: self.run_id,
            "airmedic.kind": "choice" if name else "trial",
            _CHOSEN: json.dumps(chosen, default=str),
        }
        tags[_SECONDS] = repr(seconds)
        if whole:
            tags[_VALUE] = repr(value)
        with registry.answering():
            experiment = registry.experiment(self.ws.spec.name)
            run_id = registry.client.create_run(experiment, tags=tags, run_name=name or f"trial {number}").info.run_id
            metrics = [Metric(self.ws.spec.metric, float(value), int(time() * 1000), 0)] if whole and value else []
            params = [Param(name, str(choice)) for name, choice in chosen.items()]
            registry.client.log_batch(run_id, metrics=metrics, params=params)
            registry.client.set_terminated(run_id, "FINISHED" if whole else "KILLED")
