from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.event import listen

from airmedic_core.ledger import Ledger
from airmedic_core.records import Assessment, Batch, Cause, Finding, Severity, Verdict

MakeBatch = Callable[..., Batch]


def finding(check: str = "drift", subject: str = "age", value: float = 0.3) -> Finding:
    return Finding(check, subject, "psi", Verdict.ALERT, value=value, suggests=(Cause.CONCEPT_DRIFT,))


def test_findings_come_back_as_they_were_in_their_order(ledger: Ledger, batch: MakeBatch) -> None:
    several = [finding(subject="b"), finding(subject="a"), finding(subject="a", value=float("nan"))]
    ledger.record_findings(batch(), "drift", several, model_version="1")
    ledger.record_findings(batch(), "data", [finding("volume", "batch")], model_version="1")
    assert ledger.findings(batch().id, "drift") == [*several[:2], replace(several[2], value=None)]
    assert [finding.check for finding in ledger.findings(batch().id)] == ["volume", "drift", "drift", "drift"]


def test_looking_again_replaces_what_was_found_in_that_group_only(ledger: Ledger, batch: MakeBatch) -> None:
    ledger.record_findings(batch(), "drift", [finding(), finding(subject="b")], model_version="1")
    ledger.record_findings(batch(), "performance", [finding("performance")], model_version="1")
    ledger.record_findings(batch(), "drift", [finding(value=0.1)], model_version="2")
    assert [finding.value for finding in ledger.findings(batch().id)] == [0.1, 0.3]
    ledger.record_findings(batch(), "drift", [], model_version="2")
    assert ledger.findings(batch().id, "drift") == []


def test_history_is_newest_first_and_limited_by_batches(ledger: Ledger, batch: MakeBatch) -> None:
    for day in range(1, 6):
        two = [finding(value=day), finding("anomalies", "batch", day)]
        ledger.record_findings(batch(day), "drift", two, model_version=str(day))
        ledger.record_findings(batch(day), "data", [finding("volume", "batch", day)], model_version=str(day))
    ledger.record_findings(batch(1, model="other"), "drift", [finding()], model_version="1")
    history = ledger.finding_history("churn", check="drift", subject="age", before=batch(5).window.start, limit=3)
    assert [(seen.window.start.day, version, finding.value) for seen, version, finding in history] == [
        (4, "4", 4.0),
        (3, "3", 3.0),
        (2, "2", 2.0),
    ]
    assert len(ledger.finding_history("churn", limit=2)) == 6


def test_history_skips_the_newest_batches_without_such_findings_and_looks_back_twice_as_far(
    ledger: Ledger, batch: MakeBatch
) -> None:
    for day in range(1, 10):
        ledger.record_findings(batch(day), "data", [finding("volume", "batch", day)], model_version="1")
        if day < 8:  # labels come two days late
            ledger.record_findings(batch(day), "performance", [finding("performance", "all", day)], model_version="1")

    def days(check: str, limit: int) -> list[int]:
        return [seen.window.start.day for seen, *_ in ledger.finding_history("churn", check=check, limit=limit)]

    assert days("performance", 3) == [7, 6, 5]
    assert days("performance", 2) == [7, 6]
    assert days("performance", 1) == []
    assert days("volume", 2) == [9, 8]


def test_a_batch_seen_again_keeps_what_is_not_given(ledger: Ledger, batch: MakeBatch) -> None:
    ledger.record_batch(batch(rows=90), model_version="3", profile_path="profiles/1.gz")
    later = replace(batch(rows=100), as_of=batch().as_of + timedelta(days=30))
    ledger.record_batch(later, model_version=None)
    (seen,) = ledger.batches("churn")
    assert (seen.batch, seen.model_version, seen.profile_path) == (later, "3", "profiles/1.gz")


def test_batches_are_newest_first_and_can_be_cut_off(ledger: Ledger, batch: MakeBatch) -> None:
    for day in (2, 1, 3):
        ledger.record_batch(batch(day), model_version=None)
    days = [seen.batch.window.start.day for seen in ledger.batches("churn", before=batch(3).window.start)]
    assert days == [2, 1]


def test_an_assessment_belongs_to_its_batch(ledger: Ledger, batch: MakeBatch) -> None:
    assert ledger.assessment(batch().id) is None
    said = Assessment(batch().id, "incident", Cause.UNIT_CHANGE, Severity.HIGH, "temp in °F", "f" * 16, ("a", "b"))
    ledger.record_assessment(batch(), said)
    assert ledger.assessment(batch().id) == said
    assert ledger.batches("churn")[0].assessment == said


def test_names_that_databases_cannot_hold_do_no_harm(ledger: Ledger, batch: MakeBatch) -> None:
    hostile = finding(subject="a\0b'; DROP TABLE audit; --\n\U0001f600")
    ledger.record_findings(batch(), "drift", [hostile], model_version="1")
    assert ledger.findings(batch().id) == [hostile]
    ledger.verify_audit()


def test_findings_of_many_batches_are_asked_for_at_once(ledger: Ledger, batch: MakeBatch) -> None:
    for day in range(1, 5):
        ledger.record_findings(batch(day), "drift", [finding(value=day), finding(subject="b")], model_version="1")
        ledger.record_findings(batch(day), "data", [finding("volume", "batch", day)], model_version="1")
    statements: list[str] = []
    listen(ledger._engine, "before_cursor_execute", lambda *called: statements.append(called[2]))
    ids = [batch(day).id for day in (4, 2, 9)]
    together = ledger.findings_of(ids)
    # One for each group of checks, and what begins a transaction.
    assert sum(statement.startswith("SELECT") for statement in statements) == 4
    assert list(together) == ids
    assert together == {seen: ledger.findings(seen) for seen in ids}
    assert [seen.check for seen in together[ids[0]]] == ["volume", "drift", "drift"]
    assert together[ids[2]] == []


def test_the_observed_models_are_those_of_the_batches(ledger: Ledger, batch: MakeBatch) -> None:
    assert ledger.observed_models() == frozenset()
    for model in ("churn", "b", "zeta", "churn"):
        for day in (1, 2):
            ledger.record_batch(batch(day, model), model_version="1")
    assert ledger.observed_models() == {"b", "churn", "zeta"}
