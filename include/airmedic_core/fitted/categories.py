"""Columns of text as the categories that boosting libraries were fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def with_categories(rows: pd.DataFrame, known: Mapping[str, Sequence[Any]] | None = None) -> pd.DataFrame:
    """Return rows whose categories are pandas categoricals; a value that the model never saw is missing.

    Parameters
    ----------
    rows : pandas.DataFrame
        Prepared rows: numbers, and text.
    known : mapping of str to sequence, optional
        Column → the categories that the model was fitted on, in its order. Where not given, all columns of text become
        categories, as they are before a fit.
    """
    import pandas as pd

    from airmedic_core.columns import category_name, is_text

    if known is None:
        text = [name for name in rows.columns if is_text(rows[name])]
        return rows.astype(dict.fromkeys(text, "category")) if text else rows
    arranged = {}
    for column, categories in known.items():
        codes = {category_name(category): code for code, category in enumerate(categories)}
        values = rows[column]
        names = {value: codes.get(category_name(value), -1) for value in values.dropna().unique()}
        chosen = values.map(names).fillna(-1).astype("int64")
        arranged[column] = pd.Categorical.from_codes(chosen.tolist(), categories=pd.Index(categories))
    return rows.assign(**arranged)
