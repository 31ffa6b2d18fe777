"""Adds what a serving system would have logged: a score, a model version and a latency for each row."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from populations import Population, churn_rows, draw_hotel
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder


def with_served_predictions(
    population: Population,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    seed: int,
    version: str = "1",
    broken: Literal["", "shuffled", "inverted", "constant", "misaligned", "hasty", "sixtieth"] = "",
    empty: tuple[str, ...] = (),
    latency_factor: float = 1.0,
    from_hour: int = 0,
    timeouts: float = 0.0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score both windows with a model trained on other rows of the same population.

    Parameters
    ----------
    version : str
        Version that served the current window; the reference was served by ``1``.
    broken : str
        What is wrong with that version: besides what the names say, its answers belong to other rows (misaligned), it
        was trained on 60 rows (hasty), or it answers in another unit (sixtieth).
    empty : tuple of str
        Inputs that reach that version as nulls, while they are logged as they are.
    latency_factor : float
        How much slower the current window was served.
    from_hour : int
        Hour of the day at which that version comes into service; the version before it serves until then.
    timeouts : float
        Share of the current window's rows that were answered after five seconds.
    """
    rng = np.random.default_rng(seed)
    model = _trained(population, rng)
    columns = population.spec["features"]["numeric"] + population.spec["features"]["categorical"]
    task = population.spec["task"]

    def served(frame: pd.DataFrame, serving: str, kind: str, factor: float) -> pd.DataFrame:
        inputs = frame[columns]
        if kind == "shuffled":
            inputs = inputs.assign(**{name: rng.permutation(inputs[name].to_numpy()) for name in columns})
        if serving == version and empty:
            inputs = inputs.assign(**dict.fromkeys(empty, np.nan))
        chosen = _trained(population, np.random.default_rng(seed), rows=60) if kind == "hasty" else model
        score = chosen.predict_proba(inputs)[:, 1] if task == "binary" else chosen.predict(inputs)
        if kind == "misaligned":
            score = rng.permutation(score)
        if kind == "sixtieth":
            score = score / 60
        if kind == "inverted":
            score = 1 - score
        if kind == "constant":
            score = np.full(len(frame), 0.2)
        latency = np.round(rng.gamma(4.0, 12.0, len(frame)) * factor, 1)
        return frame.assign(score=score, latency_ms=latency, model_version=serving)

    past, now = served(reference, "1", "", 1.0), served(current, version, broken, latency_factor)
    if from_hour:
        early = current["time"].dt.hour < from_hour
        now[early] = served(current, "1", "", latency_factor)[early]
    if timeouts:
        now["latency_ms"] = now["latency_ms"].mask(rng.random(len(now)) < timeouts, 5000.0)
    return past, now


def _trained(population: Population, rng: np.random.Generator, rows: int | None = None) -> Pipeline:
    if population.name == "churn":
        known = churn_rows(rng, 8000)
    elif population.name == "hotel":
        known = draw_hotel(rng, 8000, 1, "day")[0]
    else:
        known = population.draw(rng, 3000 if population.name == "clicks" else 400, 20, "day")[0]
    return fit(population, known.sample(rows, random_state=0) if rows else known)


def fit(population: Population, rows: pd.DataFrame) -> Pipeline:
    """Fit a plain model to rows of a population."""
    categorical = population.spec["features"]["categorical"]
    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), categorical), remainder="passthrough"
    )
    regression = population.spec["task"] == "regression"
    estimator = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    model = make_pipeline(encode, estimator(max_iter=80, random_state=0))
    return model.fit(rows[population.spec["features"]["numeric"] + categorical], rows[population.target])
