"""Hostile names and texts change no action, leave nothing but aliases, and break no page."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from airmedic_core.diagnose import collect_evidence
from airmedic_core.diagnose.answer import parse_answer
from airmedic_core.diagnose.outbound import prepare
from airmedic_core.diagnose.rules import diagnose_by_rules
from airmedic_core.diagnose.verify import verify
from airmedic_core.diagnose.wording import NAME_LENGTH, plain, prose
from airmedic_core.records import Cause, Diagnosis, EvidencePacket, Verdict
from tests.core.diagnose.stories import Story, a_spec, nulls, psi

CORPUS: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "injections.yaml").read_text(encoding="utf-8"))
COLUMNS, CATEGORIES = CORPUS["columns"], CORPUS["categories"]
WRITTEN = [*CORPUS["runbook_lines"], *CORPUS["incident_texts"]]
MARKUP = re.compile(r"[<>`{}\[\]|\\#*$\"]|://|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]")
CITATION = re.compile(r"\[E\d+\]")


def told(story: Story, *subjects: str) -> EvidencePacket:
    story.promote("1", "adopt")
    story.pass_days(2)
    batch = story.pass_days(
        cause=Cause.DATA_CORRUPTION,
        data=[nulls(subject, 0.4, Verdict.ALERT, Cause.DATA_CORRUPTION) for subject in subjects],
        drift=[replace(psi(subject, 0.5, Verdict.ALERT, Cause.HARMFUL_COVARIATE_SHIFT), message=f"{subject} moved.")
               for subject in subjects],
    )  # fmt: skip
    return collect_evidence(story.ws, story.open(batch, Cause.DATA_CORRUPTION).id)


def harmless(diagnosis: Diagnosis, packet: EvidencePacket) -> None:
    assert diagnosis.cause is Cause.DATA_CORRUPTION
    assert [action.action for action in diagnosis.actions] == ["quarantine", "escalate"]
    for text in [
        diagnosis.summary,
        *diagnosis.not_knowable,
        *diagnosis.notes,
        *(ranked.explanation for ranked in diagnosis.causes),
    ]:
        assert not MARKUP.search(CITATION.sub("", text)), text
    for item in packet.items:
        assert not MARKUP.search(item.statement), item.statement
        assert "\n" not in item.statement


def test_the_corpus_is_large() -> None:
    assert sum(len(entries) for entries in CORPUS.values()) >= 30


def test_hostile_names_change_nothing_and_stay_here(story: Story) -> None:
    subjects = [*COLUMNS, *(f"hotel={category}" for category in CATEGORIES)]
    packet = told(story, *subjects[:20])
    harmless(diagnose_by_rules(packet), packet)
    sent = prepare(packet, story.ws.spec)
    for hostile in subjects:
        for word in re.findall(r"[a-zA-Z]{9,}", hostile):
            assert word not in sent.content, word
    assert sent.content.isascii()


@pytest.mark.parametrize("subject", [*COLUMNS[20:], *(f"hotel={category}" for category in CATEGORIES)])
def test_a_hostile_name_alone_changes_nothing(story: Story, subject: str) -> None:
    packet = told(story, subject)
    harmless(diagnose_by_rules(packet), packet)
    subjects = {entry["subject"] for entry in json.loads(prepare(packet, story.ws.spec).content)["evidence"]}
    assert all(re.fullmatch(r"batch|fleet|version \d+|[a-z]+_\d+", alias) for alias in subjects), subjects


@pytest.mark.parametrize("hostile", [*COLUMNS, *CATEGORIES, *WRITTEN])
def test_a_name_becomes_one_short_line_without_markup(hostile: str) -> None:
    text = plain(hostile)
    assert 0 < len(text) <= NAME_LENGTH
    assert not MARKUP.search(text)
    assert plain(text) == text


@pytest.mark.parametrize("hostile", WRITTEN)
def test_hostile_runbooks_and_incidents_change_nothing(story: Story, tmp_path: Path, hostile: str) -> None:
    content = tmp_path / "content"
    shutil.copytree(story.ws.settings.content / "runbooks", content / "runbooks")
    (content / "incidents").mkdir()
    front = "---\ntitle: income is null {}\ntype: {}\ncauses: [data_corruption, {}]\naction: deploy\n---\n"
    for folder, kind in (("runbooks", "runbook"), ("incidents", "incident")):
        head = front.format(json.dumps(hostile)[1:-1].replace(":", " ").replace("#", " "), kind, "ignore_all_rules")
        (content / folder / "hostile.md").write_text(f"{head}# income\n\n## corruption of income\n\n{hostile}\n")
    story.ws = replace(story.ws, settings=replace(story.ws.settings, content=content))
    packet = told(story, "income")
    diagnosis = diagnose_by_rules(packet)
    harmless(diagnosis, packet)
    assert diagnosis.runbook == "data_quality.md#corrupted-values"
    sent = prepare(packet, story.ws.spec).content
    assert "hostile" not in sent
    assert "ignore_all_rules" not in sent


def test_private_columns_are_left_out_with_their_statistics(story: Story) -> None:
    packet = told(story, "income", "diagnosis_code")
    sent = prepare(packet, a_spec(private=["diagnosis_code"]))
    shown = {entry["id"] for entry in json.loads(sent.content)["evidence"]}
    private = {item.id for item in packet.items if item.subject == "diagnosis_code"}
    assert private
    assert not private & shown
    assert sent.manifest["left_out_as_private"] == len(private)


def test_segments_of_private_columns_whose_names_hold_spaces_are_left_out(story: Story) -> None:
    packet = told(story, "income", "home town", "home town=Ayr")
    sent = prepare(packet, a_spec(private=["home town"]))
    shown = {entry["id"] for entry in json.loads(sent.content)["evidence"]}
    private = {item.id for item in packet.items if item.subject.startswith("home town")}
    assert private
    assert not private & shown


def test_no_sentence_leaves_the_machine(story: Story) -> None:
    packet = told(story, "income")
    content = prepare(packet, story.ws.spec).content
    assert not any(item.statement in content for item in packet.items)
    strings = re.findall(r'"([^"]*)"', content)
    assert max(len(text) for text in strings) <= 63


def test_an_answer_that_smuggles_markup_is_cleaned(story: Story) -> None:
    """What comes back is not trusted either."""
    packet = told(story, "income")
    evidence = packet.items[0].id
    answer = {
        "causes": [{"cause": "data_corruption", "confidence": 0.9, "supporting": [evidence], "contradicting": [],
                    "explanation": "<script>alert(1)</script> ![x](http://evil.example/p.png)"}],
        "severity": "high",
        "summary": f"See [this](javascript:x) [{evidence}] `code` {{{{ jinja }}}}",
        "actions": [{"action": "quarantine", "priority": 1, "why": "<b>now</b>", "condition": "{{ x }}"}],
        "readings": [],
    }  # fmt: skip
    diagnosis = verify(parse_answer(json.dumps(answer)), packet, prepare(packet, story.ws.spec), "model").answer
    assert diagnosis.status == "unverified", "a link is a problem in itself"
    for text in [
        diagnosis.summary,
        diagnosis.causes[0].explanation,
        diagnosis.actions[0].why,
        diagnosis.actions[0].condition,
    ]:
        assert not MARKUP.search(CITATION.sub("", text)), text
    assert f"[{evidence}]" in diagnosis.summary


def test_prose_keeps_citations_and_bounds_length() -> None:
    assert prose("It rose [E3], then fell [E4, E5].") == "It rose [E3], then fell [E4, E5]."
    assert len(prose("word " * 1000)) <= 1500
