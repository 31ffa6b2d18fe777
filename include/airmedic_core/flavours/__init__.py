"""Flavours: what kinds of models there are. One file is one library; its name is that of MLflow's flavour.

A model is opened in the first of its flavours that is a member here, and through MLflow's ``pyfunc`` otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import ExtensionError, ModelError
from airmedic_core.family import Family
from airmedic_core.fitted import Answer, Meaning, PackageGap, missing_packages, packages_told, quiet_skops
from airmedic_core.flavours.contract import Flavour

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FLAVOURS", "FittedModel", "Flavour", "as_fitted", "flavour_of", "opened"]

FLAVOURS: Family[Flavour] = Family("airmedic_core.flavours", Flavour, entry_points="airmedic.flavours")
_ANY = "pyfunc"
_USUAL = "sklearn"
_LONGEST = 300
"""Characters of a library's own error: some print the stack of their calls."""


@dataclass(frozen=True)
class FittedModel:
    """A fitted model of any library."""

    flavour: str
    native: Any
    """The model as its library knows it."""
    meaning: Meaning | None = None
    """Says what its answers mean, where its library does not say and somebody has found out."""
    signature: Any = None
    """MLflow's signature, if it was logged with one."""
    gaps: tuple[PackageGap, ...] = ()
    """Packages that are not installed as it wants them."""
    size_bytes: int = 0
    """Says how large its files are; 0 for one that comes right from its training."""

    def answer(self, rows: pd.DataFrame) -> Answer:
        """Return what it says of prepared rows."""
        answer: Answer = self._library.answer(self.native, rows)
        return answer

    def columns(self) -> tuple[str, ...]:
        """Return the columns that it takes, as far as it knows by itself."""
        columns: tuple[str, ...] = self._library.columns(self.native)
        return columns

    @property
    def _library(self) -> Flavour:
        """The library that the model is of: an estimator of XGBoost may be logged as one of scikit-learn's."""
        return FLAVOURS.member(flavour_of(self.native) if self.flavour == _USUAL else self.flavour)

    def unfitted(self) -> Any:
        """Return its estimator to be fitted anew. Raises :class:`ModelError` where that cannot be done."""
        return FLAVOURS.member(self.flavour).unfitted(self.native)


def flavour_of(model: Any) -> str:
    """Return the flavour in which a fitted model is registered: scikit-learn's, unless another one claims it."""
    if isinstance(model, FittedModel):
        return model.flavour
    for name in FLAVOURS.names():
        try:
            if FLAVOURS.member(name).holds(model):
                return name
        except ExtensionError:
            # A package that is broken claims nothing; the models of its own flavour say what is wrong with it.
            continue
    return _USUAL


def as_fitted(model: Any) -> FittedModel:
    """Return a model as a fitted one, whether it comes from the registry or right from its training."""
    return model if isinstance(model, FittedModel) else FittedModel(flavour_of(model), model)


def opened(folder: Path, told: str, meaning: Meaning | None = None) -> FittedModel:
    """Return the model in a folder that MLflow wrote.

    Parameters
    ----------
    folder : Path
        The folder.
    told : str
        What to call the model in a message.
    meaning : Meaning, optional
        What its answers mean, where that is known.

    Raises
    ------
    ModelError
        If its library is missing, or it does not load. The message says what is installed, what the model wants and
        what to do. A retry does not help.
    """
    from mlflow.models import Model

    gaps = missing_packages(folder)
    wanted, todo = packages_told(gaps)
    try:
        kept = Model.load(str(folder))
    except Exception as error:
        raise ModelError(f"{told} is no model of MLflow: {type(error).__name__}: {error}.", "Log it again.") from error
    name = next((flavour for flavour in kept.flavors if flavour in FLAVOURS.names()), _ANY)
    flavour = FLAVOURS.member(name)
    if flavour.package and find_spec(flavour.package) is None:
        version = next((gap.wanted for gap in gaps if gap.name == flavour.package), "")
        raise ModelError(
            f"{told} is a model of {flavour.package}{version}, which is not installed here.",
            f"Install it: pip install 'airmedic[{flavour.package}]'.",
        )
    try:
        native = _loaded(flavour, folder)
    except Exception as error:
        known = ", ".join(sorted(kept.flavors))
        first_line = f"{type(error).__name__}: {error}".partition("\n")[0][:_LONGEST]
        raise ModelError(
            f"{told} does not load: {first_line}. {wanted}".rstrip(),
            todo or f"Its flavours are {known}; install the packages that it was made with.",
        ) from error
    size = sum(entry.stat().st_size for entry in folder.rglob("*") if entry.is_file())
    return FittedModel(name, native, meaning, kept.signature, gaps, size)


def _loaded(flavour: Flavour, folder: Path) -> Any:
    import warnings

    from sklearn.exceptions import InconsistentVersionWarning

    with quiet_skops(), warnings.catch_warnings():
        # The gaps say the same, with what to do.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        return flavour.load(folder)
