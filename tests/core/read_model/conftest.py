"""A ledger with the past of two models, and their specs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.assess import summarise, weigh
from airmedic_core.ledger import Ledger
from airmedic_core.read_model import SpecShelf
from airmedic_core.records import Batch, Cause, Finding, Incident, IncidentState, Role, Severity, Verdict
from airmedic_core.settings import Settings
from airmedic_core.windows import Window

SPEC = """\
name: {name}
task: binary
target: y
owner: growth
data:
  path: ${{NOT_SET_HERE}}/{name}.csv
  time_column: at
exclude: [known_later]
private: [salary]
"""
PRIVATE = "salary"
"""The column that the specs keep private. Texts of the past name it."""
START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def findings(auc: float | None = 0.8, moved: float = 0.1) -> list[Finding]:
    """Return what the checks of one window find."""
    alert = Verdict.ALERT if moved > 0.3 else Verdict.OK
    of_window = [
        Finding("drift", "age", "shift", alert, value=0.6, baseline=0.5, limit=0.3, effect=moved,
                role=Role.INPUT_MOVED, details={"spread": 0.05}, message=f"age moved, as {PRIVATE} did."),
        Finding("drift", "salary", "shift", Verdict.OK, value=0.5, baseline=0.5, limit=0.3, effect=0.02,
                role=Role.INPUT_MOVED),
        Finding("volume", "batch", "rows", Verdict.OK, value=100, baseline=98.0, role=Role.DATA_FAULT,
                details={"rows_expected": 98.0}),
        Finding("corruption", "age", "null_fraction", Verdict.ALERT if moved > 0.3 else Verdict.OK, value=0.2,
                message=f"age is missing where {PRIVATE} is.", role=Role.DATA_FAULT,
                suggests=(Cause.DATA_CORRUPTION,) if moved > 0.3 else ()),
    ]  # fmt: skip
    if auc is not None:
        of_window.append(
            Finding("performance", "batch", "log_loss", Verdict.OK, value=0.5, baseline=0.5, limit=0.55,
                    role=Role.LOSS, details={"decides": True})
        )  # fmt: skip
        of_window.append(
            Finding("performance", "batch", "roc_auc", Verdict.OK, value=auc, baseline=0.8, limit=0.78,
                    role=Role.LOSS, details={"decides": True, "low": auc - 0.02, "high": auc + 0.02})
        )  # fmt: skip
    return of_window


def opened_at(moment: datetime, batch: Batch) -> Incident:
    """Return an incident that was opened for a batch."""
    return Incident(
        f"{batch.id}__f1", batch.model, IncidentState.OPEN, Severity.HIGH, Cause.CONCEPT_DRIFT,
        f"It is worse, like {PRIVATE}.", "f1", batch.window, batch.as_of, (batch.id,), moment,
    )  # fmt: skip


@pytest.fixture
def content(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    for name in ("alpha", "beta"):
        (tmp_path / "models" / f"{name}.yaml").write_text(SPEC.format(name=name))
    return tmp_path


@pytest.fixture
def settings(content: Path) -> Settings:
    return Settings(
        home=content,
        content=content,
        ledger_url=f"sqlite:///{content / 'ledger.db'}",
        tracking_uri="http://mlflow:5000",
        environment="production",
    )


@pytest.fixture
def shelf(content: Path) -> SpecShelf:
    return SpecShelf(content / "models")


@pytest.fixture
def ledger(settings: Settings) -> Ledger:
    return Ledger.open(settings.ledger_url)


@pytest.fixture
def observe(ledger: Ledger) -> Callable[..., Batch]:
    """Look at one day of a model, as the monitoring does."""

    def observe(model: str, number: int, version: str = "1", **measured: Any) -> Batch:
        batch = Batch(model, Window(day(number), day(number + 1)), day(number + 2), 100)
        mine = findings(**measured)
        for group, roles in (
            ("data", {Role.DATA_FAULT}),
            ("drift", {Role.INPUT_MOVED}),
            ("performance", {Role.LOSS}),
        ):
            wanted = [finding for finding in mine if finding.role in roles]
            ledger.record_findings(batch, group, wanted, model_version=version)  # type: ignore[arg-type]
        assessment = weigh(batch, mine)
        told = replace(
            assessment,
            headline=f"{assessment.headline} It is about {PRIVATE}.",
            not_knowable=(f"Whether {PRIVATE} is right.",),
        )
        ledger.record_assessment(batch, told, summarise(mine, "roc_auc"))
        return batch

    return observe
