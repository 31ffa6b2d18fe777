"""Steps of a repair as plain JSON, and the rows on which they are applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError, RepairError
from airmedic_core.records.plain_json import Json, from_json
from airmedic_core.repair.steps import (
    Convert,
    DropRepeats,
    ExchangeColumns,
    MakeNull,
    RenameColumn,
    RenameValues,
    Step,
    TurnClock,
)

if TYPE_CHECKING:
    import pandas as pd

_STEPS: dict[str, type[Step]] = {
    step.kind: step for step in (RenameColumn, ExchangeColumns, RenameValues, MakeNull, Convert, TurnClock, DropRepeats)
}


def step_to_json(step: Step) -> Json:
    """Return a step as plain JSON."""
    plain: Json = {"kind": step.kind}
    for name, value in vars(step).items():
        plain[name] = (
            [list(item) if isinstance(item, tuple) else item for item in value] if isinstance(value, tuple) else value
        )
    return plain


def step_from_json(plain: Json) -> Step:
    """Return the step that plain JSON describes.

    Raises
    ------
    RepairError
        If it describes none. A retry does not help.

    Examples
    --------
    >>> step_from_json({"kind": "convert", "column": "weight", "factor": 1000.0}).words()
    'The values of weight are converted back: divided by 1000.'
    """
    kind = str(plain.get("kind"))
    if kind not in _STEPS:
        raise RepairError(f"There is no step {kind!r} of a repair.", f"The steps are {', '.join(_STEPS)}.")
    try:
        return from_json(_STEPS[kind], {key: value for key, value in plain.items() if key != "kind"})
    except ValueError as error:
        raise RepairError(f"The step {kind!r} of a repair cannot be read.", str(error)[:200]) from error


def apply_steps(frame: pd.DataFrame, steps: Sequence[Step]) -> pd.DataFrame:
    """Return a copy of rows on which the steps are undone, one after the other.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows as they arrived. They stay as they are.
    steps : sequence of Step
        In any order.

    Raises
    ------
    RepairError
        If a step does not fit the rows. A retry does not help.
    """
    return apply_counted(frame, steps)[0]


def apply_counted(frame: pd.DataFrame, steps: Sequence[Step]) -> tuple[pd.DataFrame, list[int]]:
    """Return what ``apply_steps`` returns, and raises, with how many rows each step changes, in the given order."""
    counts: dict[int, int] = {}
    for place, step in sorted(enumerate(steps), key=lambda numbered: numbered[1].order):
        before = frame
        try:
            frame = step.apply(frame)
        except AirmedicError:
            raise
        except (TypeError, ValueError, KeyError) as error:
            raise RepairError(
                f"A step {step.kind!r} does not fit the rows ({type(error).__name__}).", "Hold the window."
            ) from error
        counts[place] = _changed(before, frame, step)
    return frame, [counts[place] for place in range(len(steps))]


def columns_of(step: Step) -> set[str]:
    """Return the columns that a step names."""
    named = {getattr(step, name, "") for name in ("column", "other", "to")} | set(getattr(step, "group", ())[:1])
    return {name for name in named if name}


def _changed(before: pd.DataFrame, after: pd.DataFrame, step: Step) -> int:
    """Count the rows that a step has changed or left out."""
    import numpy as np

    if len(before) != len(after) or set(before) != set(after):
        return abs(len(before) - len(after)) or len(after)
    changed = np.zeros(len(after), dtype=bool)
    for name in columns_of(step):
        old, new = before[name].astype(object), after[name].astype(object)
        changed |= (old.ne(new) & ~(old.isna() & new.isna())).to_numpy()
    return int(changed.sum())
