"""Says what each source promises."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airmedic.testing.production import day, renewals
from airmedic.testing.setting import Setting
from airmedic_core.sources.contract import Source
from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd

_DAYS = 4
_WINDOW = Window(day(1), day(3))


def it_counts_the_rows_that_it_reads(source: Source, setting: Setting) -> None:
    """Read, streamed, counted and left where they are, the rows of a window are the same number."""
    spec, rows = _delivered(setting)
    for window in (_WINDOW, None):
        expected = len(_within(rows, window))
        assert len(source.read(spec, window, None)) == expected
        assert sum(batch.num_rows for batch in source.stream(spec, window, None)) == expected
        assert source.count(spec, window) == expected
        with source.place(spec, window) as placed:
            # A table of Ibis counts where it is; anything else is a stream.
            table: Any = placed
            counted = table.count().execute() if hasattr(table, "execute") else sum(part.num_rows for part in table)
        assert counted == expected


def a_window_holds_its_start_and_not_its_end(source: Source, setting: Setting) -> None:
    """A row on the border of two windows belongs to the later one."""
    spec, _ = _delivered(setting)
    read = source.read(spec, _WINDOW, None)["at"]
    assert read.min() == _WINDOW.start
    assert read.max() < _WINDOW.end
    halves = [Window(_WINDOW.start, day(2)), Window(day(2), _WINDOW.end)]
    assert sum(source.count(spec, half) for half in halves) == source.count(spec, _WINDOW)


def it_reads_rows_by_time_in_utc(source: Source, setting: Setting) -> None:
    """The order of the rows says which came first, and their times are comparable."""
    spec, rows = _delivered(setting)
    read = source.read(spec, _WINDOW, None)
    assert read["at"].is_monotonic_increasing
    assert str(read["at"].dt.tz) == "UTC"
    expected = _within(rows, _WINDOW).sort_values("at")["usage"].round(6).tolist()
    assert read["usage"].round(6).tolist() == expected


def it_reads_the_columns_that_are_asked_for(source: Source, setting: Setting) -> None:
    """Beside the time column, which is always read."""
    spec, _ = _delivered(setting)
    assert set(source.read(spec, _WINDOW, ["usage"]).columns) == {"at", "usage"}


def its_sample_is_the_same_each_time(source: Source, setting: Setting) -> None:
    """A task that is repeated looks at the same rows."""
    spec, rows = _delivered(setting)
    first, second = (source.sample(spec, None, None, 0.25) for _ in range(2))
    assert first.equals(second)
    assert 0.15 < len(first) / len(rows) < 0.35
    assert set(first["usage"].round(6)) <= set(rows["usage"].round(6))


def a_window_without_rows_is_empty(source: Source, setting: Setting) -> None:
    """A window with later rows behind it has arrived, and there was nothing in it."""
    spec, _ = _delivered(setting)
    before = Window(day(0) - timedelta(days=2), day(0) - timedelta(days=1))
    assert len(source.read(spec, before, None)) == 0
    assert source.count(spec, before) == 0


PROMISES = (
    it_counts_the_rows_that_it_reads,
    a_window_holds_its_start_and_not_its_end,
    it_reads_rows_by_time_in_utc,
    it_reads_the_columns_that_are_asked_for,
    its_sample_is_the_same_each_time,
    a_window_without_rows_is_empty,
)


def _delivered(setting: Setting) -> tuple[ModelSpec, pd.DataFrame]:
    # Rounded: formats of text keep about ten digits.
    rows = renewals(days=_DAYS, per_day=100).round(6)
    assert setting.arranged.deliver is not None, "a source is arranged with deliver, which writes what it reads"
    # Out of order: sources keep what they are given.
    data = setting.arranged.deliver(setting.folder, rows.sample(frac=1.0, random_state=0).reset_index(drop=True))
    raw = {"name": "renewals", "task": "binary", "target": "churned", "label_time_column": "known_at"}
    return parse_spec({**raw, "data": {"source": setting.name, "time_column": "at", **data}}), rows


def _within(rows: pd.DataFrame, window: Window | None) -> pd.DataFrame:
    if window is None:
        return rows
    return rows[(rows["at"] >= window.start) & (rows["at"] < window.end)]
