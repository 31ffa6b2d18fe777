from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airmedic_core.records import Promotion
from airmedic_core.registry.departures import How, departures

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def promoted(*switches: tuple[Any, ...]) -> list[Promotion]:
    """Promotions from (before, after, kind, hash), given oldest first, as the ledger returns them."""
    made = [
        Promotion("churn", before, after, kind, NOW + timedelta(hours=number), "ada", hash_)
        for number, (before, after, kind, hash_) in enumerate(switches)
    ]
    return made[::-1]


ADOPTED = (None, "1", "adopt", None)


@pytest.mark.parametrize(
    ("switches", "version", "how"),
    [
        ([("1", "2", "deploy", "d")], "1", How.REPLACED),
        ([("1", "2", "manual", None)], "1", How.REPLACED),
        ([("1", "2", "deploy", "d"), ("2", "1", "rollback", "r")], "2", How.ROLLED_BACK),
        ([("1", "2", "deploy", "d"), ("2", "1", "rollback", "d")], "2", How.FAILED_ITS_WATCH),
        (
            [("1", "2", "deploy", "d"), ("2", "1", "rollback", "r"), ("1", "2", "deploy", "r")],
            "1",
            How.DID_NOT_VERIFY,
        ),
    ],
)
def test_a_version_is_known_by_how_it_left(switches: list[tuple[Any, ...]], version: str, how: How) -> None:
    left = departures(promoted(ADOPTED, *switches))
    assert set(left) == {version}
    assert left[version].how is how
    assert left[version].bad is (how is not How.REPLACED)


def test_a_version_that_serves_again_has_not_left_and_later_leaves_anew() -> None:
    switches = [ADOPTED, ("1", "2", "deploy", "d"), ("2", "1", "rollback", "r"), ("1", "2", "deploy", "e")]
    assert set(departures(promoted(*switches))) == {"1"}
    left = departures(promoted(*switches, ("2", "3", "deploy", "f")))
    assert (left["2"].how, left["1"].how) == (How.REPLACED, How.REPLACED)
    assert str(left["2"]) == "version 2 was replaced on 2026-06-01 16:00 UTC, by version 3"


def test_a_rollback_in_spite_of_a_measurement_says_nothing_against_what_served() -> None:
    switches = promoted(ADOPTED, ("1", "2", "deploy", "d"), ("2", "1", "rollback", "r"))
    assert departures(switches)["2"].how is How.ROLLED_BACK
    assert departures(switches, in_spite_of={"r"})["2"].how is How.REPLACED
    failed = promoted(ADOPTED, ("1", "2", "deploy", "d"), ("2", "1", "rollback", "d"))
    assert departures(failed, in_spite_of={"d"})["2"].how is How.FAILED_ITS_WATCH
