"""Reviews the settings and expectations of a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context, SkipMixin

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.language_model import language_model
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic.people_notifier import tell
from airmedic_core.notifiers import Event
from airmedic_core.records import Json

SETTING_HASH = "setting_hash"
"""XCom key of the proposal to change a setting; empty where there is none."""
EXPECTATION_HASH = "expectation_hash"
"""XCom key of the proposal of an expectation; empty where there is none."""


class ReviewOperator(ModelOperator, SkipMixin):
    """Looks back at a model's last windows and proposes a setting and an expectation that would have served better.

    Each was played back over those windows. Rules choose and, where the connection exists, a language model as well,
    whose choice stands only if it is verified and agrees; no failure of it ever fails the task. What the pipeline in
    front of the model should mend is told to people, and nothing else is done about it. Where there is nothing to say,
    all tasks downstream are skipped.

    Parameters
    ----------
    model : str
        Name of the model spec.
    occasion : str
        Why the review is made, for the record.
    anthropic_connection : str
        Id of the connection to a language model. Without it only the rules choose.

    Returns
    -------
    dict
        ``incident_id``, under which the review is on record, and ``upstream``, what is to be mended. XComs: the hashes
        ``setting_hash`` and ``expectation_hash`` of what is proposed.
    """

    template_fields: Sequence[str] = ("model", "occasion", "anthropic_connection")
    inherits_from_skipmixin = True

    def __init__(
        self, *, occasion: str = "the weekly review", anthropic_connection: str = "anthropic", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.occasion = occasion
        self.anthropic_connection = anthropic_connection

    def execute(self, context: Context) -> Json:
        """Review the model."""
        with airflow_errors():
            from airmedic_core.review import review

            workspace = open_workspace(self.model)
            outcome = review(
                workspace,
                context["run_id"],
                now=datetime.now(UTC),
                model=language_model(self.anthropic_connection),
                occasion=self.occasion,
            )
        if not outcome.incident_id:
            self.log.info("The last windows suggest no change.")
            self.skip(context["ti"], context["task"].get_flat_relatives(upstream=False))
        for key, proposal in ((SETTING_HASH, outcome.setting), (EXPECTATION_HASH, outcome.expectation)):
            context["ti"].xcom_push(key, proposal.hash if proposal else "")
            if proposal is not None:
                self.log.info("Proposed: %s", proposal.expected)
        if outcome.upstream:
            tell(workspace.spec, f"To mend in front of {self.model}", *outcome.upstream, event=Event.REVIEWED)
        return {"incident_id": outcome.incident_id, "upstream": list(outcome.upstream)}
