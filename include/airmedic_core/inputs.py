"""The columns that a model takes, and rows brought into the form it was fitted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from airmedic_core.errors import MissingColumnError, closest

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["number", "category", "unchanged"]
"""``unchanged`` columns are passed on as they are: those of models registered elsewhere, whose type is neither."""


@dataclass(frozen=True)
class Inputs:
    """The feature columns of a model version, in its order.

    Training and scoring prepare rows in the same way, so that a fitted model is plain scikit-learn and needs nothing
    of Airmedic to be served elsewhere.
    """

    kinds: tuple[tuple[str, Kind], ...]
    """Column and kind, in the model's order."""

    @classmethod
    def of(cls, numeric: Sequence[str], categorical: Sequence[str]) -> Self:
        """Return the inputs of a model that takes its numeric columns first."""
        numbers: list[tuple[str, Kind]] = [(name, "number") for name in numeric]
        return cls((*numbers, *((name, "category") for name in categorical)))

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the model's order."""
        return tuple(name for name, _ in self.kinds)

    @property
    def numeric(self) -> tuple[str, ...]:
        """Columns that are numbers."""
        return tuple(name for name, kind in self.kinds if kind == "number")

    @property
    def categorical(self) -> tuple[str, ...]:
        """Columns that are categories."""
        return tuple(name for name, kind in self.kinds if kind == "category")

    def prepare(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the feature columns: numbers as floats, categories as text, what is missing or not finite as NaN.

        Parameters
        ----------
        frame : pandas.DataFrame
            Rows as they were read; other columns are left out.

        Raises
        ------
        MissingColumnError
            If a column is not there. A retry does not help.
        """
        import pandas as pd

        missing = [name for name in self.columns if name not in frame.columns]
        if missing:
            shown = ", ".join(repr(name) for name in missing[:5]) + (", …" if len(missing) > 5 else "")
            raise MissingColumnError(
                f"The model takes the columns {shown}, which the rows do not have.",
                closest(missing[0], map(str, frame.columns)),
            )
        prepared = {name: _PREPARE[kind](frame[name]) for name, kind in self.kinds}
        return pd.DataFrame(prepared, index=frame.index, columns=list(self.columns))


def _number(column: pd.Series) -> pd.Series:
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    import numpy as np

    return numbers.where(np.isfinite(numbers))


def _text(column: pd.Series) -> pd.Series:
    import pandas as pd
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(column) and not is_bool_dtype(column):
        present = column.dropna()
        if (present % 1 == 0).all():
            # A column of whole numbers is read as floats as soon as one is missing: 9 and 9.0 are the same category.
            column = column.astype("Int64")
    import numpy as np

    text = column.astype("string").to_numpy(dtype=object, na_value=np.nan)
    # Said explicitly: a column in which everything is missing would become one of numbers.
    return pd.Series(text, index=column.index, dtype=object)


_PREPARE: dict[Kind, Callable[[pd.Series], pd.Series]] = {
    "number": _number,
    "category": _text,
    "unchanged": lambda column: column,
}
