"""The same questions to a real Postgres, started from the system's packages on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from airmedic_core.ledger import Ledger
from airmedic_core.read_model import SpecShelf, fleet_json, metrics_text, read_column, read_fleet, read_model
from airmedic_core.records import Batch, Cause, Incident, IncidentState, Permission, Promotion, Proposal, Severity
from airmedic_core.settings import Settings
from tests.core.read_model.conftest import day
from tests.postgres import postgres, programs

pytestmark = pytest.mark.postgres
NOW = day(40)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    folder = programs()
    if folder is None:
        pytest.skip("Postgres is not installed")
    with postgres(folder) as url:
        yield url


@pytest.fixture
def settings(content: Path, server: str) -> Settings:
    return Settings(content, content, server, "http://mlflow:5000", "production")


def test_both_databases_give_the_same_answers(
    ledger: Ledger, settings: Settings, content: Path, shelf: SpecShelf, observe: Callable[..., Batch]
) -> None:
    for number in range(33):
        batch = observe("alpha", number, auc=0.8 if number < 32 else None, moved=0.01 * number)
    opened = ledger.open_incident(
        Incident(
            "i1", "alpha", IncidentState.OPEN, Severity.HIGH, Cause.CONCEPT_DRIFT, "It is worse.", "f1", batch.window,
            batch.as_of, (batch.id,), batch.as_of,
        )
    )  # fmt: skip
    proposal = Proposal(opened.id, "alpha", "rollback", {}, "Better.", Permission.ASK, "Because.", day(39), day(41))
    ledger.record_proposal(proposal)
    ledger.move_incident(opened.id, IncidentState.AWAITING_APPROVAL)
    ledger.record_promotion(Promotion("alpha", None, "1", "adopt", day(0), "anna"))
    specs = shelf.all()
    models = read_fleet(ledger, specs, now=NOW, shown=specs)
    alpha, beta = fleet_json(models, now=NOW)["models"]
    assert (alpha["state"], beta["state"]) == ("incident", "unchecked")
    assert alpha["metric"] == {"name": "roc_auc", "value": 0.8, "limit": 0.78, "better": "higher"}
    assert alpha["metric_trend"] == [0.8] * 29 + [None]
    # 0.03 … 0.32 of a limit of 0.3, where salary is at 0.02 / 0.3.
    assert (alpha["drift_trend"][0], alpha["drift_trend"][-1]) == (0.1, 1.0667)
    assert (alpha["champion"]["version"], alpha["incident"]["id"]) == ("1", "i1")
    assert alpha["approval"]["proposal_hash"] == proposal.hash
    assert alpha["last_check"]["window_start"] == "2026-02-02T00:00:00Z"
    assert 'airmedic_approvals_waiting{model="alpha"} 1\n' in metrics_text(models, now=NOW)
    answer = read_model(ledger, settings, specs["alpha"], now=NOW)
    assert [cell["verdict"] for cell in answer["columns"][0]["windows"][-3:]] == ["ok", "alert", "alert"]
    column = read_column(ledger, specs["alpha"], "age", windows=1)
    assert column is not None
    assert [point["value"] for point in column["history"]] == [0.32]
    # The same rows in SQLite.
    other = Ledger.open(replace(settings, ledger_url=f"sqlite:///{content / 'other.db'}").ledger_url)
    with ledger._reading() as source, other._engine.begin() as target:
        from airmedic_core.ledger.tables import metadata

        for table in metadata.sorted_tables:
            if table.name not in {"audit_head", "locks"} and (rows := source.execute(table.select()).mappings().all()):
                target.execute(table.insert(), [dict(row) for row in rows])
    assert fleet_json(read_fleet(other, specs, now=NOW, shown=specs), now=NOW)["models"] == [alpha, beta]
    assert read_model(other, settings, specs["alpha"], now=NOW) == answer
    assert read_column(other, specs["alpha"], "age", windows=1) == column
