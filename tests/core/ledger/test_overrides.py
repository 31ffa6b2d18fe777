from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airmedic_core.errors import LedgerError
from airmedic_core.ledger import EVERY_MODEL, Ledger


def keys(ledger: Ledger, **options: object) -> list[str]:
    return [each.key for each in ledger.overrides("churn", **options)]  # type: ignore[arg-type]


def test_an_override_holds_until_it_expires_or_is_taken_back(ledger: Ledger) -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    ledger.set_override("churn", "setting", "gate.margin", {"value": -0.02}, author="ada", reason="r", expires_at=soon)
    ledger.set_override("churn", "quarantine", "20260201", {}, author="ada", reason="humidity is 0")
    assert keys(ledger) == ["gate.margin", "20260201"]
    assert keys(ledger, now=soon) == ["20260201"]
    ledger.revoke_override("churn", "quarantine", "20260201", author="bob")
    ledger.revoke_override("churn", "quarantine", "20260201", author="bob")
    assert keys(ledger, kind="quarantine") == []
    assert [record.kind for record in ledger.audit_records(subject="churn")] == [
        "override_revoked",
        "override",
        "override",
    ]


def test_a_new_value_ends_the_one_before(ledger: Ledger) -> None:
    for value in (1, 2, 2):
        ledger.set_override("churn", "setting", "x", {"value": value}, author="ada", reason="r")
    (held,) = ledger.overrides("churn")
    assert (held.value, held.author) == ({"value": 2}, "ada")
    assert ledger.audit_head().sequence == 2


def test_what_holds_for_all_models_holds_for_each(ledger: Ledger) -> None:
    ledger.set_override(EVERY_MODEL, "freeze", "release", {}, author="ada", reason="release week")
    ledger.set_override("other", "freeze", "mine", {}, author="ada", reason="r")
    assert keys(ledger) == ["release"]


def test_taking_back_what_never_was_names_the_closest(ledger: Ledger) -> None:
    ledger.set_override("churn", "setting", "gate.margin", {}, author="ada", reason="r")
    with pytest.raises(LedgerError, match=r"Did you mean 'gate\.margin'"):
        ledger.revoke_override("churn", "setting", "gate.margins", author="ada")
