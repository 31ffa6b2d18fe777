"""Says what the checks together say of the batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from airmedic_core.assess.headline import parts_of
from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.wording import plain, sentence
from airmedic_core.records import Cause, Evidence, Verdict


@final
class Assessment(Collector):
    """Says what the checks together say of the batch."""

    order = 20

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield the assessment of the newest batch, which weighs its findings, and what it says cannot be known yet."""
        assessment = case.assessment
        if assessment is None or case.newest is None:
            return
        healthy = assessment.cause is Cause.HEALTHY
        verdict = Verdict.ALERT if assessment.outcome == "incident" else Verdict.WATCH
        yield Evidence(
            id="",
            kind="assessment",
            collector="assessment",
            subject="batch",
            statement=sentence(plain(_said_anew(case, assessment.headline), 300)),
            direction="same" if healthy else "changed",
            window=str(case.newest.batch.window),
            source=f"assessment of batch {case.newest.batch.id}",
            suggests=() if healthy else (assessment.cause,),
            verdict=Verdict.OK if healthy else verdict,
            details={
                "outcome": assessment.outcome,
                "severity": assessment.severity.value,
                "decided_by": list(assessment.finding_keys[:5]),
            },
        )
        for question in assessment.not_knowable:
            yield Evidence(
                id="",
                kind="not_knowable",
                collector="assessment",
                subject="batch",
                statement=sentence(plain(question, 300)),
                window=str(case.newest.batch.window),
                source=f"assessment of batch {case.newest.batch.id}",
            )


def _said_anew(case: Case, headline: str) -> str:
    """Return a headline without the finding that it quotes, which is evidence of its own."""
    title, detail = parts_of(headline)
    findings = case.workspace.ledger.findings(case.newest.batch.id) if case.newest else []
    quoted = detail.rstrip(".")
    return title if quoted and any(finding.message.rstrip(".") == quoted for finding in findings) else headline
