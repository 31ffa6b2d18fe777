"""Estimators and pipelines of scikit-learn, and whatever else is pickled in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from airmedic_core.errors import ModelError
from airmedic_core.fitted import Answer, answer_of
from airmedic_core.flavours.contract import Flavour

if TYPE_CHECKING:
    import pandas as pd


@final
class Sklearn(Flavour):
    """Estimators and pipelines of scikit-learn. An estimator of another library inside one is one of its steps."""

    takes_text = True

    def load(self, folder: Path) -> Any:
        """Return the estimator."""
        from mlflow.sklearn import load_model

        return load_model(str(folder))

    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        """Return probabilities where it has them, else classes or values."""
        return answer_of(model, rows)

    def columns(self, model: Any) -> tuple[str, ...]:
        """Return the names it was fitted with."""
        return tuple(map(str, getattr(model, "feature_names_in_", ())))

    def unfitted(self, model: Any) -> Any:
        """Return a clone."""
        from sklearn.base import clone

        try:
            return clone(model)
        except (TypeError, RuntimeError) as error:
            raise ModelError(str(error)) from error

    def predict(self, model: Any, rows: pd.DataFrame) -> Any:
        """Return classes or values."""
        return model.predict(rows)

    def log(self, model: Any, how: Mapping[str, Any]) -> Any:
        """Log it, pickled. Steps that say so are kept by their code, so that it is loaded where Airmedic is missing."""
        import logging

        from mlflow.sklearn import log_model

        logging.getLogger("mlflow.sklearn").setLevel(logging.ERROR)
        with _kept_by_value(model):
            return log_model(model, serialization_format="cloudpickle", **how)


@contextmanager
def _kept_by_value(model: Any) -> Iterator[None]:
    """Have cloudpickle keep the code of steps whose class says so (``kept_by_value``), and not their names."""
    import sys

    import cloudpickle  # type: ignore[import-untyped]

    parts = model.get_params(deep=True).values() if hasattr(model, "get_params") else ()
    names = {type(part).__module__ for part in parts if getattr(type(part), "kept_by_value", False)}
    modules = [sys.modules[name] for name in names if name in sys.modules]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)
