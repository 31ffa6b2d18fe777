"""One labelled case: two windows, what is known of them, and how to draw them again in any size."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from faults import Fault
from heldout_populations import HELDOUT_POPULATIONS
from populations import POPULATIONS
from unseen_populations import UNSEEN_POPULATIONS
from unseen_slices import UNSEEN_SLICES

Split = Literal["tune", "measure", "heldout", "unseen"]
SOURCES = POPULATIONS | HELDOUT_POPULATIONS | UNSEEN_POPULATIONS | UNSEEN_SLICES


@dataclass(frozen=True)
class Case:
    """Two windows, and the causes that are right."""

    name: str
    split: Split
    accept: frozenset[str]
    harmful: bool
    spec: dict[str, Any]
    build: Callable[[], tuple[pd.DataFrame, pd.DataFrame]] = field(repr=False)
    population: str = ""
    """Says where its rows are drawn from; empty for real sequences in their own order of time."""
    fault: Fault | None = field(default=None, repr=False)
    """Says what is done to the current window; None for real sequences."""
    serving: dict[str, Any] | None = None
    """Says how the current window was served, where predictions are logged."""

    @property
    def healthy(self) -> bool:
        """Say whether nothing changed."""
        return self.accept == {"healthy"}


def make_case(
    population: str,
    name: str,
    fault: Fault,
    *accept: str,
    split: Split = "measure",
    rows: int = 400,
    windows: int = 30,
    every: str = "day",
    harmful: bool = True,
) -> Case:
    """Draw two windows of a population and put the fault into the second."""
    source = SOURCES[population]
    label = f"{population}/{name}"

    def build() -> tuple[pd.DataFrame, pd.DataFrame]:
        rng = np.random.default_rng(zlib.crc32(f"{split}:{label}".encode()))
        reference, current = source.draw(rng, rows, windows, every)
        return reference, fault(reference, current, rng).reset_index(drop=True)

    spec = {**source.spec, "window": {"every": every}}
    return Case(label, split, frozenset(accept), harmful, spec, build, population, fault)
