"""Says whether logged scores still are probabilities: per cent, or raw values of a model, tell no performance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

_FEW_FRACTION = 0.01
"""Of the scores: so many outside of 0 to 1 in the reference mean that the model never logged probabilities."""


def without_impossible_scores(
    spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows in question without scores that are no probabilities, and a finding on these.

    Parameters
    ----------
    spec : ModelSpec
        The model. Only a binary model logs one probability.
    reference, current : pandas.DataFrame
        Rows. Where the reference's scores are no probabilities either, nothing is changed.
    """
    import pandas as pd

    column = spec.prediction.score
    if spec.task != "binary" or not column or column not in reference or column not in current:
        return current, []
    before, now = (pd.to_numeric(rows[column], errors="coerce") for rows in (reference, current))
    impossible = np.asarray((now < 0) | (now > 1))
    share = float(impossible.mean())
    if share <= _FEW_FRACTION or ((before < 0) | (before > 1)).mean() > _FEW_FRACTION:
        return current, []
    finding = Finding(
        "pair", column, "impossible_fraction", Verdict.ALERT, value=share, baseline=0.0, limit=_FEW_FRACTION,
        effect=share, sample_size=len(now), unit="fraction", suggests=(Cause.BAD_DEPLOYMENT,), role=Role.SCORES_MOVED,
        message=(
            f"{percent(share)} of the scores in {column} are no probabilities, such as {now[impossible].iloc[0]:.4g}; "
            "they were between 0 and 1."
        ),
    )  # fmt: skip
    return current.assign(**{column: now.where(~impossible)}), [finding]
