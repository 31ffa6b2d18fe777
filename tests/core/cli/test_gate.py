from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import joblib
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

Airmedic = Callable[..., tuple[int, str, str]]


@pytest.fixture
def models(home: Path, rows: Path) -> dict[str, str]:
    """A model that learned the relation, and one that learned its opposite."""
    frame = pd.read_csv(rows)
    frame["calls"] = frame["calls"].astype(float)
    saved = {}
    for name, labels in {"good": frame["churned"], "bad": 1 - frame["churned"]}.items():
        encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["plan"]), remainder="passthrough")
        fitted = make_pipeline(encode, LogisticRegression()).fit(frame[["plan", "calls"]], labels)
        saved[name] = str(home / f"{name}.joblib")
        joblib.dump(fitted, saved[name])
    return saved


def arguments(spec: Path, rows: Path, champion: str, challenger: str) -> list[str]:
    files = ["--model", str(spec), "--evaluation", str(rows)]
    return ["gate", *files, "--champion", champion, "--challenger", challenger]


def test_a_better_challenger_passes(
    home: Path, spec: Path, rows: Path, models: dict[str, str], airmedic: Airmedic
) -> None:
    out = home / "gate.json"
    code, _, _ = airmedic(*arguments(spec, rows, models["bad"], models["good"]), "--json", str(out))
    assert code == 0
    result = json.loads(out.read_text())
    assert result["outcome"] == "passed"
    # The opposite model orders the rows the other way round: its ROC AUC is one minus the good one's.
    assert result["champion_value"] + result["challenger_value"] == pytest.approx(1, abs=0.02)
    assert result["low"] > 0


def test_a_worse_challenger_is_refused(spec: Path, rows: Path, models: dict[str, str], airmedic: Airmedic) -> None:
    assert airmedic(*arguments(spec, rows, models["good"], models["bad"]))[0] == 1


def test_too_few_rows_are_inconclusive(
    home: Path, spec: Path, rows: Path, models: dict[str, str], airmedic: Airmedic
) -> None:
    pd.read_csv(rows).head(40).to_csv(home / "few.csv", index=False)
    assert airmedic(*arguments(spec, home / "few.csv", models["bad"], models["good"]))[0] == 3


def test_a_missing_champion_is_not_comparable(
    spec: Path, rows: Path, models: dict[str, str], airmedic: Airmedic
) -> None:
    code, out, _ = airmedic(*arguments(spec, rows, "nowhere.joblib", models["good"]), "--json", "-")
    assert code == 2
    assert json.loads(out)["outcome"] == "not_comparable"


def test_a_challenger_that_does_not_load_is_not_comparable(
    home: Path, spec: Path, rows: Path, models: dict[str, str], airmedic: Airmedic
) -> None:
    (home / "text.joblib").write_text("not a model")
    code, out, _ = airmedic(*arguments(spec, rows, models["good"], str(home / "text.joblib")))
    assert code == 2
    assert "does not load" in out


def test_a_model_fitted_on_an_array_takes_the_columns_that_the_spec_lists(
    home: Path, spec: Path, rows: Path, airmedic: Airmedic
) -> None:
    frame = pd.read_csv(rows)
    joblib.dump(LogisticRegression().fit(frame[["calls"]].to_numpy(float), frame["churned"]), home / "array.joblib")
    listed = home / "listed.yaml"
    listed.write_text(spec.read_text() + "features:\n  numeric: [calls]\n")
    model = str(home / "array.joblib")
    assert airmedic(*arguments(listed, rows, model, model))[0] == 0
    code, out, _ = airmedic(*arguments(spec, rows, model, model))
    assert code == 2
    assert "does not say which columns it takes" in out


def test_no_rows_end_in_two(home: Path, spec: Path, rows: Path, models: dict[str, str], airmedic: Airmedic) -> None:
    pd.read_csv(rows).head(0).to_csv(home / "nothing.csv", index=False)
    code, _, err = airmedic(*arguments(spec, home / "nothing.csv", models["good"], models["bad"]))
    assert code == 2
    assert "has no rows" in err


def test_rows_that_cannot_be_read_end_in_two(
    home: Path, spec: Path, models: dict[str, str], airmedic: Airmedic
) -> None:
    code, _, err = airmedic(*arguments(spec, home / "none.csv", models["good"], models["bad"]))
    assert code == 2
    assert "none.csv" in err
