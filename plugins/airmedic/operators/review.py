"""Reviews the settings and expectations of a model."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import Context, SkipMixin

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.notifiers.people import tell
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Json

THRESHOLD_HASH = "threshold_hash"
"""XCom key of the proposal to move a threshold; empty where there is none."""
EXPECTATION_HASH = "expectation_hash"
"""XCom key of the proposal of an expectation; empty where there is none."""


class ReviewOperator(ModelOperator, SkipMixin):
    """Looks back at a model's last windows and proposes a threshold and an expectation that would have served better.

    Each was played back over those windows. What the pipeline in front of the model should mend is told to
    people, and nothing else is done about it. Where there is nothing to say, all tasks downstream are skipped.

    Parameters
    ----------
    model : str
        Name of the model spec.

    Returns
    -------
    dict
        ``incident_id``, under which the review is on record, and ``upstream``, what is to be mended. XComs: the hashes
        ``threshold_hash`` and ``expectation_hash`` of what is proposed.
    """

    inherits_from_skipmixin = True

    def execute(self, context: Context) -> Json:
        """Review the model."""
        with airflow_errors():
            from airmedic_core.review import review

            workspace = open_workspace(self.model)
            found = review(workspace, context["run_id"], now=datetime.now(UTC))
        if not found.incident_id:
            self.log.info("The last windows suggest no change.")
            self.skip(context["ti"], context["task"].get_flat_relatives(upstream=False))
        for key, proposal in ((THRESHOLD_HASH, found.threshold), (EXPECTATION_HASH, found.expectation)):
            context["ti"].xcom_push(key, proposal.hash if proposal else "")
            if proposal is not None:
                self.log.info("Proposed: %s", proposal.expected)
        if found.upstream:
            tell(workspace.spec, f"To mend in front of {self.model}", *found.upstream)
        return {"incident_id": found.incident_id, "upstream": list(found.upstream)}
