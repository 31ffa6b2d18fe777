"""Says what a batch means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import BranchMixIn, Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.batch import BatchOperator
from airmedic_core.records import Batch, from_json, to_json

_BRANCHES = {"healthy": "record_healthy", "watch": "keep_watching", "incident": "open_incident"}


class AssessOperator(BatchOperator, BranchMixIn):
    """Weighs the findings of a batch and follows one branch: healthy, watch or incident.

    Parameters
    ----------
    model : str
        Name of the model spec.
    batch : dict
        The batch.
    branches : dict
        Outcome → id of the task to follow. The three task ids of the monitoring DAG where not given.
    """

    inherits_from_skipmixin = True

    def __init__(self, *, branches: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.branches = branches

    def execute(self, context: Context) -> Any:
        """Assess the batch. The assessment is pushed as XCom ``assessment``."""
        with airflow_errors():
            from airmedic_core.exploration import assess_and_try

            batch = from_json(Batch, self.batch)
            assessment = assess_and_try(open_workspace(self.model), batch, now=datetime.now(UTC))
        self.log.info("%s: %s (%s)", assessment.outcome, assessment.headline, assessment.cause)
        context["ti"].xcom_push("assessment", to_json(assessment))
        return self.do_branch(context, (self.branches or _BRANCHES)[assessment.outcome])
