"""The labelled real windows: pairs of windows of public data sets, with the verdict of a careful expert."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from labelled.case import LabelledCase, Rows

FOLDER = Path(os.environ.get("AIRMEDIC_DATA", "")) / "real_windows"
"""Says where the windows are: a folder for each, and ``truth.json``."""


def real_windows(folder: Path = FOLDER) -> list[LabelledCase]:
    """Return all labelled real windows that the folder holds."""
    truths = json.loads((folder / "truth.json").read_text())
    return [_case(folder / truth["id"], truth) for truth in truths]


def _case(folder: Path, truth: dict[str, Any]) -> LabelledCase:
    accept = tuple(truth["expected_causes"])
    return LabelledCase(
        name=truth["id"],
        collection="real_windows",
        domain=truth["dataset"],
        kind=accept[0],
        accept=accept,
        healthy=truth["expected_healthy"],
        spec=_spec(json.loads((folder / "spec.json").read_text())),
        build=partial(_rows, folder),
        must_not=frozenset(truth["must_not"]),
        injected=truth["injected"],
        harmful=not truth["expected_healthy"] and "healthy" not in accept,
        about=truth["evidence"],
    )


def _spec(about: dict[str, Any]) -> dict[str, Any]:
    categorical = about["categorical"]
    numeric = [name for name in about["features"] if name not in categorical]
    return {
        "name": about["name"],
        "task": about["task"],
        "target": about["target"],
        "data": {"source": "file", "path": "rows.parquet", "time_column": about["time_column"]},
        "features": {"numeric": numeric, "categorical": categorical},
    }


def _rows(folder: Path) -> Rows:
    return pd.read_parquet(folder / "reference.parquet"), pd.read_parquet(folder / "current.parquet")
