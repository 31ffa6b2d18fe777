"""Any other model that MLflow loads, through the one function that all of them have."""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from airmedic_core.errors import ModelError
from airmedic_core.fitted import Answer
from airmedic_core.flavours.contract import Flavour

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = frozenset({"long", "integer"})


@final
class Pyfunc(Flavour):
    """Any other model that MLflow loads. What its answers mean is seen from them, or said by the spec."""

    def load(self, folder: Path) -> Any:
        """Return MLflow's wrapper."""
        from mlflow.pyfunc import load_model

        return load_model(str(folder))

    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        """Return what it says, with the names of its outputs where it has several."""
        import pandas as pd

        said = self.predict(model, rows)
        if isinstance(said, list) and said and isinstance(said[0], dict):
            said = pd.DataFrame(said)
        if isinstance(said, dict):
            said = pd.DataFrame({name: np.asarray(values).tolist() for name, values in said.items()})
        if isinstance(said, pd.DataFrame):
            columns = tuple(map(str, said.columns)) if said.shape[1] > 1 else ()
            return Answer(said.to_numpy() if columns else said.iloc[:, 0].to_numpy(), columns=columns)
        return Answer(np.asarray(said))

    def holds(self, model: Any) -> bool:
        """Return whether it is a model of the team's own class."""
        return any(kind.__module__.startswith("mlflow.pyfunc") for kind in type(model).__mro__)

    def predict(self, model: Any, rows: pd.DataFrame) -> Any:
        """Return what it returns."""
        metadata = getattr(model, "metadata", None)
        if metadata is None:
            # A model of the team's own class, right after its training.
            given = {"context": None, "model_input": rows}
            taken = inspect.signature(model.predict).parameters
            return model.predict(**{name: value for name, value in given.items() if name in taken})
        return model.predict(_as_signed(rows, metadata.get_input_schema()))

    def log(self, model: Any, how: Mapping[str, Any]) -> Any:
        """Log it, pickled."""
        from mlflow.pyfunc import log_model

        # That it is pickled, and that an example of its rows would be welcome, is nothing that a task can change.
        logging.getLogger("mlflow.pyfunc").setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*input example was not provided", UserWarning)
            return log_model(python_model=model, **how)


def _as_signed(rows: pd.DataFrame, schema: Any) -> pd.DataFrame:
    """Return rows with the types of the signature: MLflow takes no float where it says that a number is whole."""
    if schema is None or not schema.has_input_names():
        return rows
    types = {column["name"]: str(column["type"]) for column in schema.to_dict()}
    whole = [name for name in rows.columns if types.get(name) in _WHOLE and rows[name].dtype.kind == "f"]
    for name in whole:
        if rows[name].isna().any() or (rows[name] % 1 != 0).any():
            wrong = int((rows[name].isna() | (rows[name] % 1 != 0)).sum())
            raise ModelError(
                f"Its signature says that {name!r} is a whole number ({types[name]}); {wrong} of {len(rows)} rows have"
                " another value or none.",
                "Log the model with a signature that says double.",
            )
    if not whole:
        return rows
    return rows.astype({name: "int64" if types[name] == "long" else "int32" for name in whole})
