"""What checks write down of the way back, and what comes of it, on the small example that the checks document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks import CHECKS, options_for
from airmedic_core.errors import RepairError
from airmedic_core.records import Finding, Role, Verdict
from airmedic_core.repair import (
    MISSING,
    Convert,
    DropRepeats,
    ExchangeColumns,
    MakeNull,
    RenameColumn,
    RenameValues,
    Step,
    TurnClock,
    apply_counted,
    apply_steps,
    expected_after,
    repairable,
    rows_digest,
    step_from_json,
    step_to_json,
    steps_of,
    unrepairable,
)
from airmedic_core.simulate.example import example_context
from airmedic_core.spec import parse_spec

Fault = Callable[[pd.DataFrame], pd.DataFrame]
COLUMNS = ["at", "amount", "income", "channel", "default"]


def findings_on(fault: Fault) -> tuple[list[Finding], pd.DataFrame]:
    context = example_context(fault)
    findings = [
        finding
        for name in ("units", "schema", "corruption")
        for finding in CHECKS.member(name).run(context, options_for(context.spec, name))
    ]
    return findings, context.frame


SOUND = example_context().frame

EXACT: dict[str, Fault] = {
    "cents": lambda day: day.assign(amount=day["amount"] * 100),
    "a third in cents": lambda day: day.assign(amount=day["amount"].where(day.index % 3 > 0, day["amount"] * 100)),
    "a column renamed": lambda day: day.rename(columns={"amount": "loan_amount"}),
    "columns exchanged": lambda day: day.rename(columns={"amount": "income", "income": "amount"}),
    "a category renamed": lambda day: day.replace({"channel": {"web": "WEB_v2"}}),
    "delivered three times": lambda day: pd.concat([day] * 3).sort_values("at"),
}


@pytest.mark.parametrize("name", EXACT)
def test_what_a_check_finds_and_can_undo_comes_back_as_it_was(name: str) -> None:
    findings, damaged = findings_on(EXACT[name])
    before = damaged.copy()
    repaired = apply_steps(damaged, steps_of(findings))
    pd.testing.assert_frame_equal(damaged, before)
    left, right = (rows[COLUMNS].sort_values(COLUMNS[:3]).reset_index(drop=True) for rows in (repaired, SOUND))
    pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=1e-11)


def test_nothing_is_proposed_for_a_sound_window() -> None:
    findings, _ = findings_on(lambda day: day)
    assert steps_of(findings) == []
    assert unrepairable(findings) == []


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (lambda day: day.assign(amount=(day["amount"] / 1000).round()), "it was rounded, and stays so"),
        (lambda day: day.assign(amount=(day["amount"] * 100).clip(upper=1.2e6)), "values beyond it were cut off"),
        (lambda day: day.assign(amount=day["amount"] * 37.0), "explains amount better than any known one"),
        # Of 200 rows, the shares of the channels lie within each other's errors.
        (
            lambda day: day.replace({"channel": {"branch": "web", "web": "phone", "phone": "shop"}}),
            "do not prove which of them is which",
        ),
    ],
)
def test_what_has_lost_something_is_said_not_to_come_back(fault: Fault, why: str) -> None:
    findings, _ = findings_on(fault)
    assert not [step for step in steps_of(findings) if isinstance(step, Convert | RenameValues)]
    assert any(why in reason for reason in unrepairable(findings)), unrepairable(findings)


def test_categories_that_were_merged_are_not_told_apart_again() -> None:
    findings, _ = findings_on(lambda day: day.replace({"channel": {"web": "branch"}}))
    assert steps_of(findings) == []


def test_stand_ins_become_null_and_other_values_stay() -> None:
    findings, damaged = findings_on(lambda day: day.assign(amount=day["amount"].where(day.index % 5 > 0, -999)))
    repaired = apply_steps(damaged, steps_of(findings))
    stands_in = damaged["amount"] == -999
    assert repaired["amount"].isna().equals(stands_in)
    assert repaired["amount"][~stands_in].equals(SOUND["amount"][~stands_in].astype(float))


STEPS: list[Step] = [
    RenameColumn("b", "a"),
    ExchangeColumns("a", "b"),
    RenameValues("c", (("Y", "yes"), ("", "no"))),
    MakeNull("d", (-999.0, "unknown")),
    Convert("a", 1.8, 32.0, "°C in °F", "above", 30.0),
    Convert("a", 0.01, where="group", group=("country", "UK")),
    TurnClock("hour", 9),
    DropRepeats(2, ("score",)),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.kind)
def test_a_step_is_read_as_it_was_written(step: Step) -> None:
    assert step_from_json(step_to_json(step)) == step
    assert step.words().endswith(".")


@pytest.mark.parametrize(
    ("plain", "says"),
    [
        ({"kind": "delete"}, "There is no step 'delete'"),
        ({"kind": "convert", "column": "a", "factor": "twice"}, "cannot be read"),
        ({}, "There is no step 'None'"),
    ],
)
def test_what_is_no_step_is_refused(plain: dict[str, object], says: str) -> None:
    with pytest.raises(RepairError, match=says):
        step_from_json(plain)


SPEC = parse_spec(
    {
        "name": "orders",
        "task": "binary",
        "target": "returned",
        "label_time_column": "known_at",
        "data": {"path": "orders.csv", "time_column": "at"},
        "features": {"numeric": ["a"]},
    }
)
ROWS = pd.DataFrame({"a": [212.0, 32.0, 15.0], "b": ["x", "1", "2"], "hour": [1, 9, 23]})


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (Convert("gone", 2.0), "no column 'gone'"),
        (Convert("a", 0.0), "A factor of 0"),
        (Convert("b", 2.0), "1 values of 'b' are no numbers"),
        (TurnClock("b", 2), "1 values of 'b' are no numbers"),
        (RenameColumn("a", "b"), "There is a column 'b' already"),
        (RenameValues("b", (("y", "x"),)), "holds what is to be renamed"),
        (MakeNull("a", (-999.0,)), "holds -999"),
    ],
)
def test_a_step_that_does_not_fit_the_rows_says_so(step: Step, says: str) -> None:
    with pytest.raises(RepairError, match=says):
        apply_steps(ROWS, [step])


def test_values_by_hand() -> None:
    # 212 °F are 100 °C and 32 °F are 0 °C; 15 was measured in °C all along. 1, 9 and 23 o'clock nine hours ahead are
    # 16, 0 and 14 o'clock.
    rows = apply_steps(ROWS, [TurnClock("hour", 9), Convert("a", 1.8, 32.0, where="above", bound=20.0)])
    assert rows["a"].tolist() == [100.0, 0.0, 15.0]
    assert rows["hour"].tolist() == [16, 0, 14]


def test_codes_that_are_numbers_become_the_numbers_that_they_were() -> None:
    rows = apply_steps(
        pd.DataFrame({"code": [1, 2, 2, 0]}), [RenameValues("code", (("0", ""), ("1", "0"), ("2", "1")))]
    )
    np.testing.assert_array_equal(rows["code"], [0.0, 1.0, 1.0, np.nan])


def test_of_repeated_rows_that_repeated_each_other_before_both_stay() -> None:
    # Two equal rows, each delivered twice, are two rows again.
    rows = apply_steps(pd.DataFrame({"a": [1, 1, 1, 1, 2, 2], "score": range(6)}), [DropRepeats(2, ("score",))])
    assert rows["a"].tolist() == [1, 1, 2]


def test_the_digest_of_rows_knows_no_order_and_sees_every_value() -> None:
    digest = rows_digest(SPEC, ROWS, [])
    assert digest == rows_digest(SPEC, ROWS.iloc[::-1], [])
    assert digest != rows_digest(SPEC, ROWS.assign(a=[212.0, 32.0, 15.1]), [])
    assert digest != rows_digest(SPEC, ROWS.rename(columns={"a": "aa"}), [])


def test_labels_that_come_later_are_no_other_delivery_unless_a_step_changes_them() -> None:
    labelled = ROWS.assign(returned=[1, 0, 1], known_at=pd.Timestamp("2026-02-01", tz="UTC"))
    assert rows_digest(SPEC, ROWS, []) == rows_digest(SPEC, labelled, [])
    codes = [RenameValues("returned", (("1", "0"),))]
    assert rows_digest(SPEC, labelled, codes) != rows_digest(SPEC, labelled.assign(returned=0), codes)


def fault_on(column: str, share: float) -> Finding:
    details = repairable(MakeNull(column, (-1.0,)))
    return Finding(
        "nulls", column, "share", Verdict.ALERT, value=share, unit="fraction", role=Role.DATA_FAULT, details=details
    )


def missing(column: str, share: float, *, says: bool = True) -> Finding:
    return replace(fault_on(column, share), limit=0.05, details={MISSING: says})


def test_what_was_made_null_is_expected_to_be_missing_up_to_half_of_the_rows() -> None:
    made_null = {"a": 0.2, "c": 0.8}
    findings = [missing("a", 0.2), missing("b", 0.2), missing("c", 0.8)]
    assert [finding.verdict for finding in expected_after(findings, made_null)] == ["ok", "alert", "alert"]


def test_what_else_is_found_in_a_column_with_nulls_that_were_made_alarms_as_ever() -> None:
    unit = replace(missing("a", 0.1, says=False), statistic="unit", limit=None, unit="")
    moved = replace(unit, role=Role.INPUT_MOVED, verdict=Verdict.WATCH)
    # A fifth was made null, and a limit of a twentieth is usual: a third that is missing is more than both.
    more = missing("a", 0.33)
    findings = [unit, moved, more, missing("a", 0.24)]
    assert [finding.verdict for finding in expected_after(findings, {"a": 0.2})] == ["alert", "watch", "alert", "ok"]


def test_rows_that_come_another_number_of_times_are_not_collapsed() -> None:
    with pytest.raises(RepairError, match="3 rows repeat each other, and not 2 times each"):
        apply_steps(pd.DataFrame({"a": [1, 1, 1, 2, 2]}), [DropRepeats(2)])


def test_each_group_and_each_stand_in_of_a_column_has_a_step_of_its_own() -> None:
    steps = [
        Convert("a", 2.0, where="group", group=("country", "UK")),
        Convert("a", 2.0, where="group", group=("country", "US")),
        MakeNull("a", (-999.0,)),
        MakeNull("a", (-1.0,)),
    ]
    findings = [
        replace(fault_on("a", 0.2 - place / 100), statistic=str(place), details=repairable(step))
        for place, step in enumerate(steps)
    ]
    assert set(steps_of(findings)) == set(steps)
    rows = pd.DataFrame({"a": [4.0, 6.0, -999.0, -1.0, 5.0], "country": ["UK", "US", "UK", "DE", "DE"]})
    repaired, counts = apply_counted(rows, steps)
    np.testing.assert_array_equal(repaired["a"], [2.0, 3.0, np.nan, np.nan, 5.0])
    assert counts == [1, 1, 1, 1]


def test_a_new_category_with_the_share_of_an_old_one_is_no_proof() -> None:
    findings, _ = findings_on(lambda day: day.replace({"channel": {"web": "kiosk"}}))
    renamed = [finding.details.get("renamed") for finding in findings if finding.subject == "channel"]
    assert {"web": "kiosk"} in renamed, "it is still told that it looks so"
    assert not [step for step in steps_of(findings) if isinstance(step, RenameValues)]
    assert any("not prove" in reason for reason in unrepairable(findings))


def test_a_step_that_nobody_can_read_leaves_the_others() -> None:
    strange = Finding(
        "own", "z", "share", Verdict.ALERT, role=Role.DATA_FAULT, details={"undone_by": [{"kind": "own"}]}
    )
    assert steps_of([strange, fault_on("a", 0.2)]) == [MakeNull("a", (-1.0,))]
