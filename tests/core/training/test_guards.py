"""Challengers that a careless gate would pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import sleep
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from airmedic_core.measures.telling_columns import gives_away
from airmedic_core.registry import ModelVersion
from airmedic_core.scoring import ScoredBatch
from airmedic_core.spec import ModelSpec
from airmedic_core.training.gate import compare, evaluate_gate
from airmedic_core.training.guards import slower
from airmedic_core.workspace import Workspace
from tests.core.renewals import day, renewals, spec_of, workspace

ROWS = renewals().assign(refund=lambda rows: np.where(rows["churned"] == 1, 50.0, 0.0))
LEARNED, LATER = ROWS[ROWS["at"] < day(25)], ROWS[ROWS["at"] >= day(30)].reset_index(drop=True)
COLUMNS = ["usage", "tenure", "plan"]


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A model whose champion has learned the true relation."""
    return workspace(tmp_path_factory.mktemp("guards"), ROWS)


def register(ws: Workspace, model: Any, columns: list[str], **tags: str) -> ModelVersion:
    ws.registry.make_current()
    signature = infer_signature(ROWS[columns].head(3))
    path = ws.settings.home / f"registered_{len(list(ws.settings.home.glob('registered_*')))}"
    # Where the packages are not named, MLflow starts a process that loads the model to see what it imports.
    packages = ["scikit-learn"]
    mlflow.sklearn.save_model(
        model, path, signature=signature, pip_requirements=packages, serialization_format="cloudpickle"
    )
    if not ws.registry.by_alias("renewals", "challenger") and not (ws.settings.home / "registered_1").exists():
        ws.registry.client.create_registered_model("renewals")
    version = ws.registry.client.create_model_version("renewals", source=str(path), tags=tags).version
    return ws.registry.version("renewals", str(version))


def fitted(columns: list[str], labels: pd.Series | None = None) -> Any:
    words = [name for name in columns if name == "plan"]
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), words), remainder="passthrough")
    target = LEARNED["churned"] if labels is None else labels
    return make_pipeline(encode, LogisticRegression()).fit(LEARNED[columns], target)


@pytest.fixture(scope="module")
def champion(ws: Workspace) -> ModelVersion:
    return register(ws, fitted(COLUMNS), COLUMNS)


def test_an_honest_challenger_passes_and_it_is_said_that_its_training_is_not_on_record(
    ws: Workspace, champion: ModelVersion
) -> None:
    result = evaluate_gate(ws, register(ws, fitted(COLUMNS), COLUMNS), champion, LATER)
    assert result.outcome == "passed"
    assert "Nobody recorded which rows version" in result.reasons[-1]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ([*COLUMNS, "refund"], "takes 'refund', which the champion does not, and its values alone tell the target"),
        ([*COLUMNS, "churned"], "takes the target 'churned' as an input"),
    ],
)
def test_a_challenger_that_is_given_the_answer_is_refused_although_it_is_far_better(
    ws: Workspace, champion: ModelVersion, columns: list[str], reason: str
) -> None:
    result = evaluate_gate(ws, register(ws, fitted(columns), columns), champion, LATER)
    assert result.difference is not None
    assert result.difference > 0.05
    assert result.outcome == "refused"
    assert reason in " ".join(result.reasons)


def test_a_column_that_the_spec_excludes_is_no_input(ws: Workspace, champion: ModelVersion) -> None:
    without = replace(ws, spec=ws.spec.model_copy(update={"exclude": ("spend",)}))
    columns = [*COLUMNS, "spend"]
    result = evaluate_gate(without, register(ws, fitted(columns), columns), champion, LATER)
    assert result.outcome == "refused"
    assert "takes 'spend', which the spec excludes" in " ".join(result.reasons)


def test_a_challenger_is_not_judged_on_rows_that_it_was_trained_on(ws: Workspace, champion: ModelVersion) -> None:
    seen = f"{day(0).isoformat()}/{day(60).isoformat()}"
    learned_all = register(ws, fitted(COLUMNS), COLUMNS, **{"airmedic.trained_window": seen})
    result = evaluate_gate(ws, learned_all, champion, LATER)
    assert (result.outcome, result.rows) == ("not_comparable", 0)


def test_a_record_of_training_that_cannot_be_read_passes_nothing(ws: Workspace, champion: ModelVersion) -> None:
    unreadable = register(ws, fitted(COLUMNS), COLUMNS, **{"airmedic.trained_window": "some time ago"})
    result = evaluate_gate(ws, unreadable, champion, LATER)
    assert result.outcome == "not_comparable"
    assert "'some time ago' is not a date or time" in result.reasons[0]


def test_a_challenger_of_inverted_labels_is_refused(ws: Workspace, champion: ModelVersion) -> None:
    inverted = register(ws, fitted(COLUMNS, 1 - LEARNED["churned"]), COLUMNS)
    assert evaluate_gate(ws, inverted, champion, LATER).outcome == "refused"


def test_a_challenger_that_answers_far_too_slowly_is_refused(ws: Workspace, champion: ModelVersion) -> None:
    class Slow(DummyClassifier):
        def predict_proba(self, X: Any) -> Any:  # noqa: N803  scikit-learn's name
            # What is measured here is time: nothing else shows that it is. Longer than a millisecond a row, and than
            # twice what the champion takes on the busiest machine.
            sleep(0.004 * len(X))
            return super().predict_proba(X)

    slow = Slow().fit(LEARNED[COLUMNS], LEARNED["churned"])
    few = LATER.head(400)
    strict = replace(
        ws, spec=ws.spec.model_copy(update={"gate": ws.spec.gate.model_copy(update={"max_slowdown": 2.0})})
    )
    result = evaluate_gate(strict, register(ws, slow, COLUMNS), champion, few)
    assert result.outcome == "refused"
    assert "times as long as the champion" in " ".join(result.reasons)


def test_a_millisecond_a_row_is_never_too_slow(tmp_path: Path) -> None:
    spec = spec_of(tmp_path)
    assert slower(spec, 0.001, 1.0, 1000) == []
    assert slower(spec, 0.1, 2.1, 1000) == [
        "Scoring 1,000 rows took the challenger 2.10 s, 21 times as long as the champion; 20 times are allowed."
    ]


def scored(spec: ModelSpec, scores: np.ndarray, labels: np.ndarray, classes: tuple[Any, ...]) -> ScoredBatch:
    predicted = scores.argmax(axis=1) if scores.ndim == 2 else scores >= 0.5
    return ScoredBatch(scores, predicted, labels, "", classes)


def test_probabilities_that_are_far_off_are_refused_however_well_they_order(tmp_path: Path) -> None:
    spec, random = spec_of(tmp_path), np.random.default_rng(1)
    chances = random.random(len(LATER))
    labels = (random.random(len(LATER)) < chances).astype(float)
    honest = scored(spec, chances, labels, (0, 1))
    # The order is the same, so the area under the curve is: what is said of a single row is not.
    sure = scored(spec, chances**6, labels, (0, 1))
    result = compare(spec, honest, sure, LATER)
    assert (result.outcome, result.difference) == ("refused", 0)
    assert "Brier score" in result.reasons[-1]
    allowed = spec.model_copy(update={"gate": spec.gate.model_copy(update={"calibration_margin": -1.0})})
    assert compare(allowed, honest, sure, LATER).outcome == "passed"


def of_three(tmp_path: Path) -> tuple[ModelSpec, np.ndarray, np.ndarray]:
    """Return a spec of three classes, their true positions, and good scores of them."""
    spec = spec_of(tmp_path, task="multiclass", target="plan")
    random = np.random.default_rng(2)
    truth = random.integers(0, 3, len(LATER))
    scores = random.dirichlet([1, 1, 1], len(LATER)) * 0.7 + np.eye(3)[truth] * 0.3
    return spec, truth.astype(float), scores


def test_classes_in_another_order_are_the_same_classes(tmp_path: Path) -> None:
    spec, truth, scores = of_three(tmp_path)
    in_order = scored(spec, scores, truth, ("a", "b", "c"))
    order = [2, 0, 1]
    other = scored(spec, scores[:, order], np.argsort(order)[truth.astype(int)].astype(float), ("c", "a", "b"))
    result = compare(spec, in_order, other, LATER)
    assert (result.outcome, result.difference, result.rows) == ("passed", 0, len(LATER))


def test_a_challenger_gains_nothing_by_not_knowing_a_class(tmp_path: Path) -> None:
    spec, truth, scores = of_three(tmp_path)
    whole = scored(spec, scores, truth, ("a", "b", "c"))
    # It has never seen "c": of those rows it knows no label, and they count all the same.
    two = scores[:, :2] / scores[:, :2].sum(axis=1, keepdims=True)
    blind = scored(spec, two, np.where(truth == 2, np.nan, truth), ("a", "b"))
    result = compare(spec, whole, blind, LATER)
    assert (result.outcome, result.rows) == ("refused", len(LATER))


def test_names_of_classes_match_whatever_their_type(tmp_path: Path) -> None:
    spec, random = spec_of(tmp_path), np.random.default_rng(3)
    labels = random.integers(0, 2, len(LATER)).astype(float)
    scores = np.clip(0.3 * labels + 0.7 * random.random(len(LATER)), 0, 1)
    for classes in ((0.0, 1.0), (False, True), ("0", "1")):
        result = compare(spec, scored(spec, scores, labels, (0, 1)), scored(spec, scores, labels, classes), LATER)
        assert (result.outcome, result.difference) == ("passed", 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda batch: replace(batch, scores=batch.scores[1:], labels=batch.labels[1:]), "scored 1,800 rows and the"),
        (lambda batch: replace(batch, labels=batch.labels[::-1]), "are not those of the challenger's"),
        (lambda batch: replace(batch, classes=("yes", "no")), "how likely '1' is, and the challenger how likely"),
    ],
)
def test_scores_of_other_rows_or_classes_are_not_comparable(tmp_path: Path, change: Any, reason: str) -> None:
    spec, random = spec_of(tmp_path), np.random.default_rng(4)
    labels = random.integers(0, 2, len(LATER)).astype(float)
    batch = scored(spec, random.random(len(LATER)), labels, (0, 1))
    result = compare(spec, batch, change(batch), LATER)
    assert result.outcome == "not_comparable"
    assert reason in result.reasons[0]


def test_without_a_champion_nothing_is_compared(ws: Workspace, champion: ModelVersion) -> None:
    assert evaluate_gate(ws, champion, None, LATER).outcome == "not_comparable"


def test_an_input_that_tells_much_and_is_known_in_time_is_no_leak() -> None:
    random, load = np.random.default_rng(6), [0.0]
    for _ in range(2000):
        load.append(0.98 * load[-1] + random.normal())
    hours = pd.DataFrame({"load": load[1:], "load_1h_ago": load[:-1]})
    told = gives_away(hours["load_1h_ago"], hours["load"], "regression")
    assert "rank correlation" in told, "init says that it is worth a look"
    assert gives_away(hours["load_1h_ago"], hours["load"], "regression", at_least=0.999) == ""
    assert gives_away(hours["load"] * 3 + 1, hours["load"], "regression", at_least=0.999) != ""


def test_a_date_that_only_the_positives_have_is_a_leak() -> None:
    churned = LATER["churned"]
    closed = (LATER["at"] + pd.Timedelta(days=9)).where(churned == 1)
    assert "AUC of 1.00" in gives_away(closed, churned, "binary", at_least=0.999)
    word = pd.Series("open", index=churned.index).where(churned == 1)
    assert gives_away(word, churned, "binary", at_least=0.999) != ""
    odd = pd.Series([[1]] * len(churned))
    assert gives_away(odd, churned, "binary", at_least=0.999) == ""


def test_probabilities_of_a_rare_class_are_held_to_its_own_scale(tmp_path: Path) -> None:
    spec, random = spec_of(tmp_path), np.random.default_rng(8)
    times = pd.concat([LATER] * 12, ignore_index=True)
    chances = random.beta(0.5, 99.5, len(times))
    labels = (random.random(len(times)) < chances).astype(float)
    odds = 20 * chances / (1 - chances)
    sure = scored(spec, odds / (1 + odds), labels, (0, 1))
    result = compare(spec, scored(spec, chances, labels, (0, 1)), sure, times)
    assert (result.outcome, result.difference) == ("refused", pytest.approx(0, abs=1e-9))
    assert "Brier score" in result.reasons[-1]


def test_scores_of_more_classes_without_names_are_not_comparable(tmp_path: Path) -> None:
    spec, truth, scores = of_three(tmp_path)
    result = compare(spec, scored(spec, scores, truth, ()), scored(spec, scores[:, :2], truth, ()), LATER)
    assert result.outcome == "not_comparable"
    assert "scores 3 classes and the challenger 2" in result.reasons[0]
