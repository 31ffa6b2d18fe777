"""Which columns a comparison does not look at, and why: such a column must not be taken for a healthy one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec


def not_monitored(spec: ModelSpec, reference: pd.DataFrame, features: Collection[str]) -> dict[str, str]:
    """Return the columns of the reference that are not compared, each with the reason.

    Parameters
    ----------
    spec : ModelSpec
        The model. Its private columns are not named.
    reference : pandas.DataFrame
        Rows.
    features : collection of str
        The columns that are compared.
    """
    from airmedic_core.profile.features import choose_features

    names = [str(name) for name in reference.columns]
    reasons = {name: "the spec excludes it" for name in spec.exclude if name in names}
    others = [name for name in names if name not in features and name not in reasons and spec.may_be_feature(name)]
    if others:
        declared = [*spec.features.numeric, *spec.features.categorical, spec.data.time_column]
        looked_at = [name for name in names if name in others or name in declared]
        reasons |= choose_features(spec, reference[looked_at]).left_out
    return {name: reason for name, reason in reasons.items() if not spec.is_private(name)}
