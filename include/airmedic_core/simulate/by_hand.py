"""Sets a bad version as champion the way a person does it in MLflow: past Airmedic.

That is why this file, alone beside the registry, talks to MLflow's registry: a hand on the alias is what it imitates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_TAG = "simulated"
_TAG_VALUE = "unfinished experiment"


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
    shuffled = np.random.default_rng(1).permutation(frame[ws.spec.target].to_numpy())
    estimator = clone(ws.registry.load(champion)).fit(rows, shuffled)
    with ws.registry.answering():
        mlflow.set_tracking_uri(ws.registry.tracking_uri)
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
