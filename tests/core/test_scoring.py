from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airmedic_core.errors import MissingColumnError, ModelError, SpecError
from airmedic_core.records import Batch
from airmedic_core.scoring import (
    encode_labels,
    fitted_target,
    logged_scores,
    logged_with,
    named_classes,
    positive_class,
    probe,
    score,
    score_window,
    scored_batch,
)
from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.training.adopt import adopt
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import day, renewals, spec_of, workspace

WINDOW = Window(day(32), day(33))


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    ws = workspace(tmp_path_factory.mktemp("scoring"), renewals())
    adopt(ws, by="anna")
    return ws


@pytest.fixture
def frame() -> pd.DataFrame:
    rows = renewals()
    return rows[(rows["at"] >= WINDOW.start) & (rows["at"] < WINDOW.end)].reset_index(drop=True)


def test_the_champion_scores_a_batch_whose_labels_are_known_later(ws: Workspace, frame: pd.DataFrame) -> None:
    early = scored_batch(ws, Batch("renewals", WINDOW, day(33), 60), frame)
    late = scored_batch(ws, Batch("renewals", WINDOW, day(36), 60), frame)
    assert early.version == late.version == "1"
    assert early.known.sum() == 0
    assert late.known.all()
    assert late.labels.tolist() == frame["churned"].tolist()
    assert ((late.scores >= 0) & (late.scores <= 1)).all()
    assert (late.predicted == (late.scores > 0.5)).all()


def test_logged_predictions_are_what_happened(ws: Workspace, frame: pd.DataFrame) -> None:
    prediction = {"score": "p", "version": "by"}
    spec = spec_of(ws.settings.home, prediction=prediction)
    logged = Workspace(spec, ws.settings, ws.ledger, ws.registry)
    rows = frame.assign(p=0.75, by=["7"] * 50 + ["8"] * 10)
    scored = scored_batch(logged, Batch("renewals", WINDOW, day(36), 60), rows)
    assert scored.version == "7"
    assert scored.scores.tolist() == [0.75] * 60
    assert set(scored.predicted) == {1}
    with pytest.raises(MissingColumnError, match="'p'"):
        scored_batch(logged, Batch("renewals", WINDOW, day(36), 60), frame)


def test_logged_predictions_need_no_label(ws: Workspace, frame: pd.DataFrame) -> None:
    spec = spec_of(ws.settings.home, prediction={"score": "p"})
    logged = Workspace(spec, ws.settings, ws.ledger, ws.registry)
    rows = frame.assign(p=0.75)
    for unlabelled in (rows.assign(churned=np.nan), rows.drop(columns="churned")):
        scored = scored_batch(logged, Batch("renewals", WINDOW, day(33), 60), unlabelled)
        assert not scored.known.any()
        assert set(scored.predicted) == {1}


COLOURS = pd.DataFrame(
    {"colour": [1.0, 2.0, np.nan], "said": [1, 1, 2], "p_1": [0.7, 0.5, np.nan], "p_2": [0.3, 0.5, 0.9]}
)


def colours(**prediction: str) -> ModelSpec:
    data = {"path": "x.csv", "time_column": "at"}
    return parse_spec(
        {"name": "colours", "task": "multiclass", "target": "colour", "data": data, "prediction": prediction}
    )


def test_a_multiclass_model_logs_one_probability_for_each_class() -> None:
    spec = colours(score="p", label="said")
    assert not spec.may_be_feature("p_1")
    assert logged_with(spec, COLOURS)
    scored = logged_scores(spec, COLOURS)
    assert scored.classes == (1, 2)
    assert scored.scores[:2].tolist() == [[0.7, 0.3], [0.5, 0.5]]
    assert (scored.labels[:2].tolist(), scored.known.tolist()) == ([0.0, 1.0], [True, True, False])
    assert scored.predicted.tolist() == [1, 1, 2]
    assert not logged_with(spec, COLOURS, COLOURS[["colour"]])
    with pytest.raises(MissingColumnError, match="p_<class>"):
        logged_scores(spec, COLOURS[["colour", "said"]])


def test_only_probabilities_of_classes_are_classes() -> None:
    spec = colours(score="p", label="p_said", version="p_version", latency_ms="p_ms")
    rows = COLOURS.rename(columns={"said": "p_said"}).assign(p_version=None, p_ms=5.0)
    scored = logged_scores(spec, rows)
    assert (scored.classes, scored.version) == ((1, 2), "")
    assert logged_scores(spec, rows.assign(p_version=[3.0, 3.0, np.nan])).version == "3"


def test_classes_that_one_side_lacks_have_no_chance_there() -> None:
    spec = colours(score="p")
    later = COLOURS.drop(columns="p_1").assign(p_3=0.1)
    classes = named_classes(spec, COLOURS, later)
    assert classes == (1, 2, "3")
    before, now = (logged_scores(spec, rows, classes=classes) for rows in (COLOURS, later))
    assert before.scores[0].tolist() == [0.7, 0.3, 0.0]
    assert now.scores[0].tolist() == [0.0, 0.3, 0.1]
    assert before.labels[:2].tolist() == now.labels[:2].tolist() == [0.0, 1.0]
    assert not logged_with(spec, COLOURS, COLOURS[["colour", "p_1"]])


def test_a_multiclass_model_may_log_the_predicted_class_alone() -> None:
    spec = colours(label="said")
    assert logged_with(spec, COLOURS)
    scored = logged_scores(spec, COLOURS, classes=(1, 2, 3))
    assert scored.scores.tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert scored.known.tolist() == [True, True, False]
    assert named_classes(spec, COLOURS) == (1, 2)
    assert not logged_with(spec, COLOURS.assign(said=None, colour=None))


def test_a_scored_window_is_written_whole_with_its_version(ws: Workspace, tmp_path: Path) -> None:
    scored = score_window(ws, WINDOW, tmp_path / "out")
    (path,) = (tmp_path / "out").iterdir()
    assert path.name == f"renewals__{WINDOW.key}.parquet"
    written = pd.read_parquet(path)
    assert len(written) == len(scored.scores) == 60
    assert written["score"].tolist() == scored.scores.tolist()
    assert set(written["model_version"]) == {"1"}


def test_a_probe_tells_what_is_wrong(ws: Workspace, frame: pd.DataFrame) -> None:
    champion = ws.registry.champion("renewals")
    problems, seconds = probe(ws, champion, frame)
    assert problems == []
    assert seconds > 0
    assert "'usage'" in probe(ws, champion, frame.drop(columns="usage"))[0][0]


def test_a_column_that_is_missing_is_not_the_models_fault(ws: Workspace, frame: pd.DataFrame) -> None:
    with pytest.raises(MissingColumnError, match="'plan'"):
        score(ws, ws.registry.champion("renewals"), frame.drop(columns="plan"))
    with pytest.raises(ModelError, match="99"):
        ws.registry.version("renewals", "99")


@pytest.mark.parametrize(
    ("values", "positive", "expected"),
    [
        ([1, 0, None], None, [1, 0, np.nan]),
        ([True, False], None, [1, 0]),
        (["yes", "no"], None, [1, 0]),
        (["a", "b"], None, [0, 1]),
        (["a", "b"], "a", [1, 0]),
        (["a", "a"], "a", [1, 1]),
        (["b", "b"], "a", [0, 0]),
        ([0, 0], None, [0, 0]),
        ([1.0, 1.0], None, [1, 1]),
    ],
)
def test_labels_are_one_where_positive(tmp_path: Path, values: list[object], positive: object, expected: list) -> None:
    spec = spec_of(tmp_path, positive=positive)
    encoded = encode_labels(spec, pd.DataFrame({"churned": values}))
    assert encoded.tolist() == pytest.approx(expected, nan_ok=True)


def test_labels_take_the_models_order_of_classes(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, task="multiclass")
    encoded = encode_labels(spec, pd.DataFrame({"churned": ["c", "a", "z"]}), ("a", "b", "c"))
    assert encoded.tolist() == pytest.approx([2, 0, np.nan], nan_ok=True)


def test_a_positive_value_that_is_no_class_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="'maybe'"):
        positive_class(spec_of(tmp_path, positive="maybe"), ("no", "yes"))


@pytest.mark.parametrize(
    ("positive", "classes", "written"),
    [(True, ("no", "yes"), '"yes"'), (False, ("No", "Yes"), '"No"'), (True, ("off", "on"), '"on"')],
)
def test_a_word_that_yaml_reads_as_a_boolean_belongs_in_quotes(
    tmp_path: Path, positive: bool, classes: tuple[str, str], written: str
) -> None:
    """YAML 1.1 reads yes, no, on and off as booleans."""
    with pytest.raises(SpecError, match=f"Write positive: {written}") as refused:
        positive_class(spec_of(tmp_path, positive=positive), classes)
    assert "unless it is in quotes" in str(refused.value)


def test_a_word_that_is_none_of_the_classes_names_the_closest(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="yes"):
        positive_class(spec_of(tmp_path, positive="yess"), ("no", "yes"))


@pytest.mark.parametrize("model", [(0, 1), (0.0, 1.0), (False, True), ("0", "1"), ("false", "true"), ("False", "True")])
@pytest.mark.parametrize("kind", [int, float, bool, str, "boolean text"])
def test_a_class_has_one_name_whatever_type_it_has_on_either_side(model: tuple, kind: object) -> None:
    spec = parse_spec({"name": "m", "task": "binary", "target": "y", "data": {"path": "x.csv", "time_column": "at"}})
    labels = [str(bool(label)).lower() if kind == "boolean text" else kind(label) for label in (0, 1, 1)]
    frame = pd.DataFrame({"y": pd.Series([*labels, None], dtype=object)})
    np.testing.assert_array_equal(encode_labels(spec, frame, model), [0, 1, 1, np.nan])


def test_infinite_targets_of_a_regression_are_not_known() -> None:
    spec = parse_spec(
        {"name": "m", "task": "regression", "target": "y", "data": {"path": "x.csv", "time_column": "at"}}
    )
    frame = pd.DataFrame({"y": [1.5, np.inf, -np.inf, np.nan]})
    np.testing.assert_array_equal(encode_labels(spec, frame), [1.5, np.nan, np.nan, np.nan])


@pytest.mark.parametrize(
    ("values", "kind"),
    [([True, False], "boolean"), ([1, "1"], "string"), (["a", "b"], "string"), ([0.0, 1.0], "integer")],
)
def test_a_target_is_given_to_estimators_in_one_type(values: list, kind: str) -> None:
    spec = parse_spec({"name": "m", "task": "binary", "target": "y", "data": {"path": "x.csv", "time_column": "at"}})
    assert pd.api.types.infer_dtype(fitted_target(spec, pd.Series(values, dtype=object))) == kind
