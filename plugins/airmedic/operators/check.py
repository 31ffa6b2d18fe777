"""What the three check operators share: run one group of checks on a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic_core.records import ABNORMAL, Batch, Finding, Json, from_json


class CheckOperator(ModelOperator):
    """Runs one group of checks on a batch and records the findings in the ledger.

    The task succeeds whatever it finds: what the findings mean is for :class:`AssessOperator` to say.

    Parameters
    ----------
    model : str
        Name of the model spec.
    batch : dict
        The batch, as ``ResolveBatchOperator`` returns it.

    Returns
    -------
    dict
        Number of findings by verdict, and the messages of those that are not ``ok``.
    """

    template_fields: Sequence[str] = ("model", "batch")
    group: ClassVar[Literal["data", "drift", "performance"]]

    def __init__(self, *, batch: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch

    def execute(self, context: Context) -> Json:
        """Run the checks."""
        with airflow_errors():
            from airmedic_core.monitor import check_batch

            findings = check_batch(open_workspace(self.model), from_json(Batch, self.batch), self.group)
        for finding in findings:
            self.log.info("%-7s %s: %s", finding.verdict, finding.key, finding.message)
        return _summary(findings)


def _summary(findings: Sequence[Finding]) -> Json:
    remarkable = [finding for finding in findings if finding.verdict in ABNORMAL]
    return {
        "verdicts": dict(Counter(str(finding.verdict) for finding in findings)),
        "remarkable": [finding.message or finding.key for finding in remarkable[:20]],
    }
