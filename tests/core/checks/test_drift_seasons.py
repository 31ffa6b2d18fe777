"""Drift where weeks have quiet Sundays, on days without sampling noise: every day holds the same quantiles, moved."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from airmedic_core.assess import weigh
from airmedic_core.checks import run_group
from airmedic_core.checks.drift.move import strongest
from airmedic_core.checks.drift.options import Options
from airmedic_core.comparison import CheckContext, PastWindow
from airmedic_core.measures.column_statistics import Statistics
from airmedic_core.measures.compared_columns import Compared
from airmedic_core.measures.seasonal import Like
from airmedic_core.profile import Reference, build_profile, build_reference
from airmedic_core.records import Batch, Finding, Verdict
from airmedic_core.spec import parse_spec
from airmedic_core.verdicts.moderated import Moderated
from airmedic_core.verdicts.season import Turns, find_season
from airmedic_core.windows import Window

ROWS = 4_000
COLUMNS = tuple("abcdefghijkl")
SUNDAY = -0.8
"""Where columns lie on Sundays, in standard deviations; on other days at 0."""
WOBBLE = 0.03
START = pd.Timestamp("2025-01-06", tz="UTC")  # a Monday
SPEC = parse_spec(
    {
        "name": "sundays",
        "task": "regression",
        "target": "y",
        "data": {"path": "sundays.parquet", "time_column": "at"},
        "features": {"numeric": list(COLUMNS), "categorical": []},
        "window": {"every": "1d"},
    }
)


def rows(day: int, moved: dict[str, float], sunday: float) -> pd.DataFrame:
    values = ndtri((np.arange(ROWS) + 0.5) / ROWS)
    at = START + pd.Timedelta(days=day) + pd.to_timedelta(np.arange(ROWS) * 20, unit="s")
    wobble = WOBBLE * np.random.default_rng(1000 + day).standard_normal(len(COLUMNS))
    wobble += sunday if day % 7 == 6 else 0.0
    return pd.DataFrame(
        {"at": at} | {name: values + wobble[i] + moved.get(name, 0.0) for i, name in enumerate(COLUMNS)}
    )


@dataclass(frozen=True)
class Production:
    """A reference of so many days, and the days after it."""

    days: int
    sunday: float = SUNDAY

    def reference(self) -> Reference:
        days = [rows(day, {}, self.sunday) for day in range(self.days)]
        return build_reference(SPEC, pd.concat(days, ignore_index=True))

    def check(
        self, reference: Reference, day: int, moved: dict[str, float], history: Sequence[PastWindow] = ()
    ) -> tuple[dict[str, Finding], PastWindow]:
        """Check a day; the findings on each column's shift and on slow shifts."""
        start = (START + pd.Timedelta(days=day)).to_pydatetime()
        window = Window(start, SPEC.window.step.shift(start, 1))
        frame = rows(day, moved, self.sunday)
        batch = Batch(SPEC.name, window, window.end, ROWS)
        profile = build_profile(reference.edges, frame, window=window)
        context = CheckContext(SPEC, batch, frame, reference, profile, history=tuple(history))
        findings = run_group(context, "drift")
        by_name = {f"{finding.subject} {finding.statistic}": finding for finding in findings}
        return by_name, PastWindow(window, ROWS, None, weigh(batch, findings), profile, None, tuple(findings))


FOUR_WEEKS = Production(28)
WEDNESDAY, SUNDAY_AFTER = 30, 34


@pytest.fixture(scope="module")
def reference() -> Reference:
    return FOUR_WEEKS.reference()


def verdicts(findings: dict[str, Finding]) -> set[Verdict]:
    return {finding.verdict for finding in findings.values()}


@pytest.mark.parametrize("day", range(28, 35))
def test_days_like_those_before_are_quiet(reference: Reference, day: int) -> None:
    findings, _ = FOUR_WEEKS.check(reference, day, {})
    assert verdicts(findings) == {Verdict.OK}


def test_a_quiet_sunday_is_compared_with_sundays(reference: Reference) -> None:
    shift = FOUR_WEEKS.check(reference, SUNDAY_AFTER, {})[0]["a shift"]
    assert shift.details["compared_with"] == "4 earlier Sundays"
    # From the mean of the week; by ranks.
    assert shift.details["season"] == pytest.approx(SUNDAY * 6 / 7, abs=0.1)
    assert abs(shift.effect) < 0.1


@pytest.mark.parametrize("day", [WEDNESDAY, SUNDAY_AFTER])
@pytest.mark.parametrize("size", [-0.3, 0.3])
def test_a_move_is_found_on_any_day_of_the_week(reference: Reference, day: int, size: float) -> None:
    findings, _ = FOUR_WEEKS.check(reference, day, {"a": size})
    shift = findings.pop("a shift")
    assert shift.verdict is Verdict.ALERT
    assert shift.effect == pytest.approx(size, abs=0.12)
    assert f"than in 4 earlier {'Sundays' if day == SUNDAY_AFTER else 'Wednesdays'}" in shift.message
    assert verdicts(findings) == {Verdict.OK}


@pytest.mark.parametrize(("day", "size"), [(WEDNESDAY, SUNDAY), (SUNDAY_AFTER, -SUNDAY)])
def test_what_is_usual_on_another_day_is_not_on_this_one(reference: Reference, day: int, size: float) -> None:
    findings, _ = FOUR_WEEKS.check(reference, day, {"a": size, "b": size})
    assert [findings[f"{name} shift"].verdict for name in "abc"] == [Verdict.ALERT, Verdict.ALERT, Verdict.OK]


def test_less_than_two_weeks_are_compared_as_a_whole() -> None:
    short = Production(13)
    findings, _ = short.check(short.reference(), 20, {"a": 0.3})
    assert not any("compared_with" in finding.details for finding in findings.values())
    assert findings["a shift"].verdict is Verdict.OK


def test_days_that_are_all_alike_have_no_season() -> None:
    even = Production(28, sunday=0.0)
    reference = even.reference()
    findings, _ = even.check(reference, SUNDAY_AFTER, {"a": 0.3})
    assert not any("compared_with" in finding.details for finding in findings.values())
    assert findings["a shift"].verdict is Verdict.ALERT


def test_slow_drift_is_found_below_the_season(reference: Reference) -> None:
    history: list[PastWindow] = []
    called = []
    for day in range(28, 43):
        findings, past = FOUR_WEEKS.check(reference, day, {"a": 0.012 * (day - 27)}, history)
        slow = [
            key for key, finding in findings.items() if key.endswith("slow_shift") and finding.verdict is Verdict.ALERT
        ]
        assert slow in ([], ["a slow_shift"])
        called.append(bool(slow) or findings["a shift"].verdict is Verdict.ALERT)
        history.insert(0, past)
    # 0.012 a day: an alert before the column has moved by 0.2.
    assert 7 <= called.index(True) < 15
    assert called[-1]


@pytest.mark.parametrize(("in_season", "part"), [(True, "location"), (False, "spread")])
def test_in_a_season_a_spread_of_no_interest_hides_no_move(in_season: bool, part: str) -> None:
    # Off the middle of the ranks a move of 0.25 moves the spread by 0.08, and that is the more certain of the two.
    weeks = np.arange(28)
    history = np.where(weeks % 7 == 6, -1.0, 0.0)[:, None] + 0.05 * np.random.default_rng(1).standard_normal((28, 2))
    season = find_season(history, [np.arange(2)], [Turns((weeks % 7).astype(np.intp), (weeks // 7).astype(np.intp))])
    assert season is not None
    two = np.ones(2)
    statistics = Statistics(
        ("a", "a"), ("location", "spread"), two, lambda _: (two, two), 0.05, numeric=True, variance=two, own_share=two
    )
    result = Moderated(
        z=np.array([5.0, 6.5]), p_value=np.array([1e-4, 1e-7]), difference=np.array([0.25, 0.08]),
        centre=np.zeros(2), spread=np.array([0.05, 0.012]), excess=two, widest=0.1 * two, centre_error=0.01 * two,
    )  # fmt: skip
    like = Like("Sundays", season.level(6), season) if in_season else None
    move = strongest(Compared(statistics, result, two, two, 0.0 * two, like), "a", 28, Options())
    assert move.part == part
    # It still pays for the choice between two.
    assert move.p_value == pytest.approx(2 * (1e-4 if in_season else 1e-7))
