from __future__ import annotations

import math

import pytest

from airmedic_core.knowledge.rank import Bm25, Ngrams, fuse
from airmedic_core.knowledge.terms import stem, terms


def test_bm25_is_the_published_formula() -> None:
    """By hand: three texts of 2, 1 and 3 terms, mean 2; 'cat' is in two of them."""
    ranker = Bm25(["cat mouse", "cat", "bird worm seed"], k1=1.2, b=0.75)
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    first = idf * 1 * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 2 / 2))
    second = idf * 1 * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 1 / 2))
    assert ranker.scores("cat") == pytest.approx([first, second, 0.0])


def test_reciprocal_ranks_add_up() -> None:
    """By hand: ranks (1, 2) and (2, 1) tie at 1/61 + 1/62; a text that nobody ranks is not returned."""
    fused = fuse([[3.0, 2.0, 0.0], [1.0, 5.0, 0.0]], lambda place: True)
    assert fused == [(0, pytest.approx(1 / 61 + 1 / 62)), (1, pytest.approx(1 / 61 + 1 / 62))]


def test_ngrams_find_a_misspelt_word() -> None:
    scores = Ngrams(["humidity sensor", "temperature probe"]).scores("humidty")
    assert scores[0] > 0.3 > scores[1]


def test_a_text_is_most_like_itself() -> None:
    ranker = Ngrams(["stale rows arrive", "the schema changed"])
    assert ranker.scores("stale rows arrive")[0] == pytest.approx(1.0)


def test_no_text_and_no_question_give_nothing() -> None:
    assert Bm25([]).scores("cat") == []
    assert Bm25(["cat"]).covered("", 0) == 0.0
    assert Ngrams(["", "a"]).scores("") == [0.0, 0.0]


@pytest.mark.parametrize(("word", "root"), [("retrained", "retrain"), ("policies", "policy"), ("class", "class")])
def test_endings_are_removed(word: str, root: str) -> None:
    assert stem(word) == root


def test_synonyms_meet() -> None:
    assert set(terms("We rolled back the release")) == set(terms("rollback of the deployment")) - {"deployment"}
