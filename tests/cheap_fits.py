"""Makes fits of gradient boosting cheap in tests: the same trees are grown on the same rows once.

Many tests compare a window of their own with a reference that they share, and each would fit the default model on it.
"""

from __future__ import annotations

import pickle
import sys
from collections import OrderedDict
from functools import cache, wraps
from typing import Any

_LIBRARY = "sklearn.ensemble._hist_gradient_boosting.gradient_boosting"
_MOST_FITS = 100
"""Bounds the memory: a fitted model takes a third of a megabyte, and tests of one module stand together."""


def make_cheap() -> None:
    """Have fits be cheap ones from now on, if scikit-learn's trees have been imported; nothing else imports them."""
    if _LIBRARY in sys.modules:
        _remember_fits()


@cache
def _remember_fits() -> None:
    import joblib

    trees: Any = sys.modules[_LIBRARY].BaseHistGradientBoosting
    fit_anew = trees.fit
    fits: OrderedDict[str, bytes] = OrderedDict()

    @wraps(fit_anew)
    def fit(self: Any, X: Any, y: Any, *more: Any, **named: Any) -> Any:  # noqa: N803  scikit-learn's names
        if not isinstance(self.random_state, int):
            return fit_anew(self, X, y, *more, **named)
        of_same = joblib.hash((type(self).__name__, self.get_params(), X, y, more, named))
        if of_same in fits:
            fits.move_to_end(of_same)
            self.__dict__.update(pickle.loads(fits[of_same]))  # noqa: S301  written below
            return self
        fit_anew(self, X, y, *more, **named)
        fits[of_same] = pickle.dumps(self.__dict__)
        if len(fits) > _MOST_FITS:
            fits.popitem(last=False)
        return self

    trees.fit = fit
