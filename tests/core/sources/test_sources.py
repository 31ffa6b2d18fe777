from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from airmedic_core.reading.sample import in_sample
from airmedic_core.sources import SOURCES, known_labels
from airmedic_core.spec import parse_spec


def a_spec(path="rows.csv", **more):
    data = {"path": str(path), "time_column": "day"}
    return parse_spec({"name": "churn", "task": "binary", "target": "left", "data": data, **more})


@pytest.mark.parametrize("name", SOURCES.names())
def test_every_source_offers_the_same(name):
    source = SOURCES.member(name)
    assert all(callable(getattr(source, offer)) for offer in ("read", "stream", "count", "sample", "place"))


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.5, 1.0])
def test_a_sample_takes_its_share_of_every_stretch_and_of_every_hour(fraction):
    chosen = in_sample(np.arange(100_000), fraction)
    for share in (chosen.mean(), *(part.mean() for part in np.split(chosen, 20))):
        assert share == pytest.approx(fraction, abs=0.002)
    for hour in range(24):
        assert chosen[hour::24].mean() == pytest.approx(fraction, abs=0.002)


def test_a_label_is_known_once_it_is_there():
    frame = pd.DataFrame({"left": [1, None, 0]})
    assert known_labels(a_spec(), frame, datetime(2026, 1, 1, tzinfo=UTC)).tolist() == [True, False, True]


def test_a_label_is_not_known_before_its_time():
    frame = pd.DataFrame(
        {"left": [1, 1, None, 1], "on": pd.to_datetime(["2026-01-01", "2026-01-03", "2026-01-01", None], utc=True)}
    )
    known = known_labels(a_spec(label_time_column="on"), frame, datetime(2026, 1, 2, tzinfo=UTC))
    assert known.tolist() == [True, False, False, False]


@pytest.mark.parametrize("columns", [["day"], ["left"]])
def test_without_a_label_or_its_time_nothing_is_known(columns):
    frame = pd.DataFrame(1, index=range(2), columns=columns)
    assert not known_labels(a_spec(label_time_column="on"), frame, datetime(2026, 1, 2, tzinfo=UTC)).any()
