"""A model of many rows, and what its answers mean."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from airmedic_core.fitted import Means
from airmedic_core.inputs import Inputs
from airmedic_core.pair.tree_model import TreeModel
from airmedic_core.spec import ModelSpec, parse_spec

INPUTS = Inputs.of(["a"], ["kind"])
LEVELS = "low", "middle", "high"


def _spec(task: str) -> ModelSpec:
    return parse_spec({"name": "m", "task": task, "target": "y", "data": {"path": "rows.csv", "time_column": "at"}})


@pytest.fixture
def rows() -> pd.DataFrame:
    draw = np.random.default_rng(1)
    return pd.DataFrame({"a": draw.normal(size=1000), "kind": draw.choice(["x", "y"], 1000)})


def test_classes_keep_their_names(rows: pd.DataFrame) -> None:
    labels = pd.cut(rows["a"], [-9, -0.5, 0.5, 9], labels=LEVELS).astype(str)
    answer = TreeModel.fitted(_spec("multiclass"), INPUTS, rows, labels).answer(rows)
    assert (answer.means, answer.classes) == (Means.CLASSES, ("high", "low", "middle"))
    assert (np.array(answer.classes)[answer.values.argmax(axis=1)] == labels).mean() > 0.95


def test_of_two_classes_both_have_a_column(rows: pd.DataFrame) -> None:
    answer = TreeModel.fitted(_spec("binary"), INPUTS, rows, (rows["kind"] == "y").astype(int)).answer(rows)
    assert answer.classes == (0, 1)
    assert answer.values.sum(axis=1) == pytest.approx(1.0)
    assert ((answer.values[:, 1] > 0.5) == (rows["kind"] == "y")).all()


def test_values_are_told_in_their_own_unit(rows: pd.DataFrame) -> None:
    answer = TreeModel.fitted(_spec("regression"), INPUTS, rows, 5000 + 300 * rows["a"]).answer(rows)
    assert answer.means is Means.NUMBER
    assert np.abs(answer.values - 5000 - 300 * rows["a"]).median() < 30


def test_scikit_learn_is_not_imported_for_it() -> None:
    """Importing it takes a second, a third of what a check of 100,000 rows may take."""
    script = """
import sys
import numpy as np, pandas as pd
from airmedic_core.inputs import Inputs
from airmedic_core.pair.tree_model import TreeModel
from airmedic_core.spec import parse_spec
spec = parse_spec({"name": "m", "task": "binary", "target": "y", "data": {"path": "rows.csv", "time_column": "at"}})
rows = pd.DataFrame({"a": np.arange(200.0), "kind": ["x", "y"] * 100})
model = TreeModel.fitted(spec, Inputs.of(["a"], ["kind"]), rows, pd.Series([0, 1] * 100))
assert model.answer(rows).values.shape == (200, 2)
print(sorted({"sklearn", "scipy.stats"} & set(sys.modules)))
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
