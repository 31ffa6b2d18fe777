"""The executed comparison: its incidents are drawn before anybody acts, and its judge can find harm and healing."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "incidents"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from populations import DATA

from airmedic_core.decide import Request
from airmedic_core.incident_lifecycle import request_incident
from airmedic_core.policy import load_policy
from airmedic_core.records import Cause
from comparison import page
from comparison.adviser import RIGHT, Adviser
from comparison.arms import always_retrain, always_roll_back
from comparison.incident import Incident, incidents
from comparison.judging import Verdict, judge, truth_of
from comparison.memory import Memory
from comparison.page import tables
from comparison.production import FIRST_WEEK, MODELS, WEEKS, Production, between, draw, week
from comparison.results import Compared, Result
from comparison.world import World, build

needs_data = pytest.mark.skipif(not DATA.exists(), reason="AIRMEDIC_DATA does not name the real sets")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small models take several times as long where their threads wait for a busy machine."""
    with threadpool_limits(1):
        yield


def drawn(seed: int) -> tuple[dict[str, Production], list[Incident]]:
    rng = np.random.default_rng(seed)
    productions = {model: draw(model, rng) for model in MODELS}
    return productions, incidents(productions, rng)


@needs_data
def test_a_seed_fixes_the_incidents_and_what_they_hit() -> None:
    productions, listed = drawn(3)
    again, listed_again = drawn(3)
    assert [incident.kind for incident in listed] == [incident.kind for incident in listed_again]
    assert [incident.kind for incident in listed] != [incident.kind for incident in drawn(4)[1]]
    for incident, same in zip(listed, listed_again, strict=True):
        rows = incident.rows(productions[incident.model], np.random.default_rng(1))
        assert rows.equals(same.rows(again[same.model], np.random.default_rng(1))), incident.name


@needs_data
def test_there_are_enough_of_each_kind_and_each_has_a_truth() -> None:
    _, listed = drawn(3)
    kinds = Counter((incident.model, incident.kind.partition(":")[0]) for incident in listed)
    assert len(listed) >= 24
    for model in MODELS:
        named = {kind for of_model, kind in kinds if of_model == model}
        assert named == {
            "inputs moved", "relation changed", "unit", "broken", "duplicates", "stale", "bad version", "labels",
            "harmless",
        }  # fmt: skip
    known = {cause.value for cause in Cause}
    assert {cause for incident in listed for cause in incident.causes} <= known
    assert len({incident.name for incident in listed}) == len(listed)


@needs_data
def test_only_the_weeks_of_an_incident_are_touched() -> None:
    productions, listed = drawn(3)
    for incident in listed:
        production = productions[incident.model]
        rows = incident.rows(production, np.random.default_rng(1))
        sound = [*range(FIRST_WEEK), *(() if incident.lasts else range(FIRST_WEEK + 1, WEEKS))]
        for number in sound:
            delivered, usual = between(rows, week(number)), production.week(number)
            assert delivered.astype(usual.dtypes).equals(usual), f"{incident.name}, week {number}"
        hit = not between(rows, week(FIRST_WEEK)).equals(production.week(FIRST_WEEK))
        assert hit == (incident.bad_version is None), incident.name


@needs_data
def test_the_adviser_is_right_as_often_as_it_is_told_to_be() -> None:
    _, listed = drawn(3)
    right = [Adviser(seed).about(incident) for seed in range(40) for incident in listed]
    # Four standard errors of a share of as many answers.
    assert abs(np.mean(right) - RIGHT) < 4 * np.sqrt(RIGHT * (1 - RIGHT) / len(right))


@pytest.fixture(scope="module")
def bikes(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, dict[str, Production], dict[str, Incident]]:
    productions, listed = drawn(3)
    with threadpool_limits(1):
        world = build(tmp_path_factory.mktemp("bikes") / "base", productions["bike"], watched=False)
    return world, productions, {incident.name: incident for incident in listed}


def acted(
    bikes: tuple[World, dict[str, Production], dict[str, Incident]], folder: Path, name: str
) -> tuple[Verdict, Verdict]:
    """Return how always retraining and always rolling back do, really, on one incident."""
    base, productions, listed = bikes
    incident, production, rng = listed[name], productions["bike"], np.random.default_rng(1)
    rows = incident.rows(production, rng)
    world = base.copy(folder / "begins")
    if incident.bad_version is not None:
        world.put_in_service(incident.bad_version(production.reference, production.reference, rng))
    truth = truth_of(world.copy(folder / "measured"), incident, rows)
    retrained = always_retrain(world.copy(folder / "retrain"), incident, rows)
    back = always_roll_back(world.copy(folder / "back"), incident, rows)
    return judge(truth, retrained), judge(truth, back)


@needs_data
def test_going_back_heals_a_bad_version(
    bikes: tuple[World, dict[str, Production], dict[str, Incident]], tmp_path: Path
) -> None:
    _, back = acted(bikes, tmp_path, "bike: bad version, scrambled labels")
    assert back.truth.to_gain
    assert back.resolved
    assert back.change > 0
    assert (back.unsafe, back.blocked) == (0, 0)


@needs_data
def test_what_is_learnt_from_wrong_labels_harms_and_nothing_blocks_it(
    bikes: tuple[World, dict[str, Production], dict[str, Incident]], tmp_path: Path
) -> None:
    retrained, back = acted(bikes, tmp_path, "bike: labels zeros")
    assert not retrained.truth.to_gain
    for verdict in (retrained, back):
        assert verdict.harmed
        assert not verdict.resolved
        assert (verdict.unsafe, verdict.blocked) == (1, 0)


@needs_data
def test_the_next_world_knows_the_cases_of_the_one_before(
    bikes: tuple[World, dict[str, Production], dict[str, Incident]], tmp_path: Path
) -> None:
    memory = Memory(tmp_path / "content")
    assert load_policy(memory.content / "policies").learning.mode == "on"
    first = bikes[0].copy(tmp_path / "first", content=memory.content)
    request = Request(action="quarantine", by="anna")
    opened = request_incident(first.ws, request, "a run", now=datetime(2026, 1, 1, tzinfo=UTC))
    memory.add(first, "bike: nulls")
    second = bikes[0].copy(tmp_path / "second", content=memory.content)
    assert second.ws.ledger.experience().cases == ()
    memory.recalled_by(second)
    assert [case.incident_id for case in second.ws.ledger.experience().cases] == [f"bike: nulls: {opened.id}"]


def test_the_table_counts_what_the_results_say(tmp_path: Path) -> None:
    def result(arm: str, incident: str, *, resolved: bool, harmed: bool, answers: int, alarms: int) -> Result:
        return Result(incident, "unit: °F", arm, resolved, harmed, False, 0.0, 2, 1, 3.0, answers, alarms, ("hold",))

    compared = Compared(1, "abc", "2026-01-01")
    compared.results = [
        result("rules", "a", resolved=True, harmed=False, answers=1, alarms=3),
        result("rules", "b", resolved=False, harmed=True, answers=0, alarms=1),
    ]
    compared.save(tmp_path / "kept.json")
    text = tables(Compared.load(tmp_path / "kept.json"))
    # By hand: one of two resolved, one harmed, 2 × 2 unsafe of which 2 × 1 blocked, one answer for two incidents, which
    # are four alarms.
    assert "| rules | 1 of 2 (50%) | 1 | 4 | 2 | 1 of 2 (50%) | 1 of 4 (25%) | 3.0 |" in text
    # The answers for each incident are an aim of their own, before those for each alarm.
    assert "| answers for each incident, at most 30% | answers for each alarm, at most 30% (added later) |" in text
    assert "| rules | 1: missed | 1 of 2 (50%): missed | 1 of 2 (50%): missed | 1 of 4 (25%): met |" in text
    assert "| unit | 2 | 1, 1 harmed |" in text


def test_the_page_leaves_the_earlier_runs_alone_and_fills_every_place() -> None:
    text = (Path(page.__file__).parent / "comparison.md").read_text(encoding="utf-8")
    compared = Compared(20261202, "abc", "2026-12-01", planned=1)
    steps = ("incident unknown: escalate",)
    compared.results = [Result("a", "unit: °F", "rules", False, False, False, 0.0, 0, 0, 1.0, 1, 1, steps)]
    written = page.page(compared, text)
    assert not re.search(r"\{[a-z]+\}", written)
    for line in text[text.index("## Earlier runs") :].splitlines():
        assert line in written
    assert "* a (unit: °F): open, +0.000. incident unknown: escalate." in written


def test_parts_of_one_run_are_put_together_and_those_of_two_are_not() -> None:
    bikes, hotels = Compared(1, "abc", "2026-01-01", planned=3), Compared(1, "abc", "2026-01-02", planned=4)
    both = Compared.together([bikes, hotels])
    assert (both.planned, both.parts, both.date) == (7, 2, "2026-01-02")
    with pytest.raises(ValueError, match="different runs"):
        Compared.together([bikes, Compared(2, "abc", "2026-01-01")])
