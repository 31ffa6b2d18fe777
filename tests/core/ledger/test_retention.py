from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from airmedic_core.errors import AuditError
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.retention import LEAST_WINDOWS
from airmedic_core.ledger.tables import model_metrics
from airmedic_core.records import Assessment, Batch, Cause, Finding, Incident, Severity, Verdict
from airmedic_core.windows import Window

DAYS = 75
"""Fifteen more than are always kept."""
START = datetime(2026, 1, 1, tzinfo=UTC)
FAR = START + timedelta(days=365)


def day(number: int, model: str = "churn") -> Batch:
    start = START + timedelta(days=number)
    return Batch(model, Window(start, start + timedelta(days=1)), start + timedelta(days=1), 100)


@pytest.fixture
def watched(ledger: Ledger, incident: Callable[..., Incident]) -> Ledger:
    """A ledger with findings of many days; day 2 has an incident, on day 5 a check of the data failed."""
    for number in range(DAYS):
        seen = day(number)
        failed = number == 5
        volume = Finding("volume", "batch", "rows", Verdict.UNKNOWN if failed else Verdict.OK, value=1.0)
        ledger.record_findings(seen, "data", [replace(volume, details={"failed": failed})], model_version="1")
        ledger.record_findings(
            seen, "drift", [Finding("drift", name, "psi", Verdict.OK) for name in ("a", "b")], model_version="1"
        )
        ledger.record_assessment(seen, Assessment(seen.id, "healthy", Cause.HEALTHY, Severity.LOW, "Well.", ""))
    ledger.open_incident(replace(incident(), batch_ids=(day(2).id,)))
    return ledger


def kept(ledger: Ledger) -> list[int]:
    return [number for number in range(DAYS) if ledger.findings(day(number).id)]


def test_findings_of_old_windows_are_forgotten_and_the_chain_still_vouches_for_all(watched: Ledger) -> None:
    before = watched.oldest_kept("churn", before=FAR)
    assert before == day(DAYS - LEAST_WINDOWS).window.start
    batch_ids = watched.forgettable("churn", before=before)
    forgotten = watched.forget_findings("churn", batch_ids, author="ada")
    # Days 0 to 14 without those of the incident and of the check that failed, three findings each.
    assert (forgotten.batches, forgotten.findings) == (13, 39)
    assert kept(watched) == [2, 5, *range(15, DAYS)]
    assert watched.verify_audit() == watched.audit_head()
    (record,) = watched.audit_records(subject="churn", limit=1)
    assert record.kind == "forgotten"
    assert record.payload == {
        "batches": 13, "findings": 39, "first": day(0).id, "last": day(14).id, "author": "ada",
    }  # fmt: skip
    # What the windows meant, and which of them may not be trained on, is as it was.
    assert len(watched.batches("churn", limit=100)) == DAYS
    assert watched.assessment(day(0).id) is not None
    assert watched.unchecked("churn") == {day(5).id}
    # Doing it again does nothing.
    assert watched.forgettable("churn", before=before) == []
    assert watched.forget_findings("churn", [], author="ada").batches == 0
    assert watched.audit_head().sequence == record.sequence


def test_what_is_deleted_in_another_way_is_still_noticed(watched: Ledger) -> None:
    before = watched.oldest_kept("churn", before=FAR)
    assert before is not None
    watched.forget_findings("churn", watched.forgettable("churn", before=before), author="ada")
    with watched._engine.begin() as connection:
        connection.execute(delete(model_metrics).where(model_metrics.c.batch_id == day(20).id))
    with pytest.raises(AuditError, match="was deleted"):
        watched.verify_audit()


def test_a_forgotten_window_can_be_looked_at_again(watched: Ledger) -> None:
    watched.forget_findings("churn", [day(0).id], author="ada")
    watched.record_findings(day(0), "data", [Finding("volume", "batch", "rows", Verdict.OK)], model_version="1")
    assert [finding.check for finding in watched.findings(day(0).id)] == ["volume"]
    watched.verify_audit()


@pytest.mark.parametrize(
    ("age", "windows", "oldest"),
    [
        (FAR, 0, 15),  # never fewer than the windows that are compared with
        (FAR, 70, 5),
        (START + timedelta(days=10), 0, 10),  # the window of day 9 has just ended
        (START + timedelta(days=40), 0, 15),
    ],
)
def test_age_and_number_each_keep_windows(watched: Ledger, age: datetime, windows: int, oldest: int) -> None:
    assert watched.oldest_kept("churn", before=age, keep_windows=windows) == day(oldest).window.start


def test_of_few_windows_none_is_forgotten(ledger: Ledger) -> None:
    for number in range(LEAST_WINDOWS - 1):
        ledger.record_batch(day(number), model_version="1")
    assert ledger.oldest_kept("churn", before=FAR) is None
    assert ledger.oldest_kept("nobody", before=FAR) is None
