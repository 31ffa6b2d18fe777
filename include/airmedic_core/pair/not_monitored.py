"""Which columns a comparison does not look at, and why: such a column must not be taken for a healthy one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec


def not_monitored(spec: ModelSpec, reference: pd.DataFrame, left_out: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of the reference that are not compared, each with the reason.

    Parameters
    ----------
    spec : ModelSpec
        The model. Its private columns are not named.
    reference : pandas.DataFrame
        Rows.
    left_out : mapping of str to str
        Column → why it is no input, as the edges of the reference keep it.
    """
    names = {str(name) for name in reference.columns}
    reasons = {name: "the spec excludes it" for name in spec.exclude if name in names} | dict(left_out)
    return {name: reason for name, reason in reasons.items() if not spec.is_private(name)}
