"""A bad model: one that was fitted to shuffled labels, and a way to put it in service past Airmedic, by hand.

This file, alone beside the registry, talks to MLflow's registry: a person's hand on the alias is what it imitates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

_TAG = "simulated"
_TAG_VALUE = "unfinished experiment"


def fit_to_shuffled_labels(spec: ModelSpec, rows: pd.DataFrame) -> Any:
    """Return the default pipeline fitted to labels that belong to other rows: a model that cannot have learnt anything.

    For ``retrain: airmedic_core.simulate.by_hand:fit_to_shuffled_labels``, to see that the gate refuses it.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    rows : pandas.DataFrame
        Prepared features with the target.
    """
    from airmedic_core.training.pipelines import default_pipeline, model_inputs

    inputs = model_inputs(spec, rows)
    return default_pipeline(spec, inputs).fit(inputs.prepare(rows), _shuffled(rows[spec.target]))


def deploy_unfinished_experiment(ws: Workspace, window: Window) -> str:
    """Register the champion's pipeline fitted to shuffled labels, set it as champion by hand, and return its version.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The rows that the experiment is fitted to.
    """
    import mlflow
    from mlflow.models import infer_signature
    from sklearn.base import clone

    from airmedic_core.sources import read_window

    name, client = ws.spec.name, ws.registry.client
    known = ws.registry.find(name, _TAG, _TAG_VALUE)
    if known is not None:
        client.set_registered_model_alias(name, "champion", known.version)
        return known.version
    champion = ws.registry.champion(name)
    frame = read_window(ws.spec, window)
    rows = ws.registry.inputs(champion).prepare(frame)
    estimator = clone(ws.registry.load(champion)).fit(rows, _shuffled(frame[ws.spec.target]))
    with ws.registry.answering():
        ws.registry.make_current()
        with mlflow.start_run(experiment_id=ws.registry.experiment(name), run_name=_TAG_VALUE):
            logged = mlflow.sklearn.log_model(
                estimator,
                name="model",
                registered_model_name=name,
                signature=infer_signature(rows.head(), estimator.predict(rows.head())),
                pip_requirements=["scikit-learn"],
                serialization_format="cloudpickle",
            )
        version = str(logged.registered_model_version)
        client.set_model_version_tag(name, version, _TAG, _TAG_VALUE)
        client.set_registered_model_alias(name, "champion", version)
    return version


def _shuffled(labels: pd.Series) -> Any:
    return np.random.default_rng(1).permutation(labels.to_numpy())
