"""A champion of any library with a calibration on top: the champion as MLflow kept it, and a curve.

scikit-learn calibrates its own estimators. For models of other libraries, and for regressions, the version holds the
champion's files as they are, so that nothing of it is fitted or converted, and maps what it says.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from mlflow.pyfunc import PythonModel

from airmedic_core.errors import TrainingError
from airmedic_core.flavours import FittedModel, opened
from airmedic_core.metrics import Array

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.fitted import Meaning
    from airmedic_core.spec import ModelSpec

_ISOTONIC_FROM = 1000
"""Rows from which on a curve that may have any shape is told from noise (Niculescu-Mizil and Caruana 2005); with fewer
a sigmoid of two numbers is fitted (Platt 1999)."""
_TINY = 1e-6
"""Distance from 0 and 1 at which a probability is cut off before its logit is taken."""


@dataclass(frozen=True)
class Curve:
    """Maps what the champion says: straight lines between points, or a scale and a shift.

    >>> import numpy as np
    >>> Curve("line", (2.0, 1.0))(np.array([0.0, 3.0])).tolist()
    [1.0, 7.0]
    """

    kind: str
    """``isotonic``, ``sigmoid`` or ``line``."""
    numbers: tuple[float, ...]
    """Slope and intercept; of ``isotonic``, first where the points lie and then how high."""

    def __call__(self, said: Array) -> Array:
        """Return the calibrated values."""
        said = np.asarray(said, dtype=np.float64)
        if self.kind == "isotonic":
            half = len(self.numbers) // 2
            return np.interp(said, self.numbers[:half], self.numbers[half:])
        slope, intercept = self.numbers
        if self.kind == "line":
            return slope * said + intercept
        return np.asarray(1.0 / (1.0 + np.exp(-(slope * _logit(said) + intercept))))


def fit_curve(task: str, labels: Array, said: Array) -> Curve:
    """Fit the curve that brings what a model says onto what came of it, and keeps the order of the rows.

    Parameters
    ----------
    task : str
        ``binary`` or ``regression``.
    labels, said : array of n rows
        What came of each row, and what the model said: the probability of the positive class, or the value.

    Raises
    ------
    TrainingError
        If no such curve fits: what the model says would have to be turned round. A retry does not help.

    Examples
    --------
    >>> import numpy as np
    >>> said = np.array([10.0, 20.0, 30.0])
    >>> [round(number, 6) for number in fit_curve("regression", 1.1 * said + 5, said).numbers]
    [1.1, 5.0]
    """
    if task == "regression":
        slope, intercept = np.polyfit(said, labels, 1) if float(np.std(said)) > 0 else (1.0, 0.0)
        return _rising("line", float(slope), float(intercept))
    if len(said) >= _ISOTONIC_FROM:
        from sklearn.isotonic import IsotonicRegression

        fitted = IsotonicRegression(y_min=_TINY, y_max=1 - _TINY, out_of_bounds="clip").fit(said, labels)
        if len(fitted.X_thresholds_) < 2:
            return _rising("isotonic", 0.0, 0.0)
        return Curve("isotonic", (*map(float, fitted.X_thresholds_), *map(float, fitted.y_thresholds_)))
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6).fit(_logit(said)[:, None], labels)
    return _rising("sigmoid", float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))


def _rising(kind: str, slope: float, intercept: float) -> Curve:
    if slope <= 0:
        raise TrainingError(
            "What the champion says would have to be turned round to fit the newest rows: that is no calibration.",
            "Retrain it instead.",
        )
    return Curve(kind, (slope, intercept))


# That it has no hints of types is on purpose. MLflow sets the filters back before it warns, so that none would help.
with warnings.catch_warnings(record=True):

    @dataclass
    class Calibrated(PythonModel):  # type: ignore[misc]
        """The champion's files, and the curve on top of what it says."""

        archive: bytes
        spec: ModelSpec
        meaning: Meaning | None
        curve: Curve
        _opened: FittedModel | None = field(default=None, repr=False)

        def __getstate__(self) -> dict[str, Any]:
            """Leave out the opened champion: it is opened from its files where it serves."""
            return {**self.__dict__, "_opened": None}

        @property
        def champion(self) -> FittedModel:
            """The champion, opened once per process."""
            if self._opened is None:
                with TemporaryDirectory() as folder:
                    with zipfile.ZipFile(io.BytesIO(self.archive)) as files:
                        files.extractall(folder)
                    self._opened = opened(Path(folder), f"The calibrated model of {self.spec.name!r}", self.meaning)
            return self._opened

        def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002  as in scikit-learn
            """Return what it is made of, as estimators do: the packages that it wants are found by this."""
            return {"champion": self.champion.native}

        # MLflow would read hints of types as a schema.
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
            """Return calibrated probabilities of the positive class, or calibrated values."""
            return self.curve(said_by(self.spec, self.champion, model_input))


def said_by(spec: ModelSpec, model: FittedModel, rows: pd.DataFrame) -> Array:
    """Return the probability of the positive class, or the value, that a model gives to prepared rows.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    model : FittedModel
        The fitted model.
    rows : pandas.DataFrame
        Prepared rows.
    """
    from airmedic_core.scoring import predict

    return np.asarray(predict(spec, model, rows)[0], dtype=np.float64)


def packed(folder: Path) -> bytes:
    """Return a folder as one archive: equal files make equal bytes."""
    told = io.BytesIO()
    with zipfile.ZipFile(told, "w", zipfile.ZIP_DEFLATED) as files:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            files.writestr(zipfile.ZipInfo(path.relative_to(folder).as_posix()), path.read_bytes())
    return told.getvalue()


def calibrated_inside(native: Any) -> Calibrated | None:
    """Return the calibration in a model as MLflow or a training returns it; None where there is none."""
    if isinstance(native, Calibrated):
        return native
    unwrap = getattr(native, "unwrap_python_model", None)
    try:
        inside = unwrap() if unwrap is not None else None
    except Exception:  # noqa: BLE001  MLflow wraps other models as well, each with errors of its own
        return None
    return inside if isinstance(inside, Calibrated) else None


def _logit(said: Array) -> Array:
    cut = np.clip(np.asarray(said, dtype=np.float64), _TINY, 1 - _TINY)
    return np.asarray(np.log(cut / (1 - cut)))
