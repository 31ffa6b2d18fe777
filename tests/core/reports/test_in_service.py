"""Whether a deployment helped is told by the windows before and after it, and the test before it is named as such."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from airmedic_core.records import (
    Cause,
    GateResult,
    Incident,
    IncidentState,
    Permission,
    Promotion,
    Proposal,
    Severity,
)
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.in_service import in_service_words
from airmedic_core.reports.narrative.remedy import measured_words
from airmedic_core.reports.points import MetricPoint
from airmedic_core.spec import parse_spec
from airmedic_core.windows import Window

SPEC = parse_spec(
    {
        "name": "stays",
        "task": "binary",
        "target": "y",
        "window": {"every": "month"},
        "data": {"source": "file", "path": "rows.csv", "time_column": "at"},
    }
)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def month(number: int) -> Window:
    return Window(datetime(2026, number, 1, tzinfo=UTC), datetime(2026, number + 1, 1, tzinfo=UTC))


def point(number: int, version: str, value: float | None) -> MetricPoint:
    known = value is not None
    low, high = (value - 0.05, value + 0.05) if known else (None, None)
    return MetricPoint(month(number), value=value, low=low, high=high, version=version, higher_is_better=True)


@pytest.fixture
def deployed() -> Dossier:
    """An incident of April, whose remedy put version 2 in the place of version 1."""
    incident = Incident(
        "i", "stays", IncidentState.RESOLVED, Severity.HIGH, Cause.CONCEPT_DRIFT, "It fell.", "f", month(4), NOW, (),
        NOW,
        resolution={"outcome": "healed", "before": 0.585, "after": 0.68},
    )  # fmt: skip
    asked = Proposal("i", "stays", "deploy", {}, "", Permission.ASK, "", NOW, NOW)
    return Dossier(
        SPEC,
        incident,
        proposals=(asked,),
        promotions=(Promotion("stays", "1", "2", "deploy", NOW, "anna", asked.hash),),
        gates=(GateResult("passed", "roc_auc", (), "1", "2", 0.585, 0.68, rows=1068),),
        windows=(point(3, "1", 0.84), point(4, "1", 0.75), point(5, "1", 0.74)),
    )


def test_until_a_window_after_the_deployment_is_measured_nothing_is_known(deployed: Dossier) -> None:
    awaited = (
        "Not known yet: the first window of version 2 alone is that of Jun 2026; its labels are expected from "
        "1 Jul 2026 on."
    )
    assert in_service_words(deployed) == [awaited]
    # The window has come, and its labels have not.
    unlabelled = replace(deployed, windows=(*deployed.windows, point(6, "2", None)))
    assert in_service_words(unlabelled) == [awaited]


def test_where_labels_come_late_no_day_is_promised_for_them(deployed: Dossier) -> None:
    late = replace(deployed, spec=deployed.spec.model_copy(update={"label_time_column": "known_at"}))
    assert in_service_words(late) == [
        "Not known yet: the first window of version 2 alone is that of Jun 2026; its labels come later than its rows."
    ]


def test_a_version_that_was_taken_back_is_not_awaited(deployed: Dossier) -> None:
    (switch,) = deployed.promotions
    undone = Promotion("stays", "2", "1", "rollback", NOW, "airmedic", switch.proposal_hash)
    assert in_service_words(replace(deployed, promotions=(switch, undone))) == []
    # Somebody has returned to version 1 by a request of their own.
    returned = Promotion("stays", "2", "1", "rollback", NOW, "anna", "another")
    assert in_service_words(replace(deployed, promotions=(switch, returned))) == []
    # What was measured before it left is told.
    measured = replace(deployed, promotions=(switch, undone), windows=(*deployed.windows, point(6, "2", 0.8)))
    assert "0.800 (0.750 to 0.850) in Jun 2026 with version 2" in in_service_words(measured)[0]


def test_what_takes_a_rollback_back_is_no_remedy(deployed: Dossier) -> None:
    asked = replace(deployed.proposals[0], action="rollback")
    promotions = (
        Promotion("stays", "2", "1", "rollback", NOW, "anna", asked.hash),
        Promotion("stays", "1", "2", "deploy", NOW, "airmedic", asked.hash),
    )
    assert in_service_words(replace(deployed, proposals=(asked,), promotions=promotions)) == []


def test_the_windows_before_and_after_tell_whether_it_helped_and_the_test_is_named_with_its_rows(
    deployed: Dossier,
) -> None:
    windows = (*deployed.windows, point(6, "2", 0.8), point(7, "2", 0.81))
    assert measured_words(replace(deployed, windows=windows)) == [
        (
            "AUC on all labelled rows: 0.740 (0.690 to 0.790) in May 2026 with version 1; "
            "0.800 (0.750 to 0.850) in Jun 2026, 0.810 (0.760 to 0.860) in Jul 2026 with version 2."
        ),
        "Tested before deployment, on 1,068 rows new to both versions: AUC 0.585 → 0.680.",
    ]


def test_the_windows_since_are_judged_by_the_level_of_the_version_that_answered_them(deployed: Dossier) -> None:
    june, july = replace(point(6, "2", 0.8), limit=0.65), replace(point(7, "2", 0.6), limit=0.65, outcome="incident")
    *_, level, own, _ = measured_words(replace(deployed, windows=(*deployed.windows, june, july)))
    assert level == "Accepted of version 2 is at least 0.650: 1 of 2 windows since reached that."
    assert own == "Jul 2026 had an incident of its own."


def test_a_gain_whose_interval_begins_at_nothing_is_only_probable(deployed: Dossier) -> None:
    # Twenty blocks of 0.3 and -0.2 by turns: their mean of 0.05, in 0.5 lost a row, is not far from nothing.
    shown = {"window": month(5).key, "rows": 100, "lost": 50.0, "gains": [0.3, -0.2] * 10}
    told, *_ = in_service_words(replace(deployed, compared=(shown,)))
    assert "the error of version 2 was probably 10 % smaller than that of version 1" in told


def test_what_two_versions_answered_on_the_same_new_rows_is_told_in_shares_of_the_error(deployed: Dossier) -> None:
    # Twenty blocks that differ by nothing: the old version lost 50 in 100 rows, and the new one 0.05 less in each row.
    shown = {"window": month(5).key, "rows": 100, "lost": 50.0, "gains": [0.05] * 20}
    told, *_ = in_service_words(replace(deployed, compared=(shown,)))
    assert told == (
        "On the same 100 new rows of May 2026, the error of version 2 was 10 % smaller than that of version 1 "
        "(95 % certain: 10 % to 10 %)."
    )
    # Of less than eight blocks no interval is known: nothing is claimed.
    few = replace(deployed, compared=({**shown, "gains": [0.05] * 7},))
    assert in_service_words(few) == in_service_words(deployed)


def test_values_of_the_same_rows_of_service_are_no_test(deployed: Dossier) -> None:
    """A rollback measures both versions on the incident's newest window."""
    rolled_back = replace(deployed, promotions=(), gates=())
    assert measured_words(rolled_back) == ["AUC on the same rows: 0.585 before, 0.680 after."]


def test_what_waits_for_an_approval_has_only_been_tested(deployed: Dossier) -> None:
    waits = replace(deployed, promotions=(), incident=replace(deployed.incident, resolution={}))
    assert measured_words(waits) == [
        "Not known yet.",
        "Tested before deployment, on 1,068 rows new to both versions: AUC 0.585 → 0.680.",
    ]
