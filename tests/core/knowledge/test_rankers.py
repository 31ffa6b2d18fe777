"""An embedder and a reranker of one's own are found by their names in the settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from airmedic_core.diagnose.case import Case
from airmedic_core.errors import SpecError
from airmedic_core.knowledge import open_library
from airmedic_core.knowledge.rankers import embedder_of, reranker_of
from airmedic_core.records import Cause
from airmedic_core.settings import Settings
from tests.core.diagnose.stories import Story, a_workspace
from tests.core.knowledge.latent_meanings import LatentMeanings

NAME = "tests.core.knowledge.latent_meanings:make"


def test_the_environment_names_the_embedder_that_investigations_use(tmp_path: Path) -> None:
    ws = a_workspace(tmp_path)
    named = Settings.from_env({"AIRMEDIC_EMBEDDER": NAME, "AIRMEDIC_HOME": str(tmp_path)})
    ws = replace(ws, settings=replace(ws.settings, embedder=named.embedder))
    story = Story(ws)
    case = Case(ws, story.open(story.pass_days(), Cause.DATA_CORRUPTION))
    assert isinstance(case.library.embedder, LatentMeanings)
    assert case.library.reranker is None
    (best, *_) = case.library.search("the sensor sends nothing but empty values", kind="runbook").hits
    assert best.section.source == "data_quality.md"


def test_an_embedder_changes_the_order(tmp_path: Path) -> None:
    content = a_workspace(tmp_path).settings.content
    question = "who has to be called at night"
    plain = [hit.score for hit in open_library(content).search(question).hits]
    ranked = [hit.score for hit in open_library(content, embedder=LatentMeanings()).search(question).hits]
    assert max(ranked) > max(plain), "three rankers add up to more than two"


def test_nothing_is_named_by_default(tmp_path: Path) -> None:
    settings = a_workspace(tmp_path).settings
    assert (embedder_of(settings), reranker_of(settings)) == (None, None)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("no.such.module:make", "ModuleNotFoundError"),
        ("tests.core.knowledge.latent_meanings:nobody", "AttributeError"),
        ("tests.core.knowledge.latent_meanings", "package.module:function"),
        ("tests.core.knowledge.latent_meanings:make_nothing", "no method rerank"),
    ],
)
def test_what_makes_no_ranker_is_named(tmp_path: Path, name: str, match: str) -> None:
    settings = replace(a_workspace(tmp_path).settings, reranker=name)
    with pytest.raises(SpecError, match=match):
        reranker_of(settings)
