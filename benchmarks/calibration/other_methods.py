"""Says what widely used methods say of the same rows: a column of a day against a bounded sample of the reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp

from airmedic_core.comparison.rows import sample
from airmedic_core.profile.evidently_defaults import evidently_default

MOST_REFERENCE_ROWS = 10_000
LEVEL = 0.05
DATASET_SHARE = 0.5
"""Evidently calls the data set drifted when so many of its columns are."""


@dataclass(frozen=True)
class Said:
    """The columns that each method calls drifted."""

    ks: frozenset[str]
    bonferroni: frozenset[str]
    evidently: frozenset[str]
    columns: int

    @property
    def evidently_dataset(self) -> bool:
        """Evidently's verdict on the data set as a whole."""
        return len(self.evidently) >= DATASET_SHARE * self.columns


class OtherMethods:
    """Kolmogorov–Smirnov (χ² for categories) at 5 %, the same with Bonferroni, and Evidently's default.

    Evidently's default is computed by the formulas of ``airmedic_core.profile.evidently_defaults``, which tests hold
    against Evidently itself.
    """

    def __init__(self, reference: pd.DataFrame, numeric: list[str], categorical: list[str]) -> None:
        self._reference = sample(reference, MOST_REFERENCE_ROWS)
        self._numeric = dict.fromkeys(numeric, True) | dict.fromkeys(categorical, False)

    def judge(self, frame: pd.DataFrame, columns: list[str] | None = None) -> Said:
        """Judge the columns of a day, or some of them; Bonferroni always pays for all."""
        p_values, drifted = {}, []
        for name in columns or self._numeric:
            before, now = self._reference[name], frame[name]
            numeric = self._numeric[name]
            p_values[name] = _ks(before, now) if numeric else _chi_square(before, now)
            if evidently_default(before, now, numeric=numeric).drifted:
                drifted.append(name)
        least = LEVEL / len(self._numeric)
        return Said(
            ks=frozenset(name for name, p_value in p_values.items() if p_value < LEVEL),
            bonferroni=frozenset(name for name, p_value in p_values.items() if p_value < least),
            evidently=frozenset(drifted),
            columns=len(p_values),
        )


def _ks(before: pd.Series, now: pd.Series) -> float:
    return float(ks_2samp(before.to_numpy(), now.to_numpy(), method="asymp").pvalue)


def _chi_square(before: pd.Series, now: pd.Series) -> float:
    counts = [side.value_counts() for side in (before, now)]
    table = pd.concat(counts, axis=1).fillna(0.0).to_numpy(float)
    return float(chi2_contingency(table).pvalue) if len(table) > 1 else 1.0


def shares(said: Said, moved: list[str]) -> dict[str, float]:
    """Return the share of the moved columns that each method found."""
    moved_by = {"ks": said.ks, "bonferroni": said.bonferroni, "evidently": said.evidently}
    return {name: float(np.mean([column in columns for column in moved])) for name, columns in moved_by.items()}
