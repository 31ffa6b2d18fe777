"""Which rows a challenger may be trained on, and which are withheld for the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.asked_labels import with_all_answers
from airmedic_core.errors import TrainingError
from airmedic_core.repair import with_repaired
from airmedic_core.sources import count_rows, known_labels, label_delay, read_sample, read_window
from airmedic_core.windows import Every, Window, as_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.ledger import ObservedBatch
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

MIN_BLOCKS = 5
"""Stretches of time, of an hour at the least, that the gate needs to compare on. Rows of one stretch fail together,
and an interval from fewer says little."""
_MIN_CLASS_ROWS = 10
_ALL_BATCHES = 100_000
_UNSEEN = "assessment:batch:error"
"""Finding of an assessment for which no check has looked at the batch."""
_FRESH_FRACTION = 0.3
"""Withheld of the rows after a change: these are few, and their time has to be long enough to be compared on."""


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """The usable rows of a window, split in time."""

    frame: pd.DataFrame
    """All usable rows by time, also those whose label is not known yet."""
    known: NDArray[np.bool_]
    """Rows whose label is known, and that are old enough for practically all labels of their age to be."""
    newest: NDArray[np.bool_]
    """Rows of the withheld part."""
    window: Window
    """The time from the first to the last row that may be trained on."""
    holdout: Window
    """The withheld part, up to its last labelled row."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Why rows were left out → how many."""
    answered: NDArray[np.bool_] | None = None
    """Rows whose label people have given, in place of the source; None where nobody did."""

    @property
    def train(self) -> pd.DataFrame:
        """Rows to fit on."""
        return self.frame[self.known & ~self.newest]

    @property
    def withheld(self) -> pd.DataFrame:
        """Labelled rows that training never sees."""
        return self.frame[self.known & self.newest]


def training_window(spec: ModelSpec, as_of: datetime) -> Window:
    """Return the window that the spec trains on at a moment: ``retrain.window`` back from it, from a whole boundary."""
    step = Every.parse(spec.retrain.window)
    as_of = as_utc(as_of)
    return Window(step.shift(Every(1, step.unit).floor(as_of), -1), as_of)


def unusable_windows(ws: Workspace) -> dict[Window, str]:
    """Return the windows whose rows are never trained on and never make a reference, with the reason.

    These are the quarantined ones, those in which something was found whose cause lies in the data, be it only to be
    watched, and those that nobody knows to be sound: a check of the data failed, or monitoring never assessed them.
    """
    unusable: dict[Window, str] = {}
    batches = ws.ledger.batches(ws.spec.name, limit=_ALL_BATCHES)
    unchecked = ws.ledger.unchecked(ws.spec.name)
    for seen in batches:
        assessment = seen.assessment
        if assessment is not None and assessment.cause.lies_in_data:
            unusable[seen.batch.window] = assessment.cause.value
        elif assessment is not None and (seen.batch.id in unchecked or _UNSEEN in assessment.finding_keys):
            unusable[seen.batch.window] = "not checked"
    for gap in _never_assessed(ws.spec, batches):
        unusable[gap] = "never assessed"
    for override in ws.ledger.overrides(ws.spec.name, "quarantine"):
        unusable[Window.from_key(override.key)] = "quarantined"
    return unusable


def _never_assessed(spec: ModelSpec, batches: Sequence[ObservedBatch]) -> list[Window]:
    """Return what lies between the first and the last window of monitoring and was not assessed.

    The reference was accepted as it is: to look at an old window again makes nothing else unusable.
    """
    if not batches:
        return []
    reached = batches[-1].batch.window.start
    if spec.reference is not None:
        reached = max(reached, spec.reference.window.end)
    gaps = []
    for seen in reversed(batches):
        window = seen.batch.window
        if seen.assessment is None or window.end <= reached:
            continue
        if window.start > reached:
            gaps.append(Window(reached, window.start))
        reached = window.end
    last = max(seen.batch.window.end for seen in batches)
    return [*gaps, Window(reached, last)] if reached < last else gaps


def usable_rows(ws: Workspace, window: Window, *, sampled: bool = False) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows of a window without those of unusable windows, and how many were left out for what.

    Windows that were repaired are in it as they were repaired.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The rows to read.
    sampled : bool
        Whether a sample of ``data.sample_rows`` will do where there are more.

    Raises
    ------
    SourceError
        As :func:`airmedic_core.sources.read_window`.
    """
    if sampled:
        total = count_rows(ws.spec, window)
        frame = read_sample(ws.spec, window, rows=total)
        fraction = min(ws.spec.data.sample_rows / max(total, 1), 1.0)
    else:
        frame, fraction = read_window(ws.spec, window), 1.0
    frame, changed = with_repaired(ws, window, frame, fraction=fraction)
    times = frame[ws.spec.data.time_column]
    keep = np.ones(len(frame), dtype=bool)
    left_out: dict[str, int] = {}
    for bad, reason in (unusable_windows(ws) | changed).items():
        inside = keep & np.asarray((times >= bad.start) & (times < bad.end))
        if inside.any():
            left_out[reason] = left_out.get(reason, 0) + int(inside.sum())
            keep &= ~inside
    return frame[keep].reset_index(drop=True), left_out


def settled_labels(
    spec: ModelSpec, frame: pd.DataFrame, as_of: datetime, *, answered: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Return which rows have a label that is known and are old enough for practically all of their age to have one.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : pandas.DataFrame
        The rows.
    as_of : datetime
        The moment at which labels must be known.
    answered : array of bool, optional
        Rows that people were asked about. These were chosen evenly over what the model says, so that they stand for
        their window at whatever age, and they say nothing of how long the source's labels take.
    """
    times = frame[spec.data.time_column]
    arrived = np.asarray(known_labels(spec, frame, as_of), dtype=bool)
    asked = np.zeros(len(frame), dtype=bool) if answered is None else answered
    # The older half shows how long labels take: of the newest rows only the quick ones are known.
    delay = label_delay(spec, frame[arrived & ~asked & np.asarray(times <= times.median())])
    settled: NDArray[np.bool_] = arrived & (asked | np.asarray(times <= as_utc(as_of) - delay))
    return settled


def training_rows(ws: Workspace, window: Window, as_of: datetime, *, since: datetime | None = None) -> TrainingRows:
    """Choose the rows of a training, and withhold the newest of them.

    The withheld part begins at a moment, so that rows of the same time, duplicates among them, are never on both sides.
    Where a change is known, the part is measured on the rows after it: otherwise everything since a recent change
    would be withheld, and nothing could be learnt of it. Labels that people have returned count like the source's, on
    whichever side of that moment their rows are.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The rows to choose from.
    as_of : datetime
        Labels that became known later do not exist yet.
    since : datetime, optional
        When the relation changed.

    Raises
    ------
    TrainingError
        If the rows, or those of a class, are too few. A retry does not help until there are more.
    SourceError
        As :func:`airmedic_core.sources.read_window`.
    """
    spec = ws.spec
    frame, left_out = usable_rows(ws, window)
    frame, answered = with_all_answers(ws, window, frame, as_of)
    times = frame[spec.data.time_column]
    arrived = np.asarray(known_labels(spec, frame, as_of), dtype=bool)
    known = settled_labels(spec, frame, as_of, answered=answered)
    labelled = times[known]
    if len(labelled) < spec.retrain.min_rows:
        raise TrainingError(
            f"{spec.name!r} has {len(labelled)} usable labelled rows in {window}; {spec.retrain.min_rows} are needed"
            f"{_shown(left_out)}.",
            "Wait for more labels, or set retrain.window or retrain.min_rows.",
        )
    late = {"label not known yet": int((~arrived).sum()), "label known early": int((arrived & ~known).sum())}
    boundary = _boundary(spec, labelled, as_utc(since) if since else None)
    newest = np.asarray(times >= boundary)
    rows = TrainingRows(
        frame=frame,
        known=known,
        newest=newest,
        window=Window(labelled.iloc[0].to_pydatetime(), boundary),
        holdout=Window(boundary, labelled.iloc[-1].to_pydatetime() + timedelta(microseconds=1)),
        left_out=left_out | {reason: rows for reason, rows in late.items() if rows},
        answered=answered if answered.any() else None,
    )
    check_enough(spec, rows.train)
    return rows


def check_enough(spec: ModelSpec, train: pd.DataFrame) -> None:
    """Check that rows are enough to fit on.

    Raises
    ------
    TrainingError
        If they are not.
    """
    if len(train) < spec.retrain.min_rows // 2:
        raise TrainingError(
            f"Only {len(train)} rows are left to train {spec.name!r} on.",
            "Lower retrain.holdout_fraction, or widen retrain.window.",
        )
    if spec.task == "regression":
        return
    counts = train[spec.target].value_counts()
    if len(counts) < 2:
        raise TrainingError(
            f"All {len(train)} training rows of {spec.name!r} have the same {spec.target!r}.",
            "Widen retrain.window until both occur.",
        )
    if counts.iloc[-1] < _MIN_CLASS_ROWS:
        raise TrainingError(
            f"Only {counts.iloc[-1]} training rows of {spec.name!r} have {spec.target} = {counts.index[-1]};"
            f" {_MIN_CLASS_ROWS} are needed.",
            "Widen retrain.window, or wait for more labels.",
        )


def _boundary(spec: ModelSpec, labelled: pd.Series, since: datetime | None) -> datetime:
    fraction = spec.retrain.holdout_fraction
    wanted = max(1, round(fraction * len(labelled)))
    if since is not None:
        after = int((labelled >= since).sum())
        if after:
            fresh = max(fraction, _FRESH_FRACTION)
            wanted = min(wanted, max(round(fresh * after), min(spec.gate.min_rows, after // 2), 1))
    boundary = min(labelled.iloc[-wanted], _enough_blocks(labelled)).to_pydatetime()
    first = labelled.iloc[0].to_pydatetime()
    if boundary <= first:
        raise TrainingError(
            f"The rows of {spec.name!r} cannot be split in time: most are of {first:%Y-%m-%d %H:%M}.",
            "Widen retrain.window, or check data.time_column.",
        )
    moment: datetime = boundary
    return moment


def _enough_blocks(labelled: pd.Series) -> pd.Timestamp:
    """Return the moment from which on the rows are of enough different hours for the gate to compare on."""
    hours = labelled.dt.floor("h").drop_duplicates()
    newest: pd.Timestamp = hours.iloc[-min(MIN_BLOCKS, len(hours))]
    return newest


def _shown(left_out: dict[str, int]) -> str:
    return "; left out: " + ", ".join(f"{rows} {reason}" for reason, rows in left_out.items()) if left_out else ""
