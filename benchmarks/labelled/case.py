"""One labelled pair of windows: what `airmedic check` is given, and which answers are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

Rows = tuple[pd.DataFrame, pd.DataFrame]
"""The reference and the current window."""


@dataclass(frozen=True)
class LabelledCase:
    """Two windows with their truth."""

    name: str
    collection: str
    """Which collection of cases it belongs to, such as ``real_windows``."""
    domain: str
    """The data set its rows come from. What is fitted on cases is judged on domains that it has not seen."""
    kind: str
    """The kind of pair or of fault, by which figures are broken down."""
    accept: tuple[str, ...]
    """Answers that are right, the most precise first."""
    healthy: bool
    """Says whether the pair counts as a healthy one, so that an alarm is a false alarm."""
    spec: dict[str, Any]
    """The model spec, as YAML would hold it."""
    build: Callable[[], Rows] = field(repr=False)
    must_not: frozenset[str] = frozenset()
    """Causes that would be wrong, and actions that would do harm if they were recommended without a condition."""
    injected: bool = False
    """Says whether the change was made by hand."""
    harmful: bool = True
    """Says whether a case that is not healthy must be detected."""
    about: str = ""
    """Says what happened, in a sentence."""
