"""Describes what each flavour offers: how a model is loaded, what it says of rows, and whether it can be refitted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from airmedic_core.errors import ModelError
from airmedic_core.fitted import Answer

if TYPE_CHECKING:
    import pandas as pd


class Flavour(Protocol):
    """One library's models. The member's key is the name of MLflow's flavour: ``xgboost``.

    A model that MLflow has kept in several flavours is taken in the one that is a member here.
    """

    package: str = ""
    """The package to install where the library is missing. Empty where it comes with Airmedic."""

    takes_text: bool = False
    """Says whether its estimators take categories as text, so that steps of scikit-learn can be put in front of them.
    """

    @abstractmethod
    def load(self, folder: Path) -> Any:
        """Return the model in a folder that MLflow wrote, as its library knows it."""

    @abstractmethod
    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        """Return what a model says of rows.

        Parameters
        ----------
        model : object
            As ``load`` or a training function returns it.
        rows : pandas.DataFrame
            Its inputs in its order: numbers as floats, categories as text, what is missing as NaN.
        """

    def holds(self, model: Any) -> bool:
        """Return whether a fitted model is registered in this flavour. Imports nothing."""
        return False

    def columns(self, model: Any) -> tuple[str, ...]:
        """Return the columns that a model takes, for one without a signature; empty where it does not say."""
        return ()

    def unfitted(self, model: Any) -> Any:
        """Return the model's estimator to be fitted anew: with its settings, with ``fit`` and ``predict``.

        Raises
        ------
        ModelError
            If it cannot be fitted again. The message says why.
        """
        raise ModelError("Its library offers no way to fit it again.")

    def family(self, task: str) -> Any | None:
        """Return an estimator with usual settings, not fitted, that a training may compare (``retrain.tune.families``).

        It is the last step of a pipeline: it takes numbers, of which some are missing, and weights of rows. None where
        the flavour offers none.

        Parameters
        ----------
        task : str
            ``binary``, ``multiclass`` or ``regression``.
        """
        return None

    def arrange(self, model: Any, rows: pd.DataFrame) -> pd.DataFrame:
        """Return prepared rows as the model is fitted on them.

        Parameters
        ----------
        model : object
            An estimator, not fitted.
        rows : pandas.DataFrame
            Prepared rows.
        """
        return rows

    def predict(self, model: Any, rows: pd.DataFrame) -> Any:
        """Return what the library's own ``predict`` returns: what the signature describes.

        Parameters
        ----------
        model : object
            A fitted model.
        rows : pandas.DataFrame
            Prepared rows.
        """
        return self.answer(model, rows).values

    def log(self, model: Any, how: Mapping[str, Any]) -> Any:
        """Log a fitted model in the active run, and return what MLflow returns.

        Parameters
        ----------
        model : object
            The model.
        how : mapping
            What MLflow's ``log_model`` takes: ``name``, ``signature`` and ``pip_requirements``.

        Raises
        ------
        ModelError
            If models of this flavour are registered by the team alone.
        """
        raise ModelError(
            "Airmedic registers no models of this flavour.", "Let a DAG register it: retrain: dag:<dag_id>."
        )
