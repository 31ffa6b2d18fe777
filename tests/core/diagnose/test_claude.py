"""The real anthropic client against a server that speaks the Messages API: each end is a recorded, usable diagnosis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anthropic
import pytest

from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.diagnose.answer import answer_schema
from airmedic_core.diagnose.claude import ClaudeDiagnoser
from airmedic_core.diagnose.consult import MAX_TOKENS
from airmedic_core.diagnose.language_model import LanguageModelError, Question
from airmedic_core.diagnose.token_budget import Budget
from airmedic_core.diagnose.token_prices import Price, price_of
from airmedic_core.ledger import LanguageModelCall
from airmedic_core.records import Cause, Diagnosis, EvidencePacket, Verdict
from tests.core.diagnose.messages_server import Drip, Raw, Script, Silence, Status, Stopped, serving
from tests.core.diagnose.stories import Story, nulls

MODEL = "claude-sonnet-5-5"


@pytest.fixture
def case(story: Story) -> tuple[Story, str, EvidencePacket]:
    story.promote("1", "adopt")
    story.pass_days(3)
    broken = [nulls("income", 0.4, Verdict.ALERT, Cause.DATA_CORRUPTION)]
    incident = story.open(story.pass_days(cause=Cause.DATA_CORRUPTION, data=broken), Cause.DATA_CORRUPTION)
    return story, incident.id, collect_evidence(story.ws, incident.id)


def evidence_id(packet: EvidencePacket) -> str:
    return next(item.id for item in packet.items if item.kind == "finding.data" and item.subject == "income")


def good_answer(packet: EvidencePacket, **changes: Any) -> dict[str, Any]:
    cited = evidence_id(packet)
    return {
        "causes": [
            {
                "cause": "data_corruption",
                "confidence": 0.8,
                "supporting": [cited],
                "contradicting": [],
                "explanation": f"The null fraction of column_1 rose to 40 % from 1 % [{cited}].",
            }
        ],
        "severity": "high",
        "summary": f"40 % of column_1 are null against 1 % before [{cited}]. Quarantine the batch.",
        "actions": [
            {"action": "quarantine", "priority": 1, "why": "Broken rows must stay out.", "condition": ""},
            {"action": "escalate", "priority": 2, "why": "", "condition": "if it happens again"},
        ],
        "readings": [{"evidence": cited, "value": 0.4, "direction": "up"}],
    } | changes


@contextmanager
def claude(script: Script, *, seconds: float = 20, model: str = MODEL) -> Iterator[ClaudeDiagnoser]:
    with serving(script) as address, anthropic.Anthropic(base_url=address, api_key="test") as client:
        yield ClaudeDiagnoser(client, model, timeout_seconds=seconds)


def rules_stand(story: Story, incident: str, diagnosis: Diagnosis) -> None:
    assert diagnosis.engine == "rules"
    assert diagnosis.cause is Cause.DATA_CORRUPTION
    assert diagnosis.actions[0].action == "quarantine"
    recorded = story.ws.ledger.diagnoses(incident)
    assert recorded[0] == (diagnosis, True)


def test_a_verified_answer_that_agrees_stands(case: tuple[Story, str, EvidencePacket]) -> None:
    story, incident, packet = case
    script = Script([good_answer(packet)])
    with claude(script) as model:
        answer = diagnose(story.ws, incident, model)
    assert answer.engine == MODEL
    assert answer.status == "verified"
    assert "column_1" not in answer.summary
    assert "income" in answer.summary
    by_rules = {diagnosis.engine: diagnosis for diagnosis, _ in story.ws.ledger.diagnoses(incident)}
    assert set(by_rules) == {"rules", MODEL}
    assert answer.confidence == min(0.8, by_rules["rules"].confidence), "a model can only lower it"
    call = story.ws.ledger.language_model_calls(incident_id=incident)[0]
    assert (call.outcome, call.input_tokens, call.output_tokens) == ("answered", 1200, 300)
    assert call.usd == pytest.approx((1200 * 2 + 300 * 10) / 1e6), "two and ten dollars for a million tokens"


def test_the_request_has_the_form_and_no_names(case: tuple[Story, str, EvidencePacket]) -> None:
    story, incident, packet = case
    script = Script([good_answer(packet)])
    with claude(script) as model:
        diagnose(story.ws, incident, model)
    (request,) = script.requests
    assert request["output_config"]["format"] == {"type": "json_schema", "schema": answer_schema()}
    assert not {"temperature", "top_p", "top_k", "tools"} & request.keys()
    assert "income" not in json.dumps(request["messages"])
    manifest = story.ws.ledger.language_model_calls(incident_id=incident)[0].manifest
    assert manifest["bytes"] == len(request["messages"][0]["content"])
    assert len(manifest["sha256"]) == 64


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Stopped("refusal"), "refused"),
        (Stopped("max_tokens", '{"causes": [{"cause": "data_corr'), "truncated"),
        (Stopped("model_context_window_exceeded"), "truncated"),
        ('{"causes": [', "off_form"),
        ("I think it is the nulls.", "off_form"),
        ({"causes": []}, "off_form"),
        (Raw(b"<html>gateway</html>"), "off_form"),
        (Raw(b"[1, 2]"), "off_form"),
        (Raw(b"[" * 100_000), "off_form"),
        ('{"causes": ' + "[" * 100_000, "off_form"),
        (Status(429, "rate_limit_error"), "rate_limited"),
        (Status(500), "unreachable"),
        (Status(529, "overloaded_error"), "unreachable"),
        (Status(401, "authentication_error"), "rejected"),
        (Status(400, "invalid_request_error"), "rejected"),
    ],
)
def test_a_failure_leaves_the_rules_standing(
    case: tuple[Story, str, EvidencePacket], answer: Any, failure: str
) -> None:
    story, incident, _ = case
    with claude(Script([answer])) as model:
        diagnosis = diagnose(story.ws, incident, model)
    rules_stand(story, incident, diagnosis)
    assert any(f"({failure})" in note for note in diagnosis.notes)
    assert story.ws.ledger.language_model_calls(incident_id=incident)[0].outcome == failure


@pytest.mark.parametrize("answer", [Silence(), Drip()])
def test_a_late_or_dripping_answer_times_out(case: tuple[Story, str, EvidencePacket], answer: Any) -> None:
    story, incident, _ = case
    with claude(Script([answer]), seconds=0.3) as model:
        diagnosis = diagnose(story.ws, incident, model)
    rules_stand(story, incident, diagnosis)
    assert any("(timed_out)" in note for note in diagnosis.notes)


def test_nobody_listening_is_unreachable(case: tuple[Story, str, EvidencePacket]) -> None:
    story, incident, _ = case
    with serving(Script([])) as address:
        pass
    with anthropic.Anthropic(base_url=address, api_key="test") as client:
        diagnosis = diagnose(story.ws, incident, ClaudeDiagnoser(client, MODEL, timeout_seconds=2))
    rules_stand(story, incident, diagnosis)
    assert any("(unreachable)" in note for note in diagnosis.notes)


def wrong(packet: EvidencePacket, kind: str) -> dict[str, Any]:
    answer = good_answer(packet)
    if kind == "invented id":
        answer["causes"][0]["supporting"].append("E99")
    elif kind == "wrong number":
        answer["summary"] = answer["summary"].replace("40 %", "63 %")
    elif kind == "wrong reading":
        answer["readings"][0]["value"] = 0.5
    elif kind == "wrong direction":
        answer["readings"][0]["direction"] = "down"
    elif kind == "wrong direction in words":
        answer["causes"][0]["explanation"] = answer["causes"][0]["explanation"].replace("rose", "fell")
    elif kind == "unknown action":
        answer["actions"][0]["action"] = "delete_all_models"
    elif kind == "action that does not fit":
        answer["actions"][0]["action"] = "retrain"
    elif kind == "unknown cause":
        answer["causes"][0]["cause"] = "cosmic_rays"
    elif kind == "link":
        answer["summary"] += " See https://example.com/x."
    return answer


WRONGS = ["invented id", "wrong number", "wrong reading", "wrong direction", "wrong direction in words",
          "unknown action", "action that does not fit", "unknown cause", "link"]  # fmt: skip


@pytest.mark.parametrize("kind", WRONGS)
def test_an_answer_that_does_not_hold_is_unverified(case: tuple[Story, str, EvidencePacket], kind: str) -> None:
    story, incident, packet = case
    script = Script([wrong(packet, kind)])
    with claude(script) as model:
        answer = diagnose(story.ws, incident, model)
    rules_stand(story, incident, answer)
    assert len(script.requests) == 2, "one attempt to repair, and no more"
    other = next(diagnosis for diagnosis, stands in story.ws.ledger.diagnoses(incident) if not stands)
    assert other.engine == MODEL
    assert other.status == "unverified"
    assert any(note.startswith("Verifier: ") for note in other.notes)
    assert {action.action for action in other.actions} <= {"quarantine", "rerun_pipeline", "escalate"}


def test_an_answer_can_be_repaired_once(case: tuple[Story, str, EvidencePacket]) -> None:
    story, incident, packet = case
    script = Script([wrong(packet, "wrong number"), good_answer(packet)])
    with claude(script) as model:
        diagnosis = diagnose(story.ws, incident, model)
    assert diagnosis.engine == MODEL
    assert any("repaired" in note for note in diagnosis.notes)
    roles = [message["role"] for message in script.requests[1]["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert "63" in script.requests[1]["messages"][2]["content"]


def test_disagreement_leaves_the_rules_standing_and_says_so(case: tuple[Story, str, EvidencePacket]) -> None:
    story, incident, packet = case
    answer = good_answer(packet)
    answer["causes"][0]["cause"] = "schema_change"
    answer["actions"] = [{"action": "hold", "priority": 1, "why": "", "condition": ""}]
    with claude(Script([answer])) as model:
        diagnosis = diagnose(story.ws, incident, model)
    rules_stand(story, incident, diagnosis)
    assert any("schema_change" in note and "rules' answer stands" in note for note in diagnosis.notes)
    alone = diagnose(story.ws, incident)
    assert diagnosis.confidence < alone.confidence, "doubt lowers the confidence"
    assert (diagnosis.doubted_by, alone.doubted_by) == (MODEL, "")


def test_a_sure_model_does_not_raise_the_confidence(case: tuple[Story, str, EvidencePacket]) -> None:
    story, incident, packet = case
    answer = good_answer(packet)
    answer["causes"][0]["confidence"] = 1.0
    alone = diagnose(story.ws, incident)
    with claude(Script([answer])) as model:
        assert diagnose(story.ws, incident, model).confidence == alone.confidence


def test_the_same_question_is_asked_once(case: tuple[Story, str, EvidencePacket]) -> None:
    story, incident, packet = case
    script = Script([good_answer(packet)])
    with claude(script) as model:
        first = diagnose(story.ws, incident, model)
        second = diagnose(story.ws, incident, model)
    assert len(script.requests) == 1
    assert second.summary == first.summary
    assert any("answered before" in note for note in second.notes)


@pytest.mark.parametrize(
    "budget",
    [Budget(incident_tokens=100), Budget(incident_usd=0.0001), Budget(day_tokens=100), Budget(day_usd=0.0001)],
)
def test_over_budget_nothing_is_sent(case: tuple[Story, str, EvidencePacket], budget: Budget) -> None:
    story, incident, packet = case
    script = Script([good_answer(packet)])
    with claude(script) as model:
        diagnosis = diagnose(story.ws, incident, model, budget=budget)
    assert script.requests == []
    rules_stand(story, incident, diagnosis)
    assert any("(over_budget)" in note for note in diagnosis.notes)


def test_what_was_spent_counts_against_the_budget(case: tuple[Story, str, EvidencePacket]) -> None:
    story, incident, packet = case
    script = Script([wrong(packet, "wrong number"), good_answer(packet)], input_tokens=85_000)
    with claude(script) as model:
        diagnosis = diagnose(story.ws, incident, model)
    assert len(script.requests) == 1, "the repair would overrun what the incident may spend"
    rules_stand(story, incident, diagnosis)


def test_a_model_without_a_known_price_is_not_asked(case: tuple[Story, str, EvidencePacket]) -> None:
    story, incident, packet = case
    script = Script([good_answer(packet)])
    with claude(script, model="local-model") as model:
        diagnosis = diagnose(story.ws, incident, model)
    assert script.requests == []
    rules_stand(story, incident, diagnosis)
    assert any("Nobody knows what local-model costs" in note for note in diagnosis.notes)


def test_a_price_can_be_stated(case: tuple[Story, str, EvidencePacket]) -> None:
    story, incident, packet = case
    script = Script([good_answer(packet)])
    with serving(script) as address, anthropic.Anthropic(base_url=address, api_key="test") as client:
        diagnosis = diagnose(story.ws, incident, ClaudeDiagnoser(client, "local-model", price=Price(0.5, 2.0)))
    assert diagnosis.engine == "local-model"
    (call,) = story.ws.ledger.language_model_calls(incident_id=incident)
    assert call.usd == pytest.approx((1200 * 0.5 + 300 * 2) / 1e6)


@pytest.mark.parametrize(
    ("name", "price"),
    [
        ("claude-sonnet-5-5", Price(2, 10)),
        ("claude-opus-4-5-20251101", Price(5, 25)),
        ("anthropic.claude-opus-4-1-20250805-v1:0", Price(15, 75)),
        ("claude-sonnet-4@20250514", Price(3, 15)),
        ("claude-sonnet-5-6", None),
        ("claude-opus-5-5-ultra", None),
        ("claude-opus-55", None),
        ("gpt-oss", None),
    ],
)
def test_only_a_model_of_the_table_has_its_price(name: str, price: Price | None) -> None:
    """A later model is not its forerunner: it may cost more."""
    assert price_of(name) == price


def test_two_at_once_cannot_both_take_the_last_of_the_budget(case: tuple[Story, str, EvidencePacket]) -> None:
    """The first question is on its way and not paid for yet when the second is considered."""
    story, _, packet = case
    question = Question("s", "c" * 2_500, {}, 4_000)
    budget = Budget(day_tokens=9_000)
    ledger = story.ws.ledger
    call = LanguageModelCall("one", MODEL, datetime.now(UTC), "0" * 64, "", "", 0, 0, 0.0, 0.0, {"bytes": 2_500})
    with claude(Script([good_answer(packet)])) as model, ThreadPoolExecutor(4) as pool:
        calls = [replace(call, incident_id=name, question_hash=name * 64) for name in "abcd"]
        asked = [pool.submit(budget.reserve, ledger, model, question, number) for number in calls]
        refused = [error for future in asked if (error := future.exception()) is not None]
    assert len(refused) == 3, "5,000 tokens each at the worst, and 9,000 in all"
    assert {error.failure for error in refused if isinstance(error, LanguageModelError)} == {"over_budget"}
    (reserved,) = ledger.language_model_calls(since=call.asked_at - timedelta(days=1))
    assert (reserved.outcome, reserved.output_tokens) == ("reserved", 4_000)


def test_an_answer_that_never_came_counts_as_paid(case: tuple[Story, str, EvidencePacket]) -> None:
    story, incident, _ = case
    with claude(Script([Silence()]), seconds=0.3) as model:
        diagnose(story.ws, incident, model)
    (call,) = story.ws.ledger.language_model_calls(incident_id=incident)
    assert (call.outcome, call.output_tokens) == ("timed_out", MAX_TOKENS)
    assert call.usd > 0


def test_each_call_is_a_trace_without_names_or_text(case: tuple[Story, str, EvidencePacket]) -> None:
    import mlflow

    story, incident, packet = case
    with claude(Script([good_answer(packet)])) as model:
        diagnose(story.ws, incident, model)
    mlflow.set_tracking_uri(story.ws.settings.tracking_uri)
    experiment = mlflow.get_experiment_by_name("airmedic/churn")
    (trace,) = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list", include_spans=True)
    (span,) = trace.data.spans
    assert trace.info.tags["airmedic.incident_id"] == incident
    assert span.attributes["input_tokens"] == 1200
    assert span.attributes["verifier_problems"] == 0
    assert len(span.attributes["schema_sha256"]) == 64
    assert "income" not in json.dumps(span.to_dict())


def test_the_schema_keeps_the_limits_of_structured_output() -> None:
    def objects(schema: Any) -> Iterator[dict[str, Any]]:
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                yield schema
            for inner in schema.values():
                yield from objects(inner)

    for part in objects(answer_schema()):
        assert part["additionalProperties"] is False
        assert set(part["required"]) == set(part["properties"])


@pytest.mark.parametrize(
    ("tokens", "stop_reason"),
    [(-5, "end_turn"), (10**30, "end_turn"), (float("inf"), "end_turn"), ("many", "end_turn"), (-5, "max_tokens")],
)
def test_absurd_numbers_of_tokens_count_as_the_most_that_it_can_have_cost(
    case: tuple[Story, str, EvidencePacket], tokens: Any, stop_reason: str
) -> None:
    story, incident, packet = case
    script = Script([good_answer(packet)], stop_reason=stop_reason, output_tokens=tokens)
    with claude(script) as model:
        diagnosis = diagnose(story.ws, incident, model)
    rules_stand(story, incident, diagnosis)
    (call,) = story.ws.ledger.language_model_calls(incident_id=incident)
    assert call.outcome in {"off_form", "truncated"}
    assert call.output_tokens == MAX_TOKENS
    assert 0 < call.input_tokens < 10**6
    assert call.usd > 0


@pytest.mark.parametrize("text", ["a\0b", "half \ud800 of a character"])
def test_what_databases_refuse_is_recorded_in_another_form(case: tuple[Story, str, EvidencePacket], text: str) -> None:
    story, incident, packet = case
    with claude(Script([good_answer(packet, summary=text)], stop_reason=text)) as model:
        diagnose(story.ws, incident, model)
    call = story.ws.ledger.language_model_calls(incident_id=incident)[0]
    assert "\0" not in call.reply + call.stop_reason
    call.reply.encode()
    call.stop_reason.encode()
    story.ws.ledger.verify_audit()
