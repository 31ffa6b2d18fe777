"""Says what the three check operators share: run one group of checks on a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.batch import BatchOperator
from airmedic_core.errors import AirmedicError
from airmedic_core.records import ABNORMAL, Batch, Finding, Json, from_json

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage


class CheckOperator(BatchOperator):
    """Runs one group of checks on a batch and records the findings in the ledger.

    The task succeeds whatever it finds: what the findings mean is for :class:`AssessOperator` to say.

    See :class:`~airmedic.operators.batch.BatchOperator` for parameters.

    Returns
    -------
    dict
        Number of findings by verdict, and the messages of those that are not ``ok``.
    """

    group: ClassVar[Literal["data", "drift", "performance"]]

    def execute(self, context: Context) -> Json:
        """Run the checks."""
        with airflow_errors():
            from airmedic_core.monitor import check_batch

            findings = check_batch(open_workspace(self.model), from_json(Batch, self.batch), self.group)
        for finding in findings:
            self.log.info("%-7s %s: %s", finding.verdict, finding.key, finding.message)
        return _summary(findings)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage | None:
        """Return what Airflow's provider for OpenLineage asks for after the task."""
        from airmedic.lineage import lineage_of

        try:
            return lineage_of(open_workspace(self.model), from_json(Batch, self.batch), self.group)
        except AirmedicError as error:
            self.log.warning("OpenLineage is told nothing of the batch: %s", error)
            return None


def _summary(findings: Sequence[Finding]) -> Json:
    remarkable = [finding for finding in findings if finding.verdict in ABNORMAL]
    return {
        "verdicts": dict(Counter(str(finding.verdict) for finding in findings)),
        "remarkable": [finding.message or finding.key for finding in remarkable[:20]],
    }
