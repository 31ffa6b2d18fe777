"""Situations that people report of monitoring tools: small generated inputs, each with the answers that are right."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from airmedic_core.causes import Cause
from airmedic_core.reading import Writing, read_rows
from airmedic_core.spec import parse_spec
from labelled.case import LabelledCase, Rows
from labelled.tables import DATA

_ANY = tuple(cause.value for cause in Cause if cause is not Cause.HEALTHY)
"""Says where the situation says only that the window is not healthy."""
_RIGHT: dict[str, tuple[str, ...]] = {
    "labels-lost-by-type-1": ("concept_drift", *_ANY),
    "labels-lost-by-type-2": ("healthy",),
    "own-predictions-ignored-1": ("unknown", *_ANY),
    "stray-time-1": ("volume_anomaly",),
    "long-tail-1": ("healthy",),
    "extreme-value-1": ("harmless_covariate_shift", *_ANY),
    "bool-target-gaps": ("healthy",),
    "broken-scores-1": ("bad_deployment", "unit_change"),
    "contradiction-1": ("healthy",),
    "column-types": ("healthy",),
}
"""Says what ``cases.json`` calls right, as causes. Left out is what one answer of the check cannot show: what `init`
reads, how a column is named, and that something is said not to be monitored.
"""


def reported_cases() -> list[LabelledCase]:
    """Return the situations that the folder holds and that a cause answers."""
    folder = DATA / "reported_cases"
    situations = json.loads((folder / "cases.json").read_text())
    return [_case(folder / name, situations[name]["situation"]) for name in _RIGHT if name in situations]


def _case(folder: Path, situation: str) -> LabelledCase:
    accept = _RIGHT[folder.name]
    healthy = accept == ("healthy",)
    spec = yaml.safe_load((folder / "m.yaml").read_text())
    forbidden = frozenset({"concept_drift", "retrain"}) if folder.name.startswith("broken-scores") else frozenset()
    return LabelledCase(
        name=f"reported:{folder.name}", collection="reported", domain=f"reported {folder.name}", kind=accept[0],
        accept=accept, healthy=healthy, spec=spec, build=partial(_rows, folder, spec), must_not=forbidden,
        injected=not healthy, harmful=not healthy, about=situation,
    )  # fmt: skip


def _rows(folder: Path, spec: dict[str, Any]) -> Rows:
    writing = Writing.of(parse_spec(spec))
    reference, current = (next(folder.glob(f"{name}.*")) for name in ("ref", "cur"))
    return read_rows(str(reference), writing), read_rows(str(current), writing)
