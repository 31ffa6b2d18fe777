"""Retrieval on a written question set: the questions marked "measured" were never used to choose a constant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from airmedic_core.knowledge import Library, open_library
from airmedic_core.knowledge.ingest import parse
from airmedic_core.knowledge.retrieve import Index
from airmedic_core.records import Cause

CONTENT = Path(__file__).parents[3] / "include"
QUESTIONS: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "questions.yaml").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def library() -> Library:
    return open_library(CONTENT)


def hit_rate(library: Library, first: int) -> float:
    asked = [question for question in QUESTIONS["measured"] if question["answer"]]
    hits = 0
    for question in asked:
        first_hits = library.search(question["ask"], kind="runbook").hits[:first]
        hits += any(hit.section.address in question["answer"] for hit in first_hits)
    return hits / len(asked)


def test_the_question_set_is_large_and_its_answers_exist(library: Library) -> None:
    measured = QUESTIONS["measured"]
    addresses = {section.address for section in library.sections}
    assert len(measured) >= 60
    assert sum(not question["answer"] for question in measured) >= 12
    assert all(address in addresses for question in measured for address in question["answer"])
    titles = {section.title.lower() for section in library.sections}
    assert not any(question["ask"].lower().rstrip("?") in titles for question in measured), "no question is a heading"


def test_the_first_hit_is_right_in_85_of_100(library: Library) -> None:
    assert hit_rate(library, 1) >= 0.85


def test_one_of_five_hits_is_right_in_97_of_100(library: Library) -> None:
    assert hit_rate(library, 5) >= 0.97


def test_questions_without_an_answer_are_recognised(library: Library) -> None:
    unanswerable = [question for question in QUESTIONS["measured"] if not question["answer"]]
    recognised = sum(not library.search(question["ask"], kind="runbook").answered for question in unanswerable)
    assert recognised >= 0.75 * len(unanswerable)


def test_few_questions_with_an_answer_are_turned_away(library: Library) -> None:
    asked = [question for question in QUESTIONS["measured"] if question["answer"]]
    turned_away = sum(not library.search(question["ask"], kind="runbook").answered for question in asked)
    assert turned_away <= 0.1 * len(asked)


def test_fusing_both_rankers_is_no_worse_than_either_alone(library: Library) -> None:
    asked = [question for question in QUESTIONS["measured"] if question["answer"]]
    index = library.index

    def alone(scores: Any) -> int:
        right = 0
        for question in asked:
            ranked = scores.scores(question["ask"])
            runbooks = [place for place, section in enumerate(index.sections) if section.kind == "runbook"]
            best = max(runbooks, key=lambda place: ranked[place])
            right += index.sections[best].address in question["answer"]
        return right

    assert hit_rate(library, 1) * len(asked) >= max(alone(index._bm25), alone(index._ngrams)) - 1


def test_each_written_incident_leads_to_the_runbook_of_its_cause_when_it_is_new(library: Library) -> None:
    """Leave one out: an incident's account, without the incident itself, finds the runbook for its cause."""
    seen = [section for section in library.sections if section.kind == "incident" and section.title == "What was seen"]
    assert len(seen) == 15
    right = 0
    for section in seen:
        others = Library(tuple(other for other in library.sections if other.source != section.source))
        hits = others.search(f"{section.document}. {section.text}", kind="runbook")
        wanted = Cause(section.causes[0]).traits.runbook
        right += any(hit.section.address == wanted for hit in hits.hits)
    assert right >= 12


def test_every_cause_has_a_runbook_section_that_exists(library: Library) -> None:
    for cause in Cause:
        assert library.section(cause.traits.runbook) is not None, cause


def test_filters_keep_what_they_name(library: Library) -> None:
    answer = library.search("what was done about it", kind="incident", cause="unit_change")
    assert {hit.section.causes for hit in answer.hits} == {("unit_change",)}
    one_model = library.search("retrained after a change", kind="incident", model="bike_demand")
    assert {hit.section.models for hit in one_model.hits} == {("bike_demand",)}


def test_a_file_that_a_team_adds_is_found_at_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "runbooks").mkdir()
    note = tmp_path / "runbooks" / "partners.md"
    note.write_text("# Partners\n\n## Feed of the airline\n\nCall the airline's desk when seat maps are empty.\n")
    hits = open_library(tmp_path).search("the seat maps of the airline are empty").best
    assert hits is not None
    assert hits.address == "partners.md#feed-of-the-airline"


def test_an_embedder_is_a_third_ranker_and_a_reranker_has_the_last_look() -> None:
    sections = parse("# All\n\n## Apples\n\nred fruit\n\n## Pears\n\nred green fruit\n", "a.md", "runbook")

    class Last:
        def similarities(self, question: str, texts: Any) -> list[float]:
            return [0.1] * (len(texts) - 1) + [1.0]

        rerank = similarities

    plain = Index(sections).search("apples red fruit")
    assert plain.hits[0].section.title == "Apples"
    assert Index(sections, reranker=Last()).search("apples red fruit").hits[0].section.title == "Pears"
    assert len(Index(sections, embedder=Last()).search("apples red fruit").hits) == 2
