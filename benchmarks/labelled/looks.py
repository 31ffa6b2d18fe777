"""An independent look at two windows in order of time: whether they are as alike as parts of the reference are.

Nothing of the engine is used. It is asked of pairs that follow each other in time only. Random parts of the same rows
are healthy by construction; leaving out those that look unlike each other by chance would leave out what has to stay
quiet.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from labelled.case import Rows
from labelled.tables import TIME, Table

_LEAST_DISTANCE = 0.06
"""Distances below this one are of no interest, whatever the reference's own parts are like."""
_CHANCE = 1.63
"""The 1 % level of a Kolmogorov–Smirnov distance is this times the root of (n + m) / nm."""
_LEAST_ROWS_FRACTION, _MOST_ROWS_FRACTION = 0.7, 1.4
"""Rows of an ordinary window, against the mean of as long parts of the reference."""
_MOST_RISE = 0.1
"""An ordinary loss is at most this share above that on held-out rows of the reference …"""
_MOST_SPREADS = 2.0
"""… or lies within this many standard errors of it, over blocks of time."""
_BLOCKS = 8
_FITTED_FRACTION = 0.7


def refusal(table: Table, pair: Rows, *, with_loss: bool = True) -> str:
    """Return why two windows are no healthy pair, or nothing if they are.

    Parameters
    ----------
    table : Table
        What the rows are.
    pair : tuple of pandas.DataFrame
        The reference and the current window.
    with_loss : bool
        Whether the loss of a plain model is looked at as well.

    Returns
    -------
    str
    """
    reference, current = pair
    if len(reference) < 60 or len(current) < 20:
        return "too few rows"
    parts = _parts(reference, current)
    if len(parts) < 2:
        return "the reference has no two parts as long as the window"
    share = len(current) / np.mean([len(part) for part in parts])
    if not _LEAST_ROWS_FRACTION <= share <= _MOST_ROWS_FRACTION:
        return f"{share:.2f} times the usual rows"
    for name in (*table.numeric, *table.categorical, table.target):
        far, usual = _distance(reference[name], current[name]), _usual(parts, name)
        chance = _CHANCE * np.sqrt(1 / len(reference) + 1 / len(current))
        if far > max(usual, chance, _LEAST_DISTANCE):
            return f"{name} lies {far:.2f} away, parts of the reference {usual:.2f}"
        blanks = current[name].isna().mean() - reference[name].isna().mean()
        if abs(blanks) > 0.03:
            return f"{name} is blank in {blanks:+.0%}"
    return _lost(table, reference, current) if with_loss else ""


def _parts(reference: pd.DataFrame, current: pd.DataFrame) -> list[pd.DataFrame]:
    """Cut the reference into parts that are as long as the window."""
    length = current[TIME].max() - current[TIME].min()
    number = ((reference[TIME] - reference[TIME].min()) / max(length * 1.02, pd.Timedelta(minutes=1))).astype(int)
    return [part for _, part in reference.groupby(number) if len(part) >= 0.5 * len(current)]


def _usual(parts: list[pd.DataFrame], name: str) -> float:
    """Return the largest distance of a part of the reference from the others together."""
    distances = []
    for at, part in enumerate(parts):
        others = pd.concat([other[name] for number, other in enumerate(parts) if number != at])
        distances.append(_distance(others, part[name]))
    return max(distances)


def _distance(before: pd.Series, now: pd.Series) -> float:
    """Return the Kolmogorov–Smirnov distance of numbers, or the total variation of categories."""
    if pd.api.types.is_numeric_dtype(before):
        edges = np.sort(np.concatenate([before.dropna(), now.dropna()]))
        shares = [
            np.searchsorted(np.sort(values.dropna()), edges, side="right") / len(values) for values in (before, now)
        ]
        return float(np.max(np.abs(shares[0] - shares[1]))) if len(edges) else 0.0
    counts = [values.astype(str).value_counts(normalize=True) for values in (before, now)]
    # Rare categories differ by chance: what all of them have together counts as one.
    frequent = counts[0].index[counts[0] >= 0.01]
    before_share, now_share = (share.reindex(frequent).fillna(0.0) for share in counts)
    rest = abs(before_share.sum() - now_share.sum())
    return float((abs(before_share - now_share).sum() + rest) / 2)


def _lost(table: Table, reference: pd.DataFrame, current: pd.DataFrame) -> str:
    """Return whether a plain model, fitted on the earlier rows of the reference, does worse on the window."""
    cut = int(len(reference) * _FITTED_FRACTION)
    train, held_out = reference[:cut], reference[cut:]
    if train[table.target].nunique() < 2:
        return "the target is one value"
    regression = table.task == "regression"
    booster = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    columns = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), list(table.categorical)),
        (("passthrough"), list(table.numeric)),
    )
    model = make_pipeline(columns, booster(max_iter=60, max_depth=4, random_state=0))
    model.fit(train, train[table.target])

    def losses(rows: pd.DataFrame) -> np.ndarray:
        if regression:
            errors = np.abs(rows[table.target] - model.predict(rows))
        else:
            chances = np.clip(model.predict_proba(rows)[:, 1], 1e-3, 1 - 1e-3)
            errors = -np.log(np.where(rows[table.target] == 1, chances, 1 - chances))
        return np.array([np.mean(block) for block in np.array_split(np.asarray(errors), _BLOCKS)])

    before, now = losses(held_out), losses(current)
    rise = now.mean() - before.mean()
    error = np.sqrt(before.var(ddof=1) / _BLOCKS + now.var(ddof=1) / _BLOCKS)
    if rise > _MOST_RISE * before.mean() and rise > _MOST_SPREADS * error:
        return f"the loss rises from {before.mean():.3g} to {now.mean():.3g}"
    return ""
