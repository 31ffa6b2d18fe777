"""Keeps logs readable where skops is imported: MLflow keeps models of scikit-learn in its format."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_skops() -> Iterator[None]:
    """Ignore what is warned of while skops asks all loaded modules for the functions of SciPy.

    It does so once, when it is imported. Five of Airflow's modules answer with a warning for each of the functions:
    1,160 lines in the log of a task, and an error where warnings are errors.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"skops\.")
        yield
