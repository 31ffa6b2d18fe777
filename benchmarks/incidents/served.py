"""Adds what a serving system would have logged: a score, a model version and a latency for each row."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from populations import Population, churn_rows, draw_hotel
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder


def with_served_predictions(
    population: Population,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    seed: int,
    version: str = "1",
    broken: Literal["", "shuffled", "inverted", "constant"] = "",
    latency_factor: float = 1.0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score both windows with a model trained on other rows of the same population.

    Parameters
    ----------
    version : str
        Version that served the current window; the reference was served by ``1``.
    broken : str
        What is wrong with that version.
    latency_factor : float
        How much slower the current window was served.
    """
    rng = np.random.default_rng(seed)
    model = _trained(population, rng)
    columns = population.spec["features"]["numeric"] + population.spec["features"]["categorical"]

    def served(frame: pd.DataFrame, serving: str, kind: str, factor: float) -> pd.DataFrame:
        inputs = frame[columns]
        if kind == "shuffled":
            inputs = inputs.assign(**{name: rng.permutation(inputs[name].to_numpy()) for name in columns})
        score = model.predict_proba(inputs)[:, 1]
        if kind == "inverted":
            score = 1 - score
        if kind == "constant":
            score = np.full(len(frame), 0.2)
        latency = np.round(rng.gamma(4.0, 12.0, len(frame)) * factor, 1)
        return frame.assign(score=score, latency_ms=latency, model_version=serving)

    return served(reference, "1", "", 1.0), served(current, version, broken, latency_factor)


def _trained(population: Population, rng: np.random.Generator) -> Pipeline:
    rows = churn_rows(rng, 8000) if population.name == "churn" else draw_hotel(rng, 8000, 1, "day")[0]
    categorical = population.spec["features"]["categorical"]
    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), categorical), remainder="passthrough"
    )
    model = make_pipeline(encode, HistGradientBoostingClassifier(max_iter=80, random_state=0))
    return model.fit(rows[population.spec["features"]["numeric"] + categorical], rows[population.target])
