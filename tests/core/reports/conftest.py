"""One incident from its batch to its end, written into a real ledger, with a real MLflow store beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.assess import summarise
from airmedic_core.ledger import Ledger
from airmedic_core.records import (
    ActionResult,
    Assessment,
    Batch,
    Cause,
    Diagnosis,
    Evidence,
    EvidencePacket,
    Finding,
    GateResult,
    Incident,
    IncidentState,
    Permission,
    Promotion,
    Proposal,
    RankedCause,
    RecommendedAction,
    Role,
    Severity,
    Verdict,
    to_json,
)
from airmedic_core.registry import Registry
from airmedic_core.settings import Settings
from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.windows import Every, Window
from airmedic_core.workspace import Workspace

INCIDENT = "churn__20260401T0000_20260501T0000__abcdef12"
NOW = datetime(2026, 5, 2, 6, tzinfo=UTC)
HOSTILE = "</script><script>alert(1)</script>|`x` [a](http://evil.example) $\\frac{1}{0}$\n# owned"


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables, which take more than a second to make."""
    from mlflow import MlflowClient

    place = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(f"sqlite:///{place}").search_experiments()
    return place


@pytest.fixture
def settings(tmp_path: Path, empty_mlflow: Path) -> Settings:
    shutil.copy(empty_mlflow, tmp_path / "mlflow.db")
    return Settings(
        home=tmp_path,
        content=tmp_path,
        ledger_url=f"sqlite:///{tmp_path / 'ledger.db'}",
        tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}",
        environment="production",
    )


@pytest.fixture
def spec(tmp_path: Path) -> ModelSpec:
    return make_spec(tmp_path)


def make_spec(folder: Path, **more: Any) -> ModelSpec:
    return parse_spec(
        {
            "name": "churn",
            "title": "Subscription churn",
            "task": "binary",
            "target": "churned",
            "data": {"path": str(folder / "rows.csv"), "time_column": "at"},
            "window": "month",
            **more,
        }
    )


@pytest.fixture
def ws(settings: Settings, spec: ModelSpec) -> Workspace:
    ledger = Ledger.open(settings.ledger_url)
    return Workspace(spec, settings, ledger, Registry(settings.tracking_uri, ledger))


@pytest.fixture
def a_batch() -> Callable[[int], Batch]:
    return batch


@pytest.fixture(name="observe")
def observe_fixture() -> Callable[[Workspace, Batch], None]:
    return observe


def batch(month: int = 4, rows: int = 3_000) -> Batch:
    start = datetime(2026, month, 1, tzinfo=UTC)
    end = Every.parse("month").shift(start, 1)
    return Batch("churn", Window(start, end), end + timedelta(hours=6), rows)


def findings() -> dict[str, list[Finding]]:
    return {
        "data": [Finding("volume", "batch", "rows", Verdict.OK, value=3000, baseline=3100)],
        "drift": [
            Finding(
                "drift", "plan", "psi", Verdict.ALERT, value=0.41, baseline=0.02, limit=0.2, effect=6.5,
                sample_size=3000, message="plan moved", suggests=(Cause.HARMFUL_COVARIATE_SHIFT,),
                role=Role.INPUT_MOVED,
            ),
            Finding("drift", HOSTILE, "psi", Verdict.WATCH, value=0.12, limit=0.1, effect=2.0, message=HOSTILE,
                    role=Role.INPUT_MOVED),
            Finding("drift", "salary", "psi", Verdict.OK, value=0.01),
        ],
        "performance": [
            Finding("performance", "batch", "roc_auc", Verdict.ALERT, value=0.68, baseline=0.81, limit=0.79, effect=4.0,
                    sample_size=3000, role=Role.LOSS, details={"decides": True, "low": 0.66, "high": 0.7})
        ],
    }  # fmt: skip


def observe(ws: Workspace, observed: Batch) -> None:
    """Record a batch with its findings and what they mean."""
    for group, of_group in findings().items():
        ws.ledger.record_findings(observed, group, of_group, model_version="1")  # type: ignore[arg-type]
    ws.ledger.record_assessment(
        observed,
        Assessment(
            observed.id,
            "incident",
            Cause.HARMFUL_COVARIATE_SHIFT,
            Severity.HIGH,
            "ROC AUC fell from 0.81 to 0.68 while plan moved",
            "abcdef1234",
            ("performance:batch:roc_auc", "drift:plan:psi"),
            ("Whether the relation changed too: 400 more labels would decide it.",),
        ),
        summarise([finding for group in findings().values() for finding in group], ws.spec.metric),
    )


@pytest.fixture
def incident(ws: Workspace) -> Incident:
    observed = batch()
    observe(ws, observed)
    ws.ledger.record_promotion(Promotion("churn", None, "1", "adopt", NOW - timedelta(days=90), "ada"))
    opened = ws.ledger.open_incident(
        Incident(
            id=INCIDENT,
            model="churn",
            state=IncidentState.OPEN,
            severity=Severity.HIGH,
            cause=Cause.HARMFUL_COVARIATE_SHIFT,
            headline="ROC AUC fell from 0.81 to 0.68 while plan moved",
            fingerprint="abcdef1234",
            window=observed.window,
            as_of=observed.as_of,
            batch_ids=(observed.id,),
            opened_at=NOW,
        )
    )
    packet = EvidencePacket(
        INCIDENT,
        "churn",
        (
            Evidence("E1", "finding", "performance", "batch", "ROC AUC is 0.68, usually 0.81.", 0.68, 0.81,
                     sample_size=3000, source="check performance", verdict=Verdict.ALERT),
            Evidence("E2", "finding", "drift", "plan", "plan moved: PSI 0.41.", 0.41, 0.02, verdict=Verdict.ALERT),
            Evidence("E3", "finding", "drift", HOSTILE, f"{HOSTILE} moved.", 0.12, verdict=Verdict.WATCH),
            Evidence("E4", "fact", "deployments", "model", "No deployment in 90 days.", source="ledger"),
        ),
        ("The upstream pipeline is not named in the spec.",),
    )  # fmt: skip
    ws.ledger.record_packet(packet)
    rules = Diagnosis(
        INCIDENT,
        "rules",
        (
            RankedCause(Cause.HARMFUL_COVARIATE_SHIFT, 0.8, ("E1", "E2"), ("E4",), "plan carries the loss (E2)."),
            RankedCause(Cause.CONCEPT_DRIFT, 0.2, ("E1",), ("E2",)),
        ),
        Severity.HIGH,
        "The inputs moved and the loss follows them (E1, E2).",
        (RecommendedAction("retrain", 1, "the loss is explained by the move"),),
        packet.hash,
        "drift.md#retrain",
    )
    ws.ledger.record_diagnosis(rules, stands=True)
    other = Diagnosis(
        INCIDENT, "claude-x", (RankedCause(Cause.CONCEPT_DRIFT, 0.9, ("E1",)),), Severity.HIGH, "x", (), packet.hash,
        notes=("E9 does not exist.",),
    )  # fmt: skip
    ws.ledger.record_diagnosis(other, stands=False)
    return opened


@pytest.fixture
def healed(ws: Workspace, incident: Incident) -> Incident:
    ledger = ws.ledger
    retrain = proposal("retrain", {"window": "12 months"})
    ledger.record_decision(
        INCIDENT,
        path="retrain",
        proposal_hash=retrain.hash,
        reason="The standing diagnosis recommends it.",
        skipped=[{"action": "rollback", "reason": "nothing to roll back to"}],
    )
    ledger.record_proposal(retrain)
    ledger.answer_proposal(retrain.hash, "approve", by="mallory", at=NOW, channel="airflow", approvers=("grace",))
    answered = NOW + timedelta(seconds=40)
    ledger.answer_proposal(
        retrain.hash, "approve", by="grace", at=answered, channel="airflow", approvers=("grace",), comment="go"
    )
    carry_out(ledger, retrain, "Trained version 2 on 9,000 rows.", at=NOW + timedelta(seconds=41))
    deploy = proposal("deploy", {"version": "2", "gate": to_json(gate())})
    ledger.record_proposal(deploy)
    ledger.answer_proposal(deploy.hash, "approve", by="grace", at=NOW + timedelta(seconds=90), channel="airflow")
    switched = NOW + timedelta(seconds=92)
    ledger.record_promotion(Promotion("churn", "1", "2", "deploy", switched, "grace", deploy.hash, 0.2))
    carry_out(ledger, deploy, "Version 2 serves.", at=switched)
    return ledger.move_incident(
        INCIDENT,
        IncidentState.RESOLVED,
        closed_at=NOW + timedelta(minutes=3),
        resolution={"metric": "roc_auc", "before": 0.68, "after": 0.8, "held_windows": 2},
    )


def proposal(action: str, params: dict[str, Any]) -> Proposal:
    return Proposal(
        INCIDENT, "churn", action, params, "ROC AUC back above 0.79 on the next window.", Permission.ASK,
        "The policy asks in production.", NOW, NOW + timedelta(days=1),
    )  # fmt: skip


def carry_out(ledger: Ledger, planned: Proposal, summary: str, *, at: datetime) -> None:
    ledger.begin_action(planned, {"champion": "1"}, now=at)
    ledger.finish_action(
        ActionResult(planned.hash, planned.action, "done", summary, 12.5), now=at + timedelta(seconds=12.5)
    )


def gate() -> GateResult:
    return GateResult(
        "passed", "roc_auc", ("Not worse than the margin.",), "1", "2", 0.68, 0.8, 0.12, 0.09, 0.15, -0.01, 1200, 30,
        tuple({"segment": name, "difference": 0.1, "low": 0.02, "high": 0.2} for name in ("hotel=City", "plan=year")),
    )  # fmt: skip


@pytest.fixture
def read_artifact(ws: Workspace, tmp_path: Path) -> Callable[[str, str], str]:
    def read(run_id: str, name: str) -> str:
        place = ws.registry.client.download_artifacts(run_id, name, str(tmp_path))
        return Path(place).read_text(encoding="utf-8")

    return read
