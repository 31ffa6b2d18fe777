"""Several windows at once while labels lag: each is judged with the labels it has, and again when they come."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from airmedic_core.incident_lifecycle import open_incident
from airmedic_core.records import Cause, Finding
from airmedic_core.workspace import Workspace
from tests.core.monitor.conftest import batch_of, change_days, opened, watch
from tests.core.renewals import NOW, day

BACKLOG = range(45, 50)
"""Five days that nobody has looked at. The relation between inputs and outcome changes on the second of them."""
CHANGED_ON = 46
SEEN, SEEN_AGAIN = day(50), day(52)
"""Labels are known after two days: on day 50 those of the days up to 47, and two days later those of all."""


def related_otherwise(rows: pd.DataFrame) -> pd.DataFrame:
    """Let customers leave for another reason."""
    return rows.assign(churned=(rows["usage"].abs() > 0.7).astype(int))


@pytest.fixture(scope="module")
def changed(adopted_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("backlog") / "production"
    shutil.copytree(adopted_home, home, symlinks=True)
    change_days(opened(home), CHANGED_ON, 59, related_otherwise)
    return home


@pytest.fixture(scope="module")
def judged_once(changed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[str, Cause, list[Finding]]]:
    """What each day is found to be where all labels are known when it is looked at for the first time."""
    return judged(copied(changed, tmp_path_factory.mktemp("once")), BACKLOG, SEEN_AGAIN)


def copied(changed: Path, folder: Path) -> Workspace:
    shutil.copytree(changed, folder / "production", symlinks=True)
    return opened(folder / "production")


def judged(ws: Workspace, days: Iterable[int], as_of: datetime) -> dict[int, tuple[str, Cause, list[Finding]]]:
    verdicts = {}
    for number in days:
        assessment = watch(ws, number, as_of)
        verdicts[number] = assessment.outcome, assessment.cause, ws.ledger.findings(assessment.batch_id)
    return verdicts


def metric(verdict: tuple[str, Cause, list[Finding]]) -> float | None:
    return next(finding.value for finding in verdict[2] if finding.key == "performance:batch:roc_auc")


def test_each_is_judged_with_the_labels_it_has_and_again_when_they_come(
    changed: Path, tmp_path: Path, judged_once: dict[int, tuple[str, Cause, list[Finding]]]
) -> None:
    ws = copied(changed, tmp_path)
    first = judged(ws, BACKLOG, SEEN)
    assert first[45][0] == "healthy"
    assert {cause for _, cause, _ in list(first.values())[1:]} == {Cause.CONCEPT_DRIFT}
    # The last two have no labels yet: the newest day that has some is looked at in their place.
    assert metric(first[48]) == metric(first[49]) == metric(first[47])
    again = judged(ws, BACKLOG, SEEN_AGAIN)
    assert len({metric(again[number]) for number in (47, 48, 49)}) == 3
    assert again == judged_once
    seen = [known.batch for known in ws.ledger.batches("renewals", limit=100)]
    assert [(batch.window.start, batch.as_of) for batch in seen] == [(day(n), SEEN_AGAIN) for n in reversed(BACKLOG)]


def test_whatever_the_order_was_judged_again_oldest_first_they_are_as_judged_once(
    changed: Path, tmp_path: Path, judged_once: dict[int, tuple[str, Cause, list[Finding]]]
) -> None:
    ws = copied(changed, tmp_path)
    home = Path(ws.spec.data.path).parent
    # Three threads, newest first: what a day is compared with is not on record yet, or is written at this moment.
    with ThreadPoolExecutor(3) as pool:
        alone = pool.map(lambda number: judged(opened(home), [number], SEEN_AGAIN), reversed(BACKLOG))
        verdicts = {number: known for judgement in alone for number, known in judgement.items()}
    # Where the day before is not known yet, a loss that the next look confirms may only be watched.
    assert {number: known[1] for number, known in verdicts.items()} == {
        number: cause for number, (_, cause, _) in judged_once.items()
    }
    assert {known[0] for number, known in verdicts.items() if number >= CHANGED_ON} <= {"watch", "incident"}
    assert judged(ws, BACKLOG, SEEN_AGAIN) == judged_once
    assert not ws.ledger.audit_problems()[0]


def test_they_are_one_incident_which_takes_them_up_again(changed: Path, tmp_path: Path) -> None:
    ws = copied(changed, tmp_path)
    for as_of in (SEEN, SEEN_AGAIN):
        judged(ws, BACKLOG, as_of)
        incidents = {open_incident(ws, batch_of(ws, number, as_of), now=NOW).id for number in BACKLOG[1:]}
        assert len(incidents) == 1
        (incident,) = ws.ledger.incidents("renewals")
        assert {incident.id} == incidents
        assert sorted(incident.batch_ids) == [batch_of(ws, number, as_of).id for number in BACKLOG[1:]]
        assert incident.as_of == as_of
