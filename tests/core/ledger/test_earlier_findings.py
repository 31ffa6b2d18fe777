"""Findings stored before they had a role are read with the one that their check gives today."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, select, update

from airmedic_core.ledger import Ledger
from airmedic_core.ledger.earlier_findings import stored_finding
from airmedic_core.ledger.tables import data_quality
from airmedic_core.records import Batch, Finding, Role, Verdict, to_json


def as_before(finding: Finding) -> dict[str, object]:
    """Return what the ledger held of a finding before there were roles."""
    return {key: value for key, value in to_json(finding).items() if key not in {"role", "explained_by"}}


@pytest.mark.parametrize(
    ("check", "statistic", "role"),
    [
        ("volume", "rows", Role.DATA_FAULT),
        ("freshness", "event_time_lag", Role.DATA_FAULT),
        ("schema", "missing_column", Role.DATA_FAULT),
        ("quality", "expect_column_values_to_not_be_null", Role.DATA_FAULT),
        ("corruption", "null_fraction", Role.DATA_FAULT),
        ("units", "converted_share", Role.DATA_FAULT),
        ("anomalies", "anomalous_fraction", Role.INPUT_MOVED),
        ("drift", "shift", Role.INPUT_MOVED),
        ("scores", "shift", Role.SCORES_MOVED),
        ("performance", "roc_auc", Role.LOSS),
        ("performance", "share_of_rise", Role.INFORMATION),
        ("estimate", "expected_loss", Role.LOSS),
        ("concept", "relation_loss", Role.EXPLAINS_LOSS),
        ("concept", "one_class", Role.DATA_FAULT),
        ("latency", "p99", Role.SERVICE),
        ("a_check_of_a_team", "anything", Role.INFORMATION),
    ],
)
def test_the_role_of_an_earlier_finding_is_that_of_its_check(check: str, statistic: str, role: Role) -> None:
    finding = stored_finding(as_before(Finding(check, "batch", statistic, Verdict.ALERT, details={"low": 1.0})))
    assert finding.role is role
    assert finding.details["low"] == 1.0


def test_an_estimate_is_told_from_a_measured_loss() -> None:
    earlier = as_before(Finding("estimate", "batch", "expected_loss", Verdict.ALERT))
    assert stored_finding(earlier).details == {"estimated": True}


def test_a_role_that_was_stored_stands() -> None:
    finding = Finding("drift", "age", "shift", Verdict.ALERT, role=Role.DATA_FAULT)
    assert stored_finding(to_json(finding)) == finding


def test_a_check_that_failed_before_findings_had_roles_left_its_batch_unchecked(
    ledger: Ledger, url: str, batch: Callable[..., Batch]
) -> None:
    seen = batch(1)
    failed = Finding("schema", "batch", "error", Verdict.UNKNOWN)
    ledger.record_findings(seen, "data", [failed, Finding("units", "batch", "columns", Verdict.OK)], model_version="1")
    engine = create_engine(url)
    with engine.begin() as connection:
        for row in connection.execute(select(data_quality)).all():
            earlier = {key: value for key, value in row.record.items() if key not in {"role", "explained_by"}}
            wanted = data_quality.c.position == row.position
            connection.execute(update(data_quality).where(wanted).values(record=earlier))
    engine.dispose()
    assert [finding.failed for finding in ledger.findings(seen.id)] == [True, False]
    assert ledger.unchecked("churn") == {seen.id}
