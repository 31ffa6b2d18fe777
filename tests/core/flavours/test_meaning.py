"""What answers mean, by hand: each case says what a library or a team's own class may answer with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from airmedic_core.errors import ModelError
from airmedic_core.fitted import Answer, Meaning, Means
from airmedic_core.scoring import meaning_of, read_answer
from airmedic_core.spec import ModelSpec, parse_spec

YES_NO = pd.Series(["no", "yes", "yes", None])
ZERO_ONE = pd.Series([0.0, 1.0, 1.0, np.nan])


def spec_of(task: str = "binary", **more: Any) -> ModelSpec:
    raw = {"name": "m", "task": task, "target": "y", "data": {"path": "x.csv", "time_column": "at"}}
    return parse_spec(raw | more)


def read(spec: ModelSpec, answer: Answer, truth: pd.Series | None) -> tuple[Any, Any, Any, Meaning]:
    meaning = meaning_of(spec, answer, truth)
    scores, predicted, classes = read_answer(spec, answer, meaning)
    return scores.tolist(), predicted.tolist(), classes, meaning


def test_numbers_between_0_and_1_are_the_probability_of_the_positive_class() -> None:
    scores, predicted, classes, meaning = read(spec_of(), Answer(np.array([0.2, 0.7, 0.5])), YES_NO)
    assert (meaning.means, classes) == (Means.SCORE, ("no", "yes"))
    assert scores == [0.2, 0.7, 0.5]
    assert predicted == ["no", "yes", "yes"]


def test_the_spec_says_which_class_is_positive() -> None:
    _, predicted, classes, _ = read(spec_of(positive="no"), Answer(np.array([0.2, 0.7])), YES_NO)
    assert classes == ("yes", "no")
    assert predicted == ["yes", "no"]


@pytest.mark.parametrize(
    ("said", "truth"),
    [
        (np.array(["no", "yes"], dtype=object), YES_NO),
        (np.array([0, 1]), ZERO_ONE),
        (np.array([0.0, 1.0]), ZERO_ONE),
        (np.array([False, True]), ZERO_ONE),
    ],
)
def test_what_is_a_class_of_the_target_is_a_label(said: Any, truth: pd.Series) -> None:
    scores, predicted, classes, meaning = read(spec_of(), Answer(said), truth)
    assert meaning.means is Means.LABEL
    assert scores == [0.0, 1.0]
    assert predicted == list(classes)


def test_a_spec_that_says_score_is_believed_where_the_answers_look_like_labels() -> None:
    spec = spec_of(prediction={"means": "score"})
    assert read(spec, Answer(np.array([0.0, 1.0])), ZERO_ONE)[3].means is Means.SCORE


def test_rows_that_sum_to_1_are_probabilities_of_classes_in_their_order() -> None:
    said = np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])
    truth = pd.Series([10, 9, 2])
    scores, predicted, classes, meaning = read(spec_of("multiclass"), Answer(said), truth)
    # Numbers are in the order of their size, not of their letters.
    assert (meaning.means, classes) == (Means.CLASSES, (2, 9, 10))
    assert (scores, predicted) == (said.tolist(), [10, 2])


def test_columns_that_have_the_names_of_classes_are_theirs() -> None:
    said = Answer(np.array([[0.9, 0.1]]), columns=("yes", "no"))
    scores, predicted, classes, _ = read(spec_of(), said, YES_NO)
    assert (scores, predicted, classes) == ([0.9], ["yes"], ("no", "yes"))
    assert read(spec_of(positive="no"), said, YES_NO)[0] == [0.1]


def test_columns_without_names_are_not_guessed_at() -> None:
    said = Answer(np.array([[0.9, 0.1]]))
    with pytest.raises(ModelError, match=r"2 columns without names.*prediction\.classes"):
        meaning_of(spec_of(), said, YES_NO)
    named = spec_of(prediction={"classes": ["yes", "no"]}, positive="yes")
    assert read(named, said, YES_NO)[:3] == ([0.9], ["yes"], ("no", "yes"))


def test_one_of_several_outputs_counts_if_the_spec_names_it() -> None:
    said = Answer(np.array([[0.9, 3.0], [0.1, 4.0]], dtype=object), columns=("chance", "seconds"))
    with pytest.raises(ModelError, match=r"'chance', 'seconds'.*prediction\.output"):
        meaning_of(spec_of(), said, ZERO_ONE)
    with pytest.raises(ModelError, match=r"no output 'chanse'.*'chance'"):
        meaning_of(spec_of(prediction={"output": "chanse"}), said, ZERO_ONE)
    scores, _, _, meaning = read(spec_of(prediction={"output": "chance"}), said, ZERO_ONE)
    assert (scores, meaning.means, meaning.output) == ([0.9, 0.1], Means.SCORE, "chance")


def test_a_library_that_knows_its_classes_is_believed() -> None:
    said = Answer(np.array([[0.3, 0.7]]), Means.CLASSES, (0, 1))
    assert read(spec_of(), said, None)[:3] == ([0.7], [1], (0, 1))
    assert read(spec_of(positive=0), said, ZERO_ONE)[:3] == ([0.3], [1], (1, 0))


def test_the_spec_gives_names_to_what_a_model_numbers() -> None:
    spec = spec_of("multiclass", prediction={"classes": ["red", "green", "blue"]})
    truth = pd.Series(["blue", "red", "green"])
    assert read(spec, Answer(np.array([2, 0, 1])), truth)[1] == ["blue", "red", "green"]
    probabilities = Answer(np.array([[0.1, 0.2, 0.7]]), Means.CLASSES, (0, 1, 2))
    assert read(spec, probabilities, truth)[1:3] == (["blue"], ("red", "green", "blue"))


@pytest.mark.parametrize(
    ("task", "said", "told"),
    [
        ("binary", np.array(["maybe", "yes"], dtype=object), "'maybe': neither numbers nor classes of 'y'"),
        ("binary", np.array([-3.2, 4.0]), "neither a probability nor a class of 'y'"),
        ("binary", np.array([[3.0, 4.0]]), "2 columns that are not the probabilities of classes"),
        ("multiclass", np.array([0.2, 0.7]), "neither a probability nor a class of 'y'"),
        ("regression", np.array(["a lot"], dtype=object), "'a lot', … where a number is meant"),
        ("regression", np.array([[0.2, 0.8]]), "2 numbers a row; a regression has one"),
    ],
)
def test_what_is_neither_number_nor_class_is_an_error(task: str, said: Any, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        meaning_of(spec_of(task), Answer(said), YES_NO)


def test_a_task_that_contradicts_the_library_is_an_error() -> None:
    with pytest.raises(ModelError, match="probabilities of classes, and the task is regression"):
        meaning_of(spec_of("regression"), Answer(np.array([[0.5, 0.5]]), Means.CLASSES, (0, 1)), None)
    with pytest.raises(ModelError, match="numbers, and the task is binary"):
        meaning_of(spec_of(), Answer(np.array([0.5]), Means.NUMBER), ZERO_ONE)


def test_a_score_that_leaves_its_range_later_is_an_error_and_not_a_surer_score() -> None:
    meaning = Meaning(Means.SCORE, ("no", "yes"))
    assert read_answer(spec_of(), Answer(np.array([1.0002, np.nan])), meaning)[0][0] == 1.0
    with pytest.raises(ModelError, match="between 0 and 1, and it answers with 7"):
        read_answer(spec_of(), Answer(np.array([7.0])), meaning)


def test_values_of_a_regression_come_in_any_shape_of_one_column() -> None:
    for said in (np.array([1, 2]), np.array([[1.0], [2.0]]), np.array([1, 2], dtype=object)):
        scores, predicted, classes, meaning = read(spec_of("regression"), Answer(said), None)
        assert (scores, predicted, classes, meaning.means) == ([1.0, 2.0], [1.0, 2.0], (), Means.NUMBER)
