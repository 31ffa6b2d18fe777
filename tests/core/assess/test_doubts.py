"""What speaks against learning from a window."""

from dataclasses import replace
from typing import Any

import pytest

from airmedic_core.assess import doubt_of_training
from airmedic_core.causes import Cause
from airmedic_core.diagnose.remedies import remedies_of
from airmedic_core.records import Finding, Role, Verdict


def loss(rows: int) -> Finding:
    return Finding("performance", "batch", "mae", Verdict.ALERT, sample_size=rows, role=Role.LOSS)


def remains(separation: float) -> Finding:
    details: dict[str, Any] = {"separation": separation}
    suggests = (Cause.CONCEPT_DRIFT,)
    return Finding(
        "concept", "batch", "relation", Verdict.ALERT, suggests=suggests, role=Role.EXPLAINS_LOSS, details=details
    )


def moved(column: str, effect: float) -> Finding:
    return Finding("drift", column, "shift", Verdict.ALERT, effect=effect, role=Role.INPUT_MOVED)


def mix(*, unseen: bool) -> Finding:
    return Finding(
        "concept", "default", "class_mix", Verdict.ALERT, suggests=(Cause.LABEL_SHIFT,), role=Role.EXPLAINS_LOSS,
        details={"unseen_by_scores": unseen},
    )  # fmt: skip


def trial(verdict: Verdict) -> Finding:
    return Finding("trial", "batch", "mae", verdict, role=Role.TRIAL)


def damaged(verdict: Verdict) -> Finding:
    return Finding("corruption", "price", "nulls", verdict, role=Role.DATA_FAULT)


@pytest.mark.parametrize(
    ("findings", "says"),
    [
        ([loss(500), remains(0.6)], ""),
        ([loss(500), remains(0.6), damaged(Verdict.OK)], ""),
        ([loss(500), damaged(Verdict.WATCH)], "sound"),
        ([loss(500), trial(Verdict.OK)], "more to learn from"),
        ([loss(500), trial(Verdict.UNKNOWN)], ""),
        ([loss(62), trial(Verdict.ALERT)], ""),
        ([loss(500), remains(0.99), trial(Verdict.ALERT)], ""),
        ([loss(500), moved("price", 1.2), trial(Verdict.ALERT)], "owner of price"),
        ([loss(62), damaged(Verdict.WATCH), trial(Verdict.ALERT)], "sound"),
        ([loss(62)], "62 labelled rows"),
        ([loss(500), remains(0.99)], "overlap"),
        ([replace(loss(500), details={"unrelated": True}), remains(0.6)], "belong to their rows"),
        ([loss(500), moved("weight", 1.4)], "owner of weight"),
        ([moved("weight", 1.4), trial(Verdict.ALERT)], "owner of weight"),
        ([mix(unseen=True)], "complete"),
        ([mix(unseen=False)], ""),
        ([loss(500), moved("weight", 0.4)], ""),
        ([loss(500), moved("weight", 1.4), moved("height", 0.3)], ""),
    ],
)
def test_damage_few_rows_and_windows_apart_are_doubts(findings: list[Finding], says: str) -> None:
    doubt = doubt_of_training(findings)

    assert says in doubt
    assert bool(doubt) == bool(says)


@pytest.mark.parametrize("cause", list(Cause))
def test_no_cause_has_retraining_without_a_condition_under_a_doubt(cause: Cause) -> None:
    doubted = remedies_of(cause, "if a later window shows the same")

    assert not [action for action in doubted if action.action == "retrain" and not action.condition]
    assert [action.priority for action in doubted] == list(range(1, len(doubted) + 1))


def test_answers_that_are_as_wrong_as_they_were_right_are_no_lesson() -> None:
    mirrored = replace(loss(500), details={"mirrored": True})
    assert "exchanged" in doubt_of_training([mirrored])
    assert "exchanged" in doubt_of_training([mirrored], confirmed=True)


def test_a_loss_that_lasts_is_doubted_for_broken_rows_alone() -> None:
    assert doubt_of_training([loss(62)], confirmed=True) == ""
    assert doubt_of_training([loss(500), remains(0.99)], confirmed=True) == ""
    assert doubt_of_training([loss(500), mix(unseen=True)], confirmed=True) == ""
    assert doubt_of_training([loss(500), moved("weight", 1.4)], confirmed=True) == ""
    assert "sound" in doubt_of_training([loss(62), damaged(Verdict.WATCH)], confirmed=True)


@pytest.mark.parametrize("sign_of_damage", ["one_value", "value_lost", "exchanged"])
@pytest.mark.parametrize("shown", [[], [loss(500)], [loss(500), trial(Verdict.ALERT)], [trial(Verdict.ALERT)]])
def test_a_broken_column_is_no_lesson_however_long_it_lasts_and_whatever_a_trial_shows(
    shown: list[Finding], sign_of_damage: str
) -> None:
    broken = replace(moved("weight", 0.3), details={sign_of_damage: True})
    for confirmed in (False, True):
        doubt = doubt_of_training([*shown, broken], confirmed=confirmed)
        assert doubt == "once the owner of weight says that it is meant"
        (retrain,) = [
            action for action in remedies_of(Cause.HARMFUL_COVARIATE_SHIFT, doubt) if action.action == "retrain"
        ]
        assert retrain.condition == doubt


@pytest.mark.parametrize("rival", list(Cause))
@pytest.mark.parametrize("cause", list(Cause))
def test_nothing_is_recommended_without_a_condition_that_would_do_harm_under_a_cause_as_likely(
    cause: Cause, rival: Cause
) -> None:
    recommended = remedies_of(cause, rival=rival)

    assert not [action for action in recommended if action.action in rival.traits.harmed_by and not action.condition]
    assert {action.action for action in recommended} <= cause.fitting_actions


def test_broken_rows_harm_who_learns_from_them_or_compares_with_them() -> None:
    for cause in Cause:
        if cause.lies_in_data:
            assert cause.traits.harmed_by >= {"retrain", "refresh_reference"}, cause
