"""A small generated production of renewals, with a real ledger and a real MLflow store beside it.

The rows are 60 a day from the first of January 2026 on. The model predicts ``churned``, which is known two days later,
from ``usage``, ``tenure`` and ``plan``; its reference is January.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd

from airmedic_core.ledger import Ledger
from airmedic_core.records import (
    Assessment,
    Batch,
    Cause,
    Finding,
    Incident,
    IncidentState,
    Permission,
    Proposal,
    Severity,
    Verdict,
)
from airmedic_core.registry import registry_of
from airmedic_core.settings import Settings
from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

# The rows are few: threads that wait for each other would take most of the time on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

START = datetime(2026, 1, 1, tzinfo=UTC)
"""The first moment of the first day."""
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""Says when people answer and actions are carried out."""


def day(number: int) -> datetime:
    """Return the start of a day, counted from the first."""
    return START + timedelta(days=number)


def renewals(days: int = 60, per_day: int = 60, *, changed_on: int | None = None, seed: int = 0) -> pd.DataFrame:
    """Return rows by time; the sign of what usage means flips on a day, and outcomes are known two days later.

    Parameters
    ----------
    days, per_day : int
        How many rows there are.
    changed_on : int, optional
        The day on which the relation flips; never where not given.
    seed : int
        The same one makes the same rows.
    """
    random = np.random.default_rng(seed)
    count = days * per_day
    number = np.arange(count)
    at = pd.to_datetime([START] * count) + pd.to_timedelta(number * (86_400 // per_day), unit="s")
    usage, tenure = random.normal(size=count), random.normal(size=count)
    plan = random.choice(["flex", "year"], count)
    flipped = (number // per_day) >= (days if changed_on is None else changed_on)
    risk = 1 / (1 + np.exp(-(np.where(flipped, -2.0, 2.0) * usage + 0.5 * tenure + (plan == "flex") * 0.8 - 0.5)))
    return pd.DataFrame(
        {
            "at": at,
            "usage": usage,
            "tenure": tenure,
            "plan": plan,
            "churned": (random.random(count) < risk).astype(int),
            "spend": 20 + 5 * np.where(flipped, -usage, usage) + random.normal(size=count),
            "known_at": at + pd.Timedelta(days=2),
        }
    )


def workspace(folder: Path, rows: pd.DataFrame, **more: Any) -> Workspace:
    """Write rows to a file, and open a workspace of a model on them.

    Parameters
    ----------
    folder : Path
        Where the file and all local state go.
    rows : pandas.DataFrame
        The rows.
    **more
        Further keys of the model spec.
    """
    rows.to_parquet(folder / "rows.parquet")
    shutil.copy(_empty_mlflow(), folder / "mlflow.db")
    return _opened(folder, **more)


def copy_of(prepared: Path, folder: Path, **more: Any) -> Workspace:
    """Open a copy of a production that was prepared once: training its models takes longer than most tests.

    Parameters
    ----------
    prepared : Path
        The folder of the production. What MLflow keeps in files stays there, and is shared.
    folder : Path
        The folder of the copy.
    **more
        More keys of the spec, or others.
    """
    for entry in filter(Path.is_file, prepared.iterdir()):
        shutil.copy(entry, folder / entry.name)
    return _opened(folder, **more)


def spec_of(folder: Path, **more: Any) -> ModelSpec:
    """Return the spec of a model on the rows of a folder, with more keys or others."""
    raw: dict[str, Any] = {
        "name": "renewals",
        "task": "binary",
        "target": "churned",
        "data": {"path": str(folder / "rows.parquet"), "time_column": "at"},
        "label_time_column": "known_at",
        "exclude": ["spend"],
        "window": {"every": "day", "min_rows": 20},
        "reference": {"start": "2026-01-01", "end": "2026-01-31"},
        "retrain": {"window": "30 days"},
    }
    return parse_spec(raw | more)


def observe(
    ws: Workspace,
    number: int,
    *,
    outcome: Any = "incident",
    cause: Cause = Cause.CONCEPT_DRIFT,
    alerts: Mapping[str, float] | None = None,
) -> Batch:
    """Record the batch of a day with what it means, as it was seen three days later.

    Parameters
    ----------
    ws : Workspace
        The model.
    number : int
        The day, as :func:`day` numbers it.
    outcome : object
        What the batch was assessed as.
    cause : Cause
        The cause of its assessment.
    alerts : mapping, optional
        Columns of which an alarm decides → size of its effect, the strongest first.
    """
    window = Window(day(number), day(number + 1))
    batch = Batch(ws.spec.name, window, day(number + 3), 60)
    champion = ws.registry.by_alias(ws.spec.name, "champion")
    ws.ledger.record_batch(batch, model_version=champion.version if champion else None)
    deciding = [Finding("rows", name, "share", Verdict.ALERT, effect=effect) for name, effect in (alerts or {}).items()]
    if deciding:
        ws.ledger.record_findings(batch, "data", deciding, model_version=champion.version if champion else None)
    keys = tuple(finding.key for finding in deciding)
    ws.ledger.record_assessment(batch, Assessment(batch.id, outcome, cause, Severity.HIGH, "It is worse.", "f1", keys))
    return batch


def incident_of(ws: Workspace, number: int, cause: Cause = Cause.CONCEPT_DRIFT) -> Incident:
    """Open the incident of a day.

    Parameters
    ----------
    ws : Workspace
        The model.
    number : int
        The day, as :func:`day` numbers it.
    cause : Cause
        The incident's cause.
    """
    batch = observe(ws, number, cause=cause)
    return ws.ledger.open_incident(
        Incident(
            id=f"{batch.id}__f1",
            model=ws.spec.name,
            state=IncidentState.OPEN,
            severity=Severity.HIGH,
            cause=cause,
            headline="It is worse.",
            fingerprint="f1",
            window=batch.window,
            as_of=batch.as_of,
            batch_ids=(batch.id,),
            opened_at=NOW,
        )
    )


def approved(ws: Workspace, incident: Incident, action: str, params: dict[str, Any], *, by: str = "anna") -> Proposal:
    """Record a proposal with somebody's approval, and return it.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        What the action is for.
    action : str
        The action.
    params : dict
        Its parameters.
    by : str
        Who approves it.
    """
    proposal = Proposal(
        incident.id, ws.spec.name, action, params, "It gets better.", Permission.ASK, "Because.", NOW,
        NOW + timedelta(days=1),
    )  # fmt: skip
    ws.ledger.record_proposal(proposal)
    ws.ledger.answer_proposal(proposal.hash, "approve", by=by, at=NOW, channel="airflow")
    return proposal


@cache
def _empty_mlflow() -> Path:
    """Return an MLflow store that is migrated: making one takes longer than most tests."""
    from mlflow import MlflowClient

    path = Path(mkdtemp()) / "mlflow.db"
    MlflowClient(f"sqlite:///{path}", f"sqlite:///{path}").search_registered_models()
    return path


def _opened(folder: Path, **more: Any) -> Workspace:
    settings = Settings(
        home=folder,
        content=folder,
        ledger_url=f"sqlite:///{folder / 'ledger.db'}",
        tracking_uri=f"sqlite:///{folder / 'mlflow.db'}",
        environment="production",
    )
    ledger = Ledger.open(settings.ledger_url)
    spec = spec_of(folder, **more)
    return Workspace(spec, settings, ledger, registry_of(spec, settings.tracking_uri, ledger))
