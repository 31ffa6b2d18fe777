"""The reference: what a model version was accepted on, kept as profiles with that version."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.columns import ColumnType, ColumnTypes, column_types, is_text
from airmedic_core.errors import SourceError
from airmedic_core.metrics import Interval, interval, metrics_for, row_losses, score_column
from airmedic_core.profile.build import build_profile
from airmedic_core.profile.column_json import window_from_json, window_to_json
from airmedic_core.profile.columns import ProfileError
from airmedic_core.profile.edges import Edges
from airmedic_core.profile.profile import FORMAT_VERSION, Profile
from airmedic_core.records import Json, from_json, to_json
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd

MOST_WINDOWS = 400
"""Windows of the reference that are profiled one by one; the newest."""
MOST_BLOCKS = 50
"""Blocks of neighbouring rows that the intervals of performance are drawn from."""


@dataclass(frozen=True, eq=False)
class WindowProfile:
    """One window of the reference."""

    window: Window
    profile: Profile
    metrics: dict[str, float] = field(default_factory=dict)
    """Metrics on the window's rows that the model was not trained on; empty where too few are labelled."""


@dataclass(frozen=True, eq=False)
class Reference:
    """Holds what a model version was accepted on. Build it with :func:`build_reference`."""

    edges: Edges
    schema: ColumnTypes
    """All columns of the source, in its order, with their types."""
    whole: Profile
    windows: tuple[WindowProfile, ...] = ()
    """The reference split into windows like those that are monitored, oldest first, empty ones included."""
    performance: dict[str, Interval] = field(default_factory=dict)
    """Metrics on rows that the model was not trained on."""

    @property
    def window(self) -> Window | None:
        """The time that the reference spans."""
        return self.whole.window

    @property
    def window_rows(self) -> tuple[int, ...]:
        """Rows of each window, oldest first."""
        return tuple(window.profile.rows for window in self.windows)

    def to_json(self) -> Json:
        """Return the reference as plain JSON."""
        return {
            "format_version": FORMAT_VERSION,
            "edges": self.edges.to_json(),
            "schema": [[name, kind.value] for name, kind in self.schema.items()],
            "whole": self.whole.to_json(edges=False),
            "windows": [
                {
                    "window": window_to_json(past.window),
                    "profile": past.profile.to_json(edges=False),
                    "metrics": past.metrics,
                }
                for past in self.windows
            ],
            "performance": {name: to_json(known) for name, known in self.performance.items()},
        }

    @classmethod
    def from_json(cls, plain: Json) -> Reference:
        """Return the reference that :meth:`to_json` wrote.

        Raises
        ------
        ProfileError
            If it was written in another format. A retry does not help.
        """
        if plain.get("format_version") != FORMAT_VERSION:
            raise ProfileError(
                f"The reference has format {plain.get('format_version')!r}, this version reads {FORMAT_VERSION}.",
                "Refresh the reference, or update airmedic.",
            )
        edges = Edges.from_json(plain["edges"])
        return cls(
            edges=edges,
            schema={name: ColumnType(kind) for name, kind in plain["schema"]},
            whole=Profile.from_json(plain["whole"], edges),
            windows=tuple(
                WindowProfile(
                    window_from_json(past["window"]), Profile.from_json(past["profile"], edges), dict(past["metrics"])
                )
                for past in plain["windows"]
            ),
            performance={name: from_json(Interval, known) for name, known in plain["performance"].items()},
        )

    def save(self, path: Path) -> None:
        """Write the reference to a gzipped JSON file."""
        path.write_bytes(gzip.compress(json.dumps(self.to_json()).encode(), compresslevel=3, mtime=0))

    @classmethod
    def load(cls, path: Path) -> Reference:
        """Return the reference of a file that :meth:`save` wrote.

        Raises
        ------
        ProfileError
            If the file is no reference, or in another format. A retry does not help.
        """
        try:
            plain = json.loads(gzip.decompress(path.read_bytes()))
        except (OSError, EOFError, ValueError) as error:
            raise ProfileError(f"{path.name} holds no reference: {error}.", "Refresh the reference.") from error
        return cls.from_json(plain)


def build_reference(
    spec: ModelSpec,
    frame: pd.DataFrame,
    *,
    scores: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    holdout_mask: np.ndarray | None = None,
    windows: Sequence[Window] | None = None,
) -> Reference:
    """Profile the rows that a model version was accepted on.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : pandas.DataFrame
        The rows, sorted by time, as :func:`airmedic_core.sources.read_window` returns them.
    scores : numpy.ndarray, optional
        The model's scores of the rows, shape (rows,), or (rows, classes) for a multiclass task.
    labels : numpy.ndarray, optional
        Numbers, as :class:`airmedic_core.metrics.Metric` takes them; not-a-number where not known.
    holdout_mask : numpy.ndarray, optional
        Which rows the model was not trained on; all of them where not given. Performance and score profiles come from
        these rows only.
    windows : sequence of Window, optional
        How the rows are split, oldest first; by the spec's ``window.every`` where not given.

    Returns
    -------
    Reference

    Raises
    ------
    SourceError
        If there are no rows.
    """
    if len(frame) == 0:
        raise SourceError("The reference has no rows.", "Check reference.start and reference.end in the spec.")
    held_out = np.ones(len(frame), bool) if holdout_mask is None else np.asarray(holdout_mask, bool)
    column = None if scores is None else np.where(held_out, score_column(scores), np.nan)
    known = None if labels is None else np.where(held_out, np.asarray(labels, float), np.nan)
    loss = None if scores is None or known is None else row_losses(spec.task, known, scores)
    edges = Edges.from_frame(spec, frame, column)
    window = _window_of(spec, frame)
    coded = _with_codes(frame, edges)

    def profile(rows: slice, span: Window | None) -> Profile:
        parts = [None if values is None else values[rows] for values in (column, known, loss)]
        return build_profile(edges, coded.iloc[rows], score=parts[0], label=parts[1], loss=parts[2], window=span)

    if windows is None:
        windows = spec.window.step.split(_whole_steps(spec, window))
    profiled = []
    moments = frame[spec.data.time_column]
    for past in windows[-MOST_WINDOWS:]:
        first, last = (int(moments.searchsorted(moment)) for moment in (past.start, past.end))
        rows = slice(first, last)
        metrics = {}
        if scores is not None and known is not None:
            metrics = _metrics(spec, known[rows], scores[rows])
        profiled.append(WindowProfile(past, profile(rows, past), metrics))
    return Reference(
        edges=edges,
        schema=column_types(frame),
        whole=profile(slice(None), window),
        windows=tuple(profiled),
        performance={} if scores is None or known is None else _performance(spec, known, scores),
    )


def _metrics(spec: ModelSpec, labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    known = np.isfinite(labels)
    if known.sum() < spec.window.min_rows:
        return {}
    values = {name: measure(labels[known], scores[known]) for name, measure in metrics_for(spec.task).items()}
    return {name: value for name, value in values.items() if np.isfinite(value)}


def _performance(spec: ModelSpec, labels: np.ndarray, scores: np.ndarray) -> dict[str, Interval]:
    known = np.flatnonzero(np.isfinite(labels))
    if len(known) == 0:
        return {}
    blocks = np.arange(len(known)) * min(MOST_BLOCKS, len(known)) // len(known)
    intervals = {
        name: interval(measure, labels[known], scores[known], blocks)
        for name, measure in metrics_for(spec.task).items()
    }
    return {name: known for name, known in intervals.items() if np.isfinite([known.value, known.low, known.high]).all()}


def _with_codes(frame: pd.DataFrame, edges: Edges) -> pd.DataFrame:
    """Find the distinct values of text once, not once for each window."""
    coded = frame.copy(deep=False)
    for name in edges.categorical:
        if is_text(frame[name]):
            with suppress(TypeError):  # lists and mappings have no hash
                coded[name] = frame[name].astype("category")
    return coded


def _window_of(spec: ModelSpec, frame: pd.DataFrame) -> Window:
    from datetime import timedelta

    moments = frame[spec.data.time_column]
    first, last = moments.iloc[0].to_pydatetime(warn=False), moments.iloc[-1].to_pydatetime(warn=False)
    return Window(first, last + timedelta(microseconds=1))


def _whole_steps(spec: ModelSpec, window: Window) -> Window:
    step = spec.window.step
    end = step.floor(window.end)
    return Window(step.floor(window.start), end if end >= window.end else step.shift(end, 1))
