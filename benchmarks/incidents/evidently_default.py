"""Says what Evidently's default drift preset says of the same two windows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class DefaultVerdict:
    """The preset's answer."""

    drifted: int
    columns: int
    failed: str = ""

    @property
    def dataset_drift(self) -> bool:
        """The preset's own verdict: at least half of the columns drifted."""
        return bool(self.columns) and self.drifted / self.columns >= 0.5

    @property
    def any_column(self) -> bool:
        """Return what a team sees that alerts on each drifted column."""
        return self.drifted > 0


def evidently_default(reference: pd.DataFrame, current: pd.DataFrame, features: dict[str, list[str]]) -> DefaultVerdict:
    """Run ``DataDriftPreset`` as it comes on the features that both windows have."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    numeric = [name for name in features["numeric"] if name in current]
    categorical = [name for name in features["categorical"] if name in current]
    definition = DataDefinition(numerical_columns=numeric, categorical_columns=categorical)
    columns = numeric + categorical
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            datasets = [
                Dataset.from_pandas(frame[columns], data_definition=definition) for frame in (current, reference)
            ]
            snapshot = Report([DataDriftPreset()]).run(*datasets)
        except Exception as error:  # noqa: BLE001  # the benchmark reports what the library makes of bad input
            return DefaultVerdict(0, len(columns), f"{type(error).__name__}: {error}"[:120])
    for metric in snapshot.dict()["metrics"]:
        if "DriftedColumnsCount" in str(metric.get("metric_name", metric.get("metric_id", ""))):
            return DefaultVerdict(int(metric["value"]["count"]), len(columns))
    return DefaultVerdict(0, len(columns), "no count of drifted columns in the report")
