from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.errors import AuditError, LedgerError
from airmedic_core.ledger import EVERY_MODEL, Ledger
from airmedic_core.ledger.overrides import OverrideKind


def keys(ledger: Ledger, **options: object) -> list[str]:
    return [override.key for override in ledger.overrides("churn", **options)]  # type: ignore[arg-type]


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


@pytest.mark.parametrize("kind", ["kill_switch", "freeze"])
@pytest.mark.parametrize("model", ["churn", EVERY_MODEL])
def test_a_switch_whose_row_was_deleted_holds_until_it_is_taken_back(
    ledger: Ledger, tmp_path: Path, kind: OverrideKind, model: str
) -> None:
    ledger.set_override(model, kind, "all", {}, author="ada", reason="Something is wrong")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("DELETE FROM overrides")
        connection.commit()
    (held,) = ledger.overrides("churn", kind)
    assert (held.author, held.reason) == ("ada", "Something is wrong")
    assert ledger.overrides("other", kind) == ([held] if model == EVERY_MODEL else [])
    with pytest.raises(AuditError, match="was deleted"):
        ledger.verify_audit()
    ledger.revoke_override(model, kind, "all", author="ada")
    assert ledger.overrides("churn", kind) == []


SAME = "model, kind, 'approvers', value, author, reason"


def edit(folder: Path, statement: str) -> None:
    """Write to the database behind the ledger's back."""
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("kind", ["setting", "quarantine"])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM overrides",
        "UPDATE overrides SET revoked_at = '2020-01-01 00:00:00.000000'",
        "UPDATE overrides SET expires_at = '2020-01-01 00:00:00.000000'",
        """UPDATE overrides SET value = '{"value": ["mallory"]}'""",
        "UPDATE overrides SET key = 'approvers'",
        f"INSERT INTO overrides SELECT 9, {SAME}, created_at, NULL, NULL, NULL FROM overrides",  # noqa: S608
    ],
)
def test_a_row_that_was_edited_changes_nothing(
    ledger: Ledger, tmp_path: Path, kind: OverrideKind, statement: str
) -> None:
    ledger.set_override("churn", kind, "window.every", {"value": "week"}, author="ada", reason="r")
    before = ledger.overrides("churn")
    edit(tmp_path, statement)
    assert ledger.overrides("churn") == ledger.overrides("churn", kind) == before
    ledger.revoke_override("churn", kind, "window.every", author="ada")
    assert ledger.overrides("churn") == []


def test_an_override_that_was_taken_back_stays_so(ledger: Ledger, tmp_path: Path) -> None:
    ledger.set_override("churn", "setting", "x", {"value": 1}, author="ada", reason="r")
    ledger.revoke_override("churn", "setting", "x", author="ada")
    edit(tmp_path, "UPDATE overrides SET revoked_at = NULL, revoked_by = NULL")
    assert ledger.overrides("churn") == []
    ledger.set_override("churn", "setting", "x", {"value": 1}, author="ada", reason="r")
    assert keys(ledger) == ["x"]


def test_a_switch_that_was_put_in_stops_all_the_same(ledger: Ledger, tmp_path: Path) -> None:
    ledger.set_override("other", "kill_switch", "all", {}, author="ada", reason="r")
    edit(tmp_path, "UPDATE overrides SET model = 'churn'")
    assert keys(ledger, kind="kill_switch") == ["all"]


def test_a_recorded_switch_ends_when_it_was_to_end(ledger: Ledger, now: datetime) -> None:
    ends = now + timedelta(hours=1)
    ledger.set_override("churn", "kill_switch", "all", {}, author="ada", reason="r", expires_at=ends)
    assert len(ledger.overrides("churn", "kill_switch", now=now)) == 1
    assert ledger.overrides("churn", "kill_switch", now=ends) == []
