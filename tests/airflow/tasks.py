"""What the tests of operators and sensors share: tasks without a running Airflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from tests.airflow.production import meter


@dataclass
class Task:
    """What an operator is given of its task instance."""

    task: Any = None
    id: UUID = field(default_factory=uuid4)
    dag_id: str = "remediate__meter"
    run_id: str = "r1"
    task_id: str = "approve"
    map_index: int = -1
    pushed: dict[str, Any] = field(default_factory=dict)

    pulled: dict[tuple[str, str], Any] = field(default_factory=dict)

    def xcom_pull(self, *, task_ids: str, key: str) -> Any:
        return self.pulled.get((task_ids, key))

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


def context_of(operator: Any, **more: Any) -> dict[str, Any]:
    run = SimpleNamespace(
        dag_id="monitor__meter", run_id="r1", logical_date=None, run_after=datetime(2026, 11, 20, 6, tzinfo=UTC)
    )
    return {"ti": Task(operator), "task": operator, "run_id": "r1", "dag_run": run, **more}


def day_batch(index: int) -> dict[str, Any]:
    from airmedic.operators.resolve_batch import ResolveBatchOperator

    operator = ResolveBatchOperator(task_id="resolve_batch", model="meter", **meter.day(index))
    return operator.execute(context_of(operator))


def propose(workspace: Any, action: str, params: dict[str, Any] | None = None) -> Any:
    from datetime import timedelta

    from airmedic_core.decide import Request
    from airmedic_core.incident_lifecycle import request_incident
    from airmedic_core.records import Permission, Proposal

    now = datetime.now(UTC)
    incident = request_incident(workspace, Request(action="retrain", by="anna"), f"run {action}", now=now)
    proposal = Proposal(
        incident.id, "meter", action, params or {}, "Better.", Permission.ASK, "A test.", now, now + timedelta(hours=1)
    )
    workspace.ledger.record_proposal(proposal)
    return proposal


def waiting() -> type[BaseException]:
    """Return what an operator raises that waits for people, which differs between the versions of Airflow."""
    from airflow.sdk import exceptions

    return getattr(exceptions, "TaskAwaitingInput", None) or exceptions.TaskDeferred
