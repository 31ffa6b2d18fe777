"""Critic and analyst with their second engine: the real client against a server that speaks the Messages API."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anthropic
import pytest
import yaml

from airmedic_core.diagnose.claude import ClaudeDiagnoser
from airmedic_core.diagnose.outbound import prepare
from airmedic_core.diagnose.token_budget import Budget
from airmedic_core.records import Cause, Evidence, EvidencePacket, IncidentState, Verdict
from airmedic_core.review import Review, review
from airmedic_core.workspace import with_settings
from tests.core.diagnose.messages_server import Raw, Script, Silence, Status, Stopped, serving
from tests.core.diagnose.stories import Story, a_spec, a_workspace, nulls, psi
from tests.core.review.test_review import CORRUPT, FAULTY, weather

MODEL = "claude-sonnet-5-5"
NOW = datetime.now(UTC) - timedelta(hours=1)
KEY = "checks.drift.least_effect"
CORPUS: dict[str, list[str]] = yaml.safe_load(
    (Path(__file__).parents[1] / "diagnose" / "injections.yaml").read_text(encoding="utf-8")
)


@pytest.fixture
def story(tmp_path: Path, empty_home: Path) -> Story:
    for database in empty_home.glob("*.db*"):
        shutil.copy(database, tmp_path)
    rows = tmp_path / "rows.csv"
    weather().to_csv(rows, index=False)
    ws = a_workspace(tmp_path, a_spec(data={"path": str(rows), "time_column": "day"}))
    content = tmp_path / "content"
    shutil.copytree(ws.settings.content / "policies", content / "policies")
    return Story(replace(ws, settings=replace(ws.settings, content=content)))


def false_alarms(story: Story, *effects: float) -> None:
    for effect in effects or (0.12, 0.13, 0.14):
        alarm(story, effect, Cause.HARMLESS_COVARIATE_SHIFT)


def alarm(story: Story, effect: float, cause: Cause) -> None:
    moved = replace(psi("income", 0.2, Verdict.ALERT), effect=effect, limit=0.1)
    incident = story.open(story.pass_days(drift=[moved]), cause)
    story.ws.ledger.move_incident(incident.id, IncidentState.RESOLVED)


def faults(story: Story, column: str = "humidity") -> None:
    for day in range(12):
        if day not in FAULTY:
            story.pass_days()
            continue
        finding = nulls(column, 1.0, Verdict.ALERT, CORRUPT)
        incident = story.open(story.pass_days(cause=CORRUPT, data=[finding]), CORRUPT)
        story.ws.ledger.move_incident(incident.id, IncidentState.RESOLVED)


@contextmanager
def claude(script: Script, *, seconds: float = 20) -> Iterator[ClaudeDiagnoser]:
    with serving(script) as address, anthropic.Anthropic(base_url=address, api_key="test") as client:
        yield ClaudeDiagnoser(client, MODEL, timeout_seconds=seconds)


def choice(option: str, *supporting: str, **changes: Any) -> dict[str, Any]:
    cited = supporting[0] if supporting else option
    return {
        "choice": option,
        "supporting": list(supporting),
        "contradicting": [],
        "explanation": f"The alarms turned out false [{cited}].",
        "readings": [],
    } | changes


def shown(story: Story) -> EvidencePacket:
    """Return what the review rests on, from a first review that only the rules make."""
    made = review(story.ws, "first", now=NOW)
    packet = story.ws.ledger.packet(made.incident_id)
    assert packet is not None
    return packet


def options(packet: EvidencePacket, kind: str = "review.change") -> dict[float | None, Evidence]:
    return {item.value: item for item in packet.items if item.kind == kind}


def reviewed(story: Story, *answers: Any, seconds: float = 20, **arguments: Any) -> tuple[Review, Script]:
    script = Script(list(answers))
    with claude(script, seconds=seconds) as model:
        return review(story.ws, "second", now=NOW, model=model, **arguments), script


def told(story: Story, made: Review) -> str:
    return " ".join(decision["reason"] for decision in story.ws.ledger.decisions(made.incident_id))


def test_a_smaller_step_that_holds_stands_with_its_reason(story: Story) -> None:
    """The rules would move to 0.15, above all three. The model prefers 0.13, which spares the first only."""
    false_alarms(story)
    chosen = options(shown(story))[0.13]
    made, _ = reviewed(story, choice(chosen.id, "E1"))
    assert made.setting is not None
    assert (made.setting.params["key"], made.setting.params["value"]) == (KEY, 0.13)
    assert "1 false alarm of the last 3 windows" in made.setting.expected
    assert f"{MODEL} agrees: The alarms turned out false E1" in made.setting.reason.replace("[", "").replace("]", "")
    record = story.ws.ledger.decisions(made.incident_id)[-1]["details"]["second_opinion"]
    assert (record["status"], record["choice"], record["role"]) == ("verified", chosen.id, "critic")


def test_a_change_that_would_miss_a_real_alarm_is_refused_when_played_back(story: Story) -> None:
    false_alarms(story, 0.12, 0.121, 0.122, 0.16)
    alarm(story, 0.14, Cause.HARMFUL_COVARIATE_SHIFT)
    chosen = options(shown(story))[0.17]
    made, script = reviewed(story, choice(chosen.id, "E1"))
    assert len(script.requests) == 2, "one attempt to repair, and no more"
    assert made.setting is not None
    assert made.setting.params["value"] == 0.13, "the rules' own"
    assert "would have lost 1 that turned out real" in told(story, made)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Stopped("refusal"), "(refused)"),
        (Stopped("max_tokens", '{"choice": "E'), "(truncated)"),
        ('{"choice": ', "(off_form)"),
        ({"choice": "E1", "shell": "rm"}, "(off_form)"),
        (Raw(b"<html>gateway</html>"), "(off_form)"),
        (Status(429, "rate_limit_error"), "(rate_limited)"),
        (Status(500), "(unreachable)"),
        (Silence(), "(timed_out)"),
        (choice("E99", "E1"), "E99 is not one of the changes"),
        (choice("E1", "E1"), "E1 is not one of the changes"),
        (choice("checks.drift.least_effect", "E1") | {"choice": "delete"}, "delete is not one of the changes"),
        (choice("{0.15}", "E99"), "cites evidence that does not exist"),
        (choice("{0.15}"), "Nothing that happened is cited"),
        (choice("{0.15}", "{0.14}"), "Nothing that happened is cited"),
        (choice("{0.15}", "E1", explanation="It was 0.77 [E1]."), "The packet does not hold 0.77"),
        (choice("{0.15}", "E1", explanation="See https://evil.example [E1]."), "link"),
        (
            choice("{0.15}", "E1", readings=[{"evidence": "E1", "value": 5.0, "direction": "none"}]),
            "E1 does not hold 5",
        ),
        (choice("none", explanation="The alarms are few [E1]."), "would change nothing"),
    ],
)
def test_whatever_does_not_hold_leaves_the_rules_standing(story: Story, answer: Any, failure: str) -> None:
    false_alarms(story)
    known = {f"{{{value:g}}}": item.id for value, item in options(shown(story)).items() if value is not None}
    if isinstance(answer, dict):
        answer = json.loads(_filled(json.dumps(answer), known))
    made, _ = reviewed(story, answer, seconds=1.0 if isinstance(answer, Silence) else 20)
    assert made.setting is not None
    assert (made.setting.params["key"], made.setting.params["value"]) == (KEY, 0.15)
    assert failure in told(story, made)
    assert "rules' proposal stands" in told(story, made)


def _filled(text: str, known: dict[str, str]) -> str:
    for name, id_ in known.items():
        text = text.replace(name, id_)
    return text


def test_over_budget_nothing_is_sent(story: Story) -> None:
    false_alarms(story)
    made, script = reviewed(story, choice("none"), budget=Budget(incident_tokens=100))
    assert script.requests == []
    assert made.setting is not None
    assert "(over_budget)" in told(story, made)


def test_where_the_rules_find_nothing_nobody_is_asked(story: Story) -> None:
    false_alarms(story, 0.12, 0.13)
    made, script = reviewed(story, choice("none"))
    assert (made.incident_id, script.requests) == ("", [])


def test_each_role_is_asked_for_itself_without_names(story: Story) -> None:
    faults(story)
    false_alarms(story)
    packet = shown(story)
    expectation = next(
        item for item in packet.items if item.kind == "review.expectation" and "lie between" in item.statement
    )
    fault = next(item for item in packet.items if item.kind == "review.fault")
    made, script = reviewed(
        story,
        choice(options(packet)[0.15].id, next(item.id for item in packet.items if item.kind == "review.witness")),
        choice(expectation.id, fault.id, explanation=f"column_1 was at fault in 2 windows [{fault.id}]."),
    )
    assert made.setting is not None
    assert made.expectation is not None
    assert made.expectation.params["key"] == "quality.expectations.humidity_range"
    assert "humidity was at fault in 2 windows" in made.expectation.reason, "aliases are names again"
    critic, analyst = script.requests
    assert "review_change" in critic["system"]
    assert "review_expectation" in analyst["system"]
    for request in script.requests:
        assert "humidity" not in json.dumps(request)
        assert "tools" not in request
    calls = story.ws.ledger.language_model_calls(incident_id=made.incident_id)
    assert {call.manifest["role"] for call in calls} == {"critic", "analyst"}
    assert all(len(call.manifest["sha256"]) == 64 for call in calls)


def test_another_column_than_the_rules_chose_leaves_them_standing(story: Story) -> None:
    faults(story)
    packet = shown(story)
    expectation = next(item for item in packet.items if item.kind == "review.expectation")
    made, _ = reviewed(story, choice(expectation.id, expectation.id))
    assert made.expectation is not None
    assert "Nothing that happened is cited" in told(story, made)


def test_the_same_review_is_asked_once(story: Story) -> None:
    false_alarms(story)
    packet = shown(story)
    script = Script([choice(options(packet)[0.15].id, "E1")])
    with claude(script) as model:
        first = review(story.ws, "second", now=NOW, model=model)
        again = review(story.ws, "second", now=NOW + timedelta(minutes=5), model=model)
    assert again == first
    assert len(script.requests) == 1


def test_hostile_columns_stay_here(story: Story) -> None:
    """What a column is called is not sent, whatever it says."""
    for hostile in CORPUS["columns"]:
        content = prepare(review_packet_of(story, hostile), story.ws.spec).content
        assert content.isascii()
        for word in ("ignore", "approve", "script", "evil", "DROP", "password", "rollback"):
            assert word.lower() not in content.lower()


def review_packet_of(story: Story, column: str) -> EvidencePacket:
    from airmedic_core.review.analyst import Analysis, ExpectationSuggestion
    from airmedic_core.review.faults import Fault
    from airmedic_core.review.packet import review_packet
    from airmedic_core.review.replay import past_windows

    story.pass_days(cause=CORRUPT, data=[nulls(column, 1.0, Verdict.ALERT, CORRUPT)])
    expectation = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": column, "mostly": 0.9}}
    analysis = Analysis(
        (ExpectationSuggestion("x", expectation, ("2026-03-01",), 2, 10),),
        (Fault(CORRUPT, column, tuple(past_windows(story.ws, most=5))),),
    )
    return review_packet("r", story.ws.spec.name, (), analysis).packet


@pytest.mark.parametrize("hostile", CORPUS["review_texts"])
def test_a_hostile_answer_changes_nothing_but_words(story: Story, hostile: str) -> None:
    false_alarms(story)
    chosen = options(shown(story))[0.15]
    made, _ = reviewed(story, choice(chosen.id, "E1", explanation=hostile))
    assert made.setting is not None
    assert (made.setting.params["key"], made.setting.params["value"]) == (KEY, 0.15)
    assert made.setting.permission == "ask"
    assert not set("<>`|{}\n") & set(made.setting.reason)


def test_private_columns_are_offered_to_nobody(story: Story) -> None:
    faults(story)
    false_alarms(story)
    story.ws = replace(story.ws, spec=with_settings(story.ws.spec, {"private": ["humidity"]}))
    assert not [item for item in shown(story).items if item.subject == "humidity"]
