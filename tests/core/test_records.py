import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from airmedic_core.records import (
    Batch,
    Cause,
    Diagnosis,
    Evidence,
    EvidencePacket,
    Finding,
    Permission,
    Proposal,
    RankedCause,
    RecommendedAction,
    Severity,
    Verdict,
    digest,
    from_json,
    to_json,
)
from airmedic_core.windows import Window

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_proposal(**changes):
    proposal = {
        "incident_id": "i",
        "model": "m",
        "action": "retrain",
        "params": {"rows": 3},
        "expected": "AUC rises.",
        "permission": Permission.ASK,
        "reason": "drift",
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=1),
    }
    return Proposal(**{**proposal, **changes})


def test_records_survive_the_way_through_json():
    finding = Finding("drift", "age", "psi", Verdict.ALERT, 0.3, suggests=(Cause.UNIT_CHANGE,), details={"a": [1]})
    packet = EvidencePacket("i", "m", (Evidence("E1", "drift", "drift", "age", "It moved.", value=1.5),), ("labels",))
    diagnosis = Diagnosis(
        "i",
        "rules",
        (RankedCause(Cause.UNIT_CHANGE, 0.9, ("E1",)),),
        Severity.HIGH,
        "s",
        (RecommendedAction("h", 1),),
        "x",
    )
    batch = Batch("m", Window("2026-01-01", "2026-01-02"), NOW, 10)
    for record in (finding, packet, diagnosis, batch, a_proposal()):
        assert from_json(type(record), json.loads(json.dumps(to_json(record)))) == record


def test_numbers_that_are_not_finite_become_null():
    assert to_json(Finding("drift", "age", "psi", Verdict.OK, float("nan")))["value"] is None


def test_json_of_another_form_is_refused():
    with pytest.raises(ValidationError):
        from_json(Finding, {"check": "drift"})


def test_the_same_model_and_window_is_the_same_batch():
    window = Window("2026-01-01", "2026-01-02")
    assert Batch("m", window, NOW, 1).id == Batch("m", window, NOW + timedelta(days=9), 7).id
    assert Batch("m", window, NOW, 1).id == "m__20260101T0000_20260102T0000"


@pytest.mark.parametrize(
    "changes",
    [
        {"incident_id": "j"},
        {"model": "n"},
        {"action": "rollback"},
        {"params": {"rows": 4}},
        {"expected": "Nothing."},
        {"permission": Permission.AUTO},
        {"expires_at": NOW},
    ],
)
def test_what_people_approve_is_in_the_hash(changes):
    assert a_proposal(**changes).hash != a_proposal().hash


@pytest.mark.parametrize("changes", [{"reason": "other"}, {"created_at": NOW - timedelta(days=1)}])
def test_what_surrounds_it_is_not(changes):
    assert a_proposal(**changes).hash == a_proposal().hash


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_a_digest_is_the_sha256_of_the_canonical_form():
    # printf '{"a":1}' | sha256sum
    assert digest({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"


def test_a_digest_refuses_numbers_that_are_not_finite():
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest({"a": float("inf")})


def test_an_empty_diagnosis_is_unknown_with_no_confidence():
    diagnosis = Diagnosis("i", "rules", (), Severity.LOW, "", (), "x")
    assert (diagnosis.cause, diagnosis.confidence) == (Cause.UNKNOWN, 0.0)
