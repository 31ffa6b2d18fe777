"""Recognises how moments are written that are neither ISO 8601 nor numbers that count from 1970."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from airmedic_core.columns import is_text
from airmedic_core.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd

_DIGITS = "%Y%m%d"
_DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", _DIGITS)
_CLOCKS = ("", " %H:%M", " %H:%M:%S")
_FIRST, _LAST = 19_000_101, 21_001_231
"""Numbers that are days written without separators."""
_TRIED = 100
"""Values that show whether the rest is worth looking at."""


def written_formats(values: pd.Series) -> list[str]:
    """Return the formats, as codes of ``strptime``, in which all values of a column are moments.

    >>> import pandas as pd
    >>> written_formats(pd.Series(["31.01.2026", "01.02.2026"])), written_formats(pd.Series([20260131, 20260201]))
    (['%d.%m.%Y'], ['%Y%m%d'])
    >>> written_formats(pd.Series(["01/02/2026", "03/04/2026"]))
    ['%d/%m/%Y', '%m/%d/%Y']
    """
    import pandas as pd

    known = values.dropna()
    if known.empty or pd.api.types.is_bool_dtype(known):
        return []
    if pd.api.types.is_numeric_dtype(known):
        return [_DIGITS] if known.between(_FIRST, _LAST).all() and _fits(known, _DIGITS) else []
    if not is_text(known):
        return []
    return [form for form in map("".join, product(_DATES, _CLOCKS)) if _fits(known, form)]


def written_format(values: pd.Series) -> str:
    """Return the format of a time column; empty where none fits, as none does to ISO 8601.

    Raises
    ------
    SpecError
        If day and month cannot be told apart.
    """
    forms = written_formats(values)
    if len(forms) > 1:
        raise SpecError(
            f"In the time column {values.name!r} day and month cannot be told apart: {str(values.dropna().iloc[0])!r}.",
            f"Say which it is with --time-format '{forms[0]}', or '{forms[1]}'.",
        )
    return forms[0] if forms else ""


def _fits(known: pd.Series, form: str) -> bool:
    import pandas as pd

    from airmedic_core.reading.moments import read_times

    values = pd.Series(known.unique())
    return all(bool(read_times(part, form).notna().all()) for part in (values[:_TRIED], values))
