"""Says what a plain model loses on a case's rows, with and without the change: the oracle behind ``truth.py``.

The model is cross-fitted on a large sample of the case's population, so that it never answers for a row that it has
seen, and it knows nothing of the engine.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from case import SOURCES, Case
from populations import Population
from served import fit, with_served_predictions
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline
from unseen_populations import UNSEEN_POPULATIONS

GENERATED = frozenset({"churn", "payments", "loans", "deliveries", *UNSEEN_POPULATIONS})
CLUSTERED = frozenset({"deliveries", "bike 2011", "bike", "telemetry", "bike winters", "bike free days"})
"""Populations whose rows of a day belong together: an independent piece is a day, not a row."""
LARGE = {
    "churn": (1000, 40), "payments": (1000, 40), "loans": (1000, 42), "deliveries": (200, 210), "hotel": (1000, 36),
    "hotels 2015": (600, 20), "city 2017": (900, 21), "resort 2017": (500, 21), "bike": (24, 180),
    "bike 2011": (24, 190), "telemetry": (480, 90), "claims": (1000, 40), "clicks": (3000, 40), "triage": (1000, 40),
    "online 2016": (600, 40), "resort 2016": (360, 40), "tours": (450, 40), "bike winters": (24, 230),
    "bike free days": (24, 205),
}  # fmt: skip
"""Rows and windows of the large sample: 40,000 generated rows, or nearly the whole real set."""
HEALTHY_WINDOWS = 210


@dataclass(frozen=True)
class Scored:
    """Rows with the answers of a model that has not seen them.

    Of several classes the score is the probability that the model gives to the right one, and every label is 1.
    """

    task: str
    label: np.ndarray
    score: np.ndarray

    @property
    def losses(self) -> np.ndarray:
        """Loss of each row: log loss, or absolute error."""
        if self.task == "regression":
            return np.abs(self.label - self.score)
        score = np.clip(self.score, 1e-6, 1 - 1e-6)
        return -np.log(np.where(self.label == 1, score, 1 - score))

    @property
    def auc(self) -> float:
        """Area under the ROC curve; nan for numbers."""
        return np.nan if self.task != "binary" else float(roc_auc_score(self.label, self.score))


def model_losses(case: Case) -> tuple[Scored, Scored, np.ndarray, int]:
    """Cross-fit on a large sample, and score each half without and with the change."""
    source, sample = SOURCES[case.population], large_sample(case.population)
    halves = _halves(case.population, sample["time"])
    before, after, rng = [], [], rng_of(case)
    for half in (0, 1):
        known, held = sample[halves != half], sample[halves == half].reset_index(drop=True)
        before.append(_score(source, half, held))
        marked = held.assign(true_label=held[source.target])
        changed = case.fault(known.reset_index(drop=True), marked, rng) if case.fault else marked
        hidden = changed[source.target].isna()  # labels that have not arrived are known here
        changed[source.target] = changed[source.target].mask(hidden, changed["true_label"])
        after.append(_score(source, half, changed))
    _, current = case.build()
    first, other = _join(before), _join(after)
    return first, other, _healthy_windows(case, len(current)), len(current)


def served_losses(case: Case) -> tuple[Scored, Scored, np.ndarray, int]:
    """Score a large sample by the version that was good and by the one that the case serves."""
    source, seed = SOURCES[case.population], zlib.crc32(case.name.encode())
    sample, (_, current) = large_sample(case.population), case.build()
    good, served = with_served_predictions(source, sample, sample, seed=seed, **(case.serving or {}))
    task = source.spec["task"]
    if task == "multiclass":  # what is logged is a class: each error loses the same
        first, other = (_right(f["score"].to_numpy() == f[source.target].to_numpy()) for f in (good, served))
    else:
        first, other = (Scored(task, f[source.target].to_numpy(), f["score"].to_numpy()) for f in (good, served))
    pieces = pieces_of(first.losses, sample["time"], case.population, len(current))
    return first, other, pieces, len(current)


def real_losses(case: Case, reference: pd.DataFrame, current: pd.DataFrame) -> tuple[Scored, Scored]:
    """Score a real reference by models that have not seen its days, and the window by one of the whole reference."""
    source = Population(case.spec["name"], case.spec, SOURCES[case.spec["name"]].draw)
    days = reference["time"].dt.floor("D").astype("int64").to_numpy() // 86_400_000_000_000
    folds = np.random.default_rng(0).integers(0, 5, days.max() - days.min() + 1)[days - days.min()]
    before = np.zeros(len(reference))
    for fold in range(5):
        before[folds == fold] = _answers(fit(source, reference[folds != fold]), source, reference[folds == fold])
    after = _answers(fit(source, reference), source, current)
    task, target = case.spec["task"], case.spec["target"]
    return Scored(task, reference[target].to_numpy(), before), Scored(task, current[target].to_numpy(), after)


@cache
def large_sample(population: str) -> pd.DataFrame:
    """Draw the large sample of a population."""
    rows, windows = LARGE[population]
    return SOURCES[population].draw(np.random.default_rng(20240101), rows, windows, "day")[0]


@cache
def _model(population: str, half: int) -> Pipeline:
    sample = large_sample(population)
    return fit(SOURCES[population], sample[_halves(population, sample["time"]) != half])


def _healthy_windows(case: Case, rows: int) -> np.ndarray:
    """Return the mean losses of healthy windows of a size."""
    source, sample = SOURCES[case.population], large_sample(case.population)
    every = case.spec["window"]["every"]
    if case.population in GENERATED:  # drawn anew, so that days keep what they share
        windows = min(HEALTHY_WINDOWS, 700_000 // rows)
        drawn = source.draw(np.random.default_rng(7), rows, windows, every)[0]
        losses = _score(source, 0, drawn).losses
        return pd.Series(losses).groupby(windows_of(case, drawn["time"])).mean().to_numpy()
    halves = _halves(case.population, sample["time"])
    losses = np.zeros(len(sample))
    for half in (0, 1):
        losses[halves == half] = _score(source, half, sample[halves == half]).losses
    return pieces_of(losses, sample["time"], case.population, rows)


def pieces_of(losses: np.ndarray, times: pd.Series, population: str, rows: int) -> np.ndarray:
    """Return the mean losses of windows that are put together at random: of rows, or of whole days."""
    rng = np.random.default_rng(11)
    if population not in CLUSTERED:
        return np.array([rng.choice(losses, min(rows, len(losses) // 3), replace=False).mean() for _ in range(400)])
    day = pd.factorize(times.dt.floor("D"))[0]
    sums, sizes = np.bincount(day, losses), np.bincount(day)
    days = max(1, round(rows / float(sizes.mean())))
    if days == 1:
        return sums / sizes
    chosen = [rng.choice(len(sums), days, replace=False) for _ in range(400)]
    return np.array([sums[drawn].sum() / sizes[drawn].sum() for drawn in chosen])


def _halves(population: str, times: pd.Series) -> np.ndarray:
    rng = np.random.default_rng(3)
    if population not in CLUSTERED:
        return rng.integers(0, 2, len(times))
    day = pd.factorize(times.dt.floor("D"))[0]
    return rng.integers(0, 2, day.max() + 1)[day]


def _score(source: Population, half: int, rows: pd.DataFrame) -> Scored:
    model = _model(source.name, half)
    if source.spec["task"] == "multiclass":
        answers = model.predict_proba(rows[source.numeric + source.spec["features"]["categorical"]])
        return _right(answers[np.arange(len(rows)), np.searchsorted(model.classes_, rows[source.target])])
    answers = _answers(model, source, rows)
    return Scored(source.spec["task"], rows[source.target].to_numpy(dtype=float), answers)


def _right(probability: np.ndarray) -> Scored:
    return Scored("multiclass", np.ones(len(probability)), probability.astype(float))


def _answers(model: Pipeline, source: Population, rows: pd.DataFrame) -> np.ndarray:
    inputs = rows[source.numeric + source.spec["features"]["categorical"]]
    if source.spec["task"] == "regression":
        return np.asarray(model.predict(inputs))
    return np.asarray(model.predict_proba(inputs)[:, 1])


def _join(parts: list[Scored]) -> Scored:
    return Scored(parts[0].task, np.concatenate([p.label for p in parts]), np.concatenate([p.score for p in parts]))


def windows_of(case: Case, times: pd.Series) -> pd.Series:
    """Return the number of the window that each row is in."""
    if case.spec["window"]["every"] == "month":
        return (times.dt.year * 12 + times.dt.month) - (times.min().year * 12 + times.min().month)
    length = 7 if case.spec["window"]["every"] == "week" else 1
    return (times - times.min().floor("D")).dt.days // length


def rng_of(case: Case) -> np.random.Generator:
    """Return a generator of random numbers of the case's own, other than the one that built it."""
    return np.random.default_rng(zlib.crc32(f"truth:{case.name}".encode()))
