"""What a model is told of that cannot be used as it is: what is installed, what it wants, what to do."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import xgboost
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import ColSpec, DataType, Schema
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from airmedic_core.actions import ACTIONS
from airmedic_core.cli.doctor import examine
from airmedic_core.errors import ActionError, MissingColumnError, ModelError
from airmedic_core.execution import carry_out
from airmedic_core.fitted import package_gaps, requirements_of
from airmedic_core.flavours import FittedModel, opened
from airmedic_core.inputs import Inputs
from airmedic_core.training.adopt import adopt
from airmedic_core.training.understood import check_signature, described
from airmedic_core.workspace import Workspace
from tests.core.flavours import models
from tests.core.renewals import NOW, approved, day, incident_of, renewals, workspace

COLUMNS = ["usage", "tenure"]


@pytest.fixture
def rows() -> pd.DataFrame:
    return renewals(days=5)


@pytest.fixture
def folder(tmp_path: Path, rows: pd.DataFrame) -> Path:
    """A booster as a team keeps it."""
    path = tmp_path / "kept"
    booster = models.xgboost_booster(rows[COLUMNS], rows["churned"])
    mlflow.xgboost.save_model(
        booster, path, signature=infer_signature(rows[COLUMNS]), pip_requirements=["xgboost==1.7.6", "numpy"]
    )
    return path


def test_a_missing_library_is_named_with_what_installs_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # How Python marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(ModelError, match=r"The model is a model of xgboost==1\.7\.6, which is not installed") as told:
        opened(folder, "The model")
    assert "pip install 'airmedic[xgboost]'" in str(told.value)


def test_a_model_that_was_made_with_other_versions_says_so_and_works(folder: Path, rows: pd.DataFrame) -> None:
    model = opened(folder, "The model")
    assert [str(gap) for gap in model.gaps] == [f"xgboost==1.7.6 ({xgboost.__version__} is installed)"]
    assert len(model.answer(rows[COLUMNS]).values) == len(rows)


def test_a_model_that_does_not_load_says_what_it_wants(folder: Path) -> None:
    # Its ending depends on MLflow's version.
    (kept,) = folder.glob("model.[ux]*")
    kept.write_bytes(b"of another format")
    with pytest.raises(ModelError, match=r"does not load: .*It was made with xgboost==1\.7\.6") as told:
        opened(folder, "The model")
    assert "pip install 'xgboost==1.7.6'" in str(told.value)


def test_packages_are_compared_by_what_is_installed() -> None:
    lines = f"numpy=={version('numpy')}\npandas>=1\nmlflow==1.0\n-e ./here\n\nno-such-package==3.0 # why\nscipy==0.1\n"
    gaps = package_gaps(lines)
    assert [(gap.name, gap.wanted, gap.installed) for gap in gaps] == [
        ("no-such-package", "==3.0", ""),
        ("scipy", "==0.1", version("scipy")),
    ]


def test_what_a_pipeline_holds_is_a_requirement_of_it() -> None:
    kept = requirements_of(make_pipeline(DummyClassifier(), xgboost.XGBClassifier()))
    assert f"xgboost=={xgboost.__version__}" in kept
    assert not [line for line in kept if "lightgbm" in line]


def test_a_classifier_of_a_boosting_library_that_was_pickled_can_be_refitted(
    tmp_path: Path, rows: pd.DataFrame
) -> None:
    # MLflow's own xgboost format would lose the settings.
    categories = rows[[*COLUMNS, "plan"]].astype({"plan": "category"})
    fitted = xgboost.XGBClassifier(n_estimators=3, max_depth=2, enable_categorical=True).fit(
        categories, rows["churned"]
    )
    mlflow.sklearn.save_model(
        fitted, tmp_path / "kept", pip_requirements=["xgboost"], serialization_format="cloudpickle"
    )
    model = opened(tmp_path / "kept", "The model")
    assert model.flavour == "sklearn"
    assert model.unfitted().get_params()["n_estimators"] == 3
    assert len(model.answer(rows[[*COLUMNS, "plan"]]).values) == len(rows)


def test_modules_that_warn_when_they_are_asked_for_names_disturb_no_loading(tmp_path: Path, rows: pd.DataFrame) -> None:
    pytest.importorskip("skops")  # MLflow before 3.9 does not use it
    mlflow.sklearn.save_model(
        LogisticRegression().fit(rows[COLUMNS], rows["churned"]),
        tmp_path / "kept",
        pip_requirements=["scikit-learn"],
        serialization_format="skops",
    )
    # As Airflow's modules are: loaded before SciPy, and asked for each of its functions when skops is imported.
    code = f"""
import sys, types, warnings
from pathlib import Path
old, asked = types.ModuleType("old"), []
def moved(name):
    asked.append(name)
    warnings.warn(f"{{name}} has moved", FutureWarning, stacklevel=2)
    raise AttributeError(name)
old.__getattr__ = moved
sys.modules["old"] = old
warnings.filterwarnings("error", module="skops")
from airmedic_core.flavours import opened
print(opened(Path({str(tmp_path / "kept")!r}), "The model").flavour, len(asked) > 100)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["sklearn", "True"], done.stderr


def test_a_signature_that_contradicts_the_rows_is_an_error(rows: pd.DataFrame) -> None:
    check_signature("It", Inputs.of(COLUMNS, ["plan"]), rows)
    with pytest.raises(ModelError, match="takes 'plan' as a number, by its signature; the rows hold others, such as"):
        check_signature("It", Inputs.of([*COLUMNS, "plan"], []), rows)
    with pytest.raises(MissingColumnError, match="'seats'"):
        check_signature("It", Inputs.of([*COLUMNS, "seats"], []), rows)


def test_whole_numbers_that_a_signature_asks_for_and_rows_lack_are_named(tmp_path: Path, rows: pd.DataFrame) -> None:
    rows = rows[COLUMNS].assign(tenure=range(len(rows)))
    model = models.Wrapped(models.pipeline(rows, renewals(days=5)["churned"]), "score")
    signature = ModelSignature(Schema([ColSpec(DataType.double, "usage"), ColSpec(DataType.long, "tenure")]))
    mlflow.pyfunc.save_model(
        tmp_path / "kept", python_model=model, signature=signature, input_example=rows.head(2), pip_requirements=[]
    )
    kept = opened(tmp_path / "kept", "It")
    assert isinstance(kept, FittedModel)
    floats = rows.astype("float64")
    assert len(kept.answer(floats).values) == len(rows)
    with pytest.raises(ModelError, match=r"'tenure' is a whole number \(long\); 1 of 300 rows have another value"):
        kept.answer(floats.assign(tenure=[np.nan, *floats["tenure"][1:]]))


class Backwards(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Knows the classes by other names than the target has."""

    def __init__(self, classes: tuple[Any, ...] = ("gone", "kept")) -> None:
        self.classes = classes

    def fit(self, rows: pd.DataFrame, labels: Any) -> Backwards:
        self.classes_ = np.asarray(self.classes)
        return self

    def predict_proba(self, rows: pd.DataFrame) -> Any:
        positive = 1 / (1 + np.exp(3 * rows["usage"].to_numpy()))
        return np.column_stack([1 - positive, positive])

    def predict(self, rows: pd.DataFrame) -> Any:
        return self.classes_[self.predict_proba(rows).argmax(axis=1)]


def served(folder: Path, estimator: Any, packages: list[str], **more: Any) -> Workspace:
    rows = renewals()
    ws = workspace(folder, rows, **more)
    path = folder / "kept"
    estimator.fit(rows[COLUMNS], rows["churned"])
    mlflow.sklearn.save_model(
        estimator,
        path,
        signature=infer_signature(rows[COLUMNS]),
        pip_requirements=packages,
        serialization_format="cloudpickle",
    )
    ws.registry.client.create_registered_model("renewals")
    ws.registry.client.create_model_version("renewals", source=str(path))
    ws.registry.client.set_registered_model_alias("renewals", "champion", "1")
    return ws


def test_classes_with_other_names_than_the_targets_are_an_error_until_the_spec_names_them(tmp_path: Path) -> None:
    ws = served(tmp_path, Backwards(), ["scikit-learn"])
    with pytest.raises(
        ModelError, match=r"knows the classes 'gone', 'kept', and 'churned' holds .*prediction\.classes"
    ):
        adopt(ws, by="anna")
    named = ws.spec.model_copy(update={"prediction": ws.spec.prediction.model_copy(update={"classes": (0, 1)})})
    ws = Workspace(named, ws.settings, ws.ledger, ws.registry)
    assert adopt(ws, by="anna").to_version == "1"
    told = " ".join(described(ws, ws.registry.champion("renewals")))
    assert "ranks the classes the wrong way round" in told


def test_adopt_says_what_it_wants_and_whether_it_can_be_refitted(tmp_path: Path) -> None:
    ws = served(tmp_path, Backwards((0, 1)), ["scikit-learn==1.2.0"])
    adopt(ws, by="anna")
    told = described(ws, ws.registry.champion("renewals"))
    assert told[0] == "It is a model of sklearn and takes 2 columns."
    assert "It can be refitted with its own settings (retrain: clone)." in told
    assert told[-1].startswith("It was made with scikit-learn==1.2.0 (")
    assert "pip install 'scikit-learn==1.2.0'" in told[-1]

    (tmp_path / "models").mkdir()
    rows = f"{{path: {tmp_path / 'rows.parquet'}, time_column: at}}"
    spec = f"name: renewals\ntask: binary\ntarget: churned\ndata: {rows}\n"
    (tmp_path / "models" / "renewals.yaml").write_text(spec, encoding="utf-8")
    (symptom,) = (symptom for symptom in examine(ws.settings) if symptom.subject == "model renewals")
    assert symptom.verdict == "warning"
    assert symptom.state.startswith("Version 1 serves. It was made with scikit-learn==1.2.0 (")
    assert "pip install 'scikit-learn==1.2.0'" in symptom.todo


def test_an_action_checks_first_whether_its_version_loads_and_says_what_it_wants(tmp_path: Path) -> None:
    ws = served(tmp_path, Backwards((0, 1)), ["scikit-learn==1.2.0"])
    adopt(ws, by="anna")
    (tmp_path / "broken").mkdir()
    for file in (tmp_path / "kept").iterdir():
        (tmp_path / "broken" / file.name).write_bytes(b"x" if file.suffix == ".pkl" else file.read_bytes())
    ws.registry.client.create_model_version("renewals", source=str(tmp_path / "broken"))
    params = {"version": "2", "from_version": "1", "gate": {"champion": "1"}}
    for action, kind in (("rollback", ActionError), ("deploy", ModelError)):
        proposal = approved(ws, incident_of(ws, 50), action, params)
        with pytest.raises(kind, match=r"does not load: .*It was made with scikit-learn==1\.2\.0"):
            carry_out(ws, proposal.hash, now=NOW)
    assert ws.registry.champion("renewals").version == "1"
    assert ACTIONS.member("retrain").plan(ws, incident_of(ws, 51), None)[0]["method"] == "clone"
    assert day(50)
