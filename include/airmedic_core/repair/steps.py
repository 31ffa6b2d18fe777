"""The steps of a repair: each undoes one fault exactly, on a copy of the rows.

A check that knows the inverse of what it has found writes it into its finding as plain JSON. The list is closed: what
is approved is a step with its numbers and names, never code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from airmedic_core.errors import RepairError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_DIGITS = 12
"""Significant digits that a value keeps when it is converted back: the product of two floats differs from the value
that was meant in the sixteenth, and a column of few values would otherwise have none of them any more."""
_MULTIPLIER = 11400714819323198485
"""Mixes hashes that are combined: 2⁶⁴ divided by the golden ratio (Knuth, The Art of Computer Programming 6.4)."""
_SHOWN = 3
"""Pairs of names that a sentence shows."""


class Step(Protocol):
    """One step of a repair."""

    kind: ClassVar[str]
    order: ClassVar[int]
    """Columns get their names before values are mapped, and values before rows are counted."""

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a copy of the rows on which the fault is undone; the given rows stay as they are."""

    def words(self) -> str:
        """Say what is done, in a sentence."""


@dataclass(frozen=True)
class RenameColumn:
    """A column that arrived under another name."""

    column: str
    to: str
    kind: ClassVar[str] = "rename_column"
    order: ClassVar[int] = 1

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Give the column its name back."""
        _require(frame, self.column)
        if self.to in frame:
            raise RepairError(f"There is a column {self.to!r} already.", "Look which of the two is meant.")
        return frame.rename(columns={self.column: self.to})

    def words(self) -> str:
        """Say which name the column gets."""
        return f"The column {self.column} is called {self.to} again."


@dataclass(frozen=True)
class ExchangeColumns:
    """Two columns that lie under each other's names."""

    column: str
    other: str
    kind: ClassVar[str] = "exchange_columns"
    order: ClassVar[int] = 2

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Exchange the two once more."""
        _require(frame, self.column)
        _require(frame, self.other)
        return frame.assign(**{self.column: frame[self.other], self.other: frame[self.column]})

    def words(self) -> str:
        """Say which columns are exchanged."""
        return f"The columns {self.column} and {self.other} are exchanged."


@dataclass(frozen=True)
class RenameValues:
    """Values that arrived under another name or code."""

    column: str
    values: tuple[tuple[str, str], ...]
    """Pairs: the value as it arrived, and the one that it stands for; empty for a missing one."""
    kind: ClassVar[str] = "rename_values"
    order: ClassVar[int] = 3

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Give the values their names back."""
        import numpy as np
        import pandas as pd

        from airmedic_core.profile.values import category_names, numbers

        _require(frame, self.column)
        before, meant = frame[self.column], dict(self.values)
        is_number = pd.api.types.is_numeric_dtype(before.dtype) and not pd.api.types.is_bool_dtype(before.dtype)
        if is_number:
            names = np.array([_number_name(value) for value in numbers(before)[0]], dtype=object)
        else:
            names = category_names(before)
        arrived = np.isin(names, list(meant))
        if not arrived.any():
            raise RepairError(
                f"No row of {self.column!r} holds what is to be renamed.", "Look at the findings of the window again."
            )
        instead: list[Any] = [meant.get(name) or None for name in names]
        if is_number and all(map(_is_number, meant.values())):
            floats = np.array([np.nan if value is None else float(value) for value in instead])
            return frame.assign(**{self.column: np.where(arrived, floats, numbers(before)[0])})
        values = before.astype(object).mask(pd.Series(arrived, index=before.index), pd.Series(instead, before.index))
        return frame.assign(**{self.column: values})

    def words(self) -> str:
        """Say which value is which again."""
        pairs = ", ".join(f"{new or 'blank'} → {old or 'blank'}" for new, old in self.values[:_SHOWN])
        more = f" and {len(self.values) - _SHOWN} more" if len(self.values) > _SHOWN else ""
        return f"Values of {self.column} get their names back: {pairs}{more}."


@dataclass(frozen=True)
class MakeNull:
    """Values that stand in for missing ones."""

    column: str
    values: tuple[float | str, ...]
    kind: ClassVar[str] = "make_null"
    order: ClassVar[int] = 4

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Make the values null."""
        import numpy as np

        from airmedic_core.profile.values import category_names, numbers

        _require(frame, self.column)
        before = frame[self.column]
        if all(isinstance(value, str) for value in self.values):
            stands_in = np.isin(category_names(before), list(self.values))
        else:
            stands_in = np.isin(numbers(before)[0], [float(value) for value in self.values])
        if not stands_in.any():
            raise RepairError(f"No row of {self.column!r} holds {self._named()}.", "Look at the findings again.")
        return frame.assign(**{self.column: before.mask(stands_in)})

    def words(self) -> str:
        """Say which values become null."""
        return f"Where {self.column} is {self._named()}, it is missing."

    def _named(self) -> str:
        return " or ".join(value if isinstance(value, str) else f"{value:g}" for value in self.values)


@dataclass(frozen=True)
class Convert:
    """Numbers that arrived in another unit: ``factor · x + offset``."""

    column: str
    factor: float
    offset: float = 0.0
    name: str = ""
    """The conversion in words."""
    where: Literal["all", "above", "below", "group"] = "all"
    """Which rows were converted."""
    bound: float = 0.0
    """For ``above`` and ``below``: values beyond it are converted ones."""
    group: tuple[str, str] = ("", "")
    """For ``group``: a column, and the category whose rows were converted."""
    kind: ClassVar[str] = "convert"
    order: ClassVar[int] = 5

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Bring the values back."""
        import numpy as np

        _require(frame, self.column)
        if not self.factor:
            raise RepairError(f"A factor of 0 leaves nothing of {self.column!r} to bring back.", "Hold the window.")
        values = _all_numbers(frame, self.column)
        back = rounded((values - self.offset) / self.factor)
        return frame.assign(**{self.column: np.where(self._converted(frame, values), back, values)})

    def _converted(self, frame: pd.DataFrame, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        import numpy as np

        from airmedic_core.profile.values import category_names

        if self.where == "above":
            return values > self.bound
        if self.where == "below":
            return values < self.bound
        if self.where == "group":
            _require(frame, self.group[0])
            inside: NDArray[np.bool_] = category_names(frame[self.group[0]]) == self.group[1]
            return inside
        return np.ones(len(values), dtype=bool)

    def words(self) -> str:
        """Say what is done to which values."""
        rows = {
            "all": "",
            "above": f" above {self.bound:.6g}",
            "below": f" below {self.bound:.6g}",
            "group": f" where {self.group[0]} is {self.group[1]}",
        }[self.where]
        shift = f"less {self.offset:g}, " if self.offset else ""
        undone = f"{shift}divided by {self.factor:.6g}" if abs(self.factor) > 1 else f"{shift}times {1 / self.factor:g}"
        if self.factor == -1.0:
            undone = f"{shift}with the other sign"
        return f"The values of {self.column}{rows} are converted back: {undone}."


@dataclass(frozen=True)
class TurnClock:
    """Hours of the day that arrived in another time zone."""

    column: str
    hours: int
    kind: ClassVar[str] = "turn_clock"
    order: ClassVar[int] = 6

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Turn the clock back."""
        _require(frame, self.column)
        return frame.assign(**{self.column: (_all_numbers(frame, self.column) - self.hours) % 24})

    def words(self) -> str:
        """Say by how many hours."""
        return f"The clock of {self.column} is turned back by {self.hours} hours."


@dataclass(frozen=True)
class DropRepeats:
    """Rows that were delivered more than once."""

    copies: int
    """Says how often a row that is repeated comes."""
    ignored: tuple[str, ...] = ()
    """Columns that say nothing of whether rows are the same, such as logged predictions."""
    kind: ClassVar[str] = "drop_repeats"
    order: ClassVar[int] = 7

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Keep of each row as many as there were before the delivery was repeated."""
        import numpy as np

        same = frame.groupby(row_hashes(frame.drop(columns=list(self.ignored), errors="ignore")), sort=False)
        first = same.ngroup()
        times = first.map(first.value_counts())
        if (told := (times > 1) & (times % self.copies > 0)).any():
            raise RepairError(
                f"{int(told.sum())} rows repeat each other, and not {self.copies} times each.",
                "Nobody can tell how often they were there before. Have the rows delivered again.",
            )
        keep = same.cumcount() < np.ceil(times / self.copies)
        return frame[keep.to_numpy()].reset_index(drop=True)

    def words(self) -> str:
        """Say how many of each row are kept."""
        return f"Of rows that repeat each other exactly, one in {self.copies} is kept."


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values with twelve significant digits.

    >>> import numpy as np
    >>> rounded(np.array([0.1 + 0.2, (212.0 - 32.0) / 1.8, 0.0])).tolist()
    [0.3, 100.0, 0.0]
    """
    import numpy as np

    sizes = np.abs(values)
    told = np.isfinite(sizes) & (sizes > 0)
    places = np.zeros_like(values)
    places[told] = _DIGITS - 1 - np.floor(np.log10(sizes[told]))
    # Powers of ten are exact up to 22: a value is scaled by one, and by the one that takes it back.
    up, down = 10.0 ** np.clip(places, 0, 22), 10.0 ** np.clip(-places, 0, 22)
    with np.errstate(invalid="ignore", over="ignore"):
        near: NDArray[np.float64] = np.round(values * up / down) / up * down
    return np.where(told & np.isfinite(near), near, values)


def row_hashes(frame: pd.DataFrame) -> NDArray[np.uint64]:
    """Return one number for each row, the same one for rows that hold the same values."""
    import numpy as np
    import pandas as pd

    combined: NDArray[np.uint64] = np.zeros(len(frame), dtype=np.uint64)
    for name in frame.columns:
        values = frame[name]
        try:
            hashes = pd.util.hash_pandas_object(values, index=False, categorize=False).to_numpy()
        except TypeError:  # lists and mappings have no hash, and count by their text
            hashes = pd.util.hash_pandas_object(values.astype(str), index=False).to_numpy()
        combined = combined * np.uint64(_MULTIPLIER) + hashes.astype(np.uint64)
    return combined


def _require(frame: pd.DataFrame, column: str) -> None:
    if column not in frame:
        raise RepairError(f"The rows have no column {column!r}.", "The window was delivered anew; look at it again.")


def _all_numbers(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return the numbers of a column. A text that is none would be lost."""
    from airmedic_core.profile.values import numbers

    values, unreadable = numbers(frame[column])
    if unreadable:
        raise RepairError(
            f"{unreadable} values of {column!r} are no numbers, so that they cannot be converted.",
            "Hold the window until the column can be read.",
        )
    return values


def _is_number(text: str) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True


def _number_name(value: float) -> str:
    return "" if value != value else f"{value:.12g}"  # noqa: PLR0124  not-a-number is unlike itself
