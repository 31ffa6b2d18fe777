"""The metrics, parsed as Prometheus does it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airmedic_core.ledger import Ledger
from airmedic_core.read_model import KnownSpec, SpecShelf, metrics_text, read_fleet
from airmedic_core.read_model.metrics import METRICS
from airmedic_core.records import Batch, Cause, Incident, IncidentState, Permission, Proposal, Severity

# https://prometheus.io/docs/instrumenting/exposition_formats/: name{label="value",…} value
SAMPLE = re.compile(r'(?P<name>[a-zA-Z_:][\w:]*)\{(?P<labels>(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*)\} (?P<value>\S+)')
SECOND = timedelta(seconds=1)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def parsed(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return the samples, and refuse what the format does not allow."""
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    declared: set[str] = set()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in declared
            assert kind == "gauge"
            declared.add(name)
        elif not line.startswith("# HELP "):
            sample = SAMPLE.fullmatch(line)
            assert sample is not None, line
            assert sample["name"] in declared
            key = sample["name"], frozenset(LABEL.findall(sample["labels"]))
            assert key not in samples
            samples[key] = float(sample["value"])
    assert declared == set(METRICS)
    return samples


def test_the_fleet_is_told_in_numbers(ledger: Ledger, shelf: SpecShelf, observe: Callable[..., Batch]) -> None:
    now = datetime.now(UTC)
    observe("alpha", 0, auc=0.81)
    specs = shelf.all()
    samples = parsed(metrics_text(read_fleet(ledger, specs, now=now + timedelta(hours=1), shown=specs),
                                  now=now + timedelta(hours=1)))  # fmt: skip

    def value(name: str, model: str, **labels: str) -> float | None:
        return samples.get((name, frozenset({"model": model, **labels}.items())))

    assert (value("airmedic_model_healthy", "alpha"), value("airmedic_model_healthy", "beta")) == (1.0, 0.0)
    assert value("airmedic_model_state", "alpha", state="healthy") == 1.0
    assert value("airmedic_model_state", "beta", state="unchecked") == 1.0
    assert sum(count for (name, _), count in samples.items() if name == "airmedic_model_state") == 2.0
    assert value("airmedic_metric_value", "alpha", metric="roc_auc") == 0.81
    assert value("airmedic_metric_limit", "alpha", metric="roc_auc") == 0.78
    assert value("airmedic_drift_ratio", "alpha") == pytest.approx(1 / 3)  # 0.1 of a limit of 0.3
    assert value("airmedic_open_incidents", "alpha") == 0.0
    age = value("airmedic_last_check_age_seconds", "alpha")
    assert age is not None
    assert 3590 <= age <= 3610
    assert value("airmedic_last_check_age_seconds", "beta") is None


def test_the_two_proposals_of_one_question_about_a_trial_count_as_one(
    ledger: Ledger, shelf: SpecShelf, observe: Callable[..., Batch]
) -> None:
    batch = observe("alpha", 0, moved=0.6)
    of_trial = Incident(
        "alpha__trial", "alpha", IncidentState.OPEN, Severity.HIGH, Cause.CONCEPT_DRIFT, "", "f1", batch.window,
        batch.as_of, (batch.id,), batch.as_of,
    )  # fmt: skip
    of_fault = replace(of_trial, id="alpha__fault", fingerprint="f2")
    asked_at = batch.as_of + timedelta(hours=1)
    trial = {"version": "2", "champion": "1", "deployment": "d" * 64}
    expires_at = asked_at + timedelta(days=1)
    ending = Proposal(of_trial.id, "alpha", "end_trial", trial, "", Permission.ASK, "", asked_at, expires_at)
    repair = replace(ending, incident_id=of_fault.id, action="repair", params={}, created_at=asked_at + SECOND)
    promotion = replace(ending, action="promote_trial", created_at=asked_at + 2 * SECOND)
    for incident in (of_trial, of_fault):
        ledger.open_incident(incident)
        for proposal in (ending, repair, promotion):
            if proposal.incident_id == incident.id:
                ledger.record_proposal(proposal)
        for state in (IncidentState.DIAGNOSED, IncidentState.AWAITING_APPROVAL):
            ledger.move_incident(incident.id, state)
    now, specs = asked_at + timedelta(minutes=1), shelf.all()
    samples = parsed(metrics_text(read_fleet(ledger, specs, now=now, shown=specs), now=now))
    of_alpha = frozenset({"model": "alpha"}.items())
    assert len(ledger.waiting_proposals(now=now)) == 3
    assert samples["airmedic_approvals_waiting", of_alpha] == 2
    assert samples["airmedic_approvals_waiting_oldest_seconds", of_alpha] == 60


def test_names_are_escaped() -> None:
    hostile = KnownSpec('a"} 1\nairmedic_model_healthy{model="b\\', None, "broken")
    now = datetime.now(UTC)
    samples = parsed(metrics_text(read_fleet(None, {hostile.name: hostile}, now=now, shown={hostile.name}), now=now))
    models = {value for _, labels in samples for name, value in labels if name == "model"}
    assert models == {r"a\"} 1\nairmedic_model_healthy{model=\"b\\"}
