"""Labels that are no classes of the model that serves."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from airmedic_core.checks.labels import Labels, Options
from airmedic_core.records import Verdict
from airmedic_core.simulate.example import example_context


@pytest.mark.parametrize(
    ("names", "verdict"),
    [
        ({0: False, 1: True}, Verdict.OK),
        ({0: 0.0, 1: 1.0}, Verdict.OK),
        ({0: "0", 1: "1"}, Verdict.OK),
        ({0: "no", 1: "yes"}, Verdict.ALERT),
        ({0: 0, 1: 2}, Verdict.ALERT),
    ],
)
def test_labels_of_another_coding_are_told_and_those_of_another_type_are_none(
    names: dict[int, object], verdict: Verdict
) -> None:
    context = example_context(lambda day: day.assign(default=day["default"].map(names)))
    scored = context.scored
    assert scored is not None
    # What the serving version was fitted on.
    from airmedic_core.scoring import encode_labels

    serving = replace(scored, labels=encode_labels(context.spec, context.frame, (0, 1)), classes=(0, 1))
    [finding] = Labels().run(replace(context, only_window=False, scored=serving), Options())
    assert finding.verdict is verdict


def test_nothing_is_said_where_no_label_has_arrived() -> None:
    context = example_context(labels=False)
    assert Labels().run(replace(context, only_window=False), Options()) == []


def test_one_odd_label_is_chance() -> None:
    def with_odd_label(day: pd.DataFrame) -> pd.DataFrame:
        labels = day["default"].astype(object)
        labels.iloc[0] = "?"
        return day.assign(default=labels)

    from airmedic_core.scoring import encode_labels

    context = example_context(with_odd_label)
    assert context.scored is not None
    serving = replace(context.scored, labels=encode_labels(context.spec, context.frame, (0, 1)))
    [finding] = Labels().run(replace(context, only_window=False, scored=serving), Options())
    assert (finding.verdict, finding.value) == (Verdict.OK, 1 / 200)
