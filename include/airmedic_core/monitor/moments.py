"""Reads the times of rows that come without a source: from two files, whose times may be written differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.errors import MissingColumnError, SourceError, closest
from airmedic_core.monitor.headers import looks_separated
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

_OTHER_FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d", "%d %b %Y", "%d %B %Y",
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M",
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S",
)  # fmt: skip
_EPOCHS = {"seconds": (1e8, 1e10, 1e9), "milliseconds": (1e11, 1e13, 1e6)}
"""Unit since 1970 → from about 1973, to about 2286, nanoseconds."""
_READABLE_FRACTION = 0.95
_UNREADABLE_FRACTION = 0.05


def read_moments(spec: ModelSpec, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Read the times of rows, and put the rows into their order.

    Times that are written in another way than the spec says are read all the same where a usual format fits them; a
    finding tells. Rows without a time that can be read are left out; a finding tells if they are many.

    Parameters
    ----------
    spec : ModelSpec
        Names the time columns and their format.
    frame : pandas.DataFrame
        Rows as they were read from a file.

    Returns
    -------
    tuple of DataFrame and list of Finding
        The rows whose time is known, with times in UTC; and what is wrong with the times.

    Raises
    ------
    MissingColumnError, SourceError
        If there is no time column, or no way to read it. A retry does not help.
    """
    import pandas as pd

    frame = frame.loc[:, ~frame.columns.duplicated()]
    column = spec.data.time_column
    if column not in frame:
        names = list(map(str, frame.columns))
        separated = looks_separated(names)
        raise MissingColumnError(
            f"The rows have no column {column!r}, which the spec names as data.time_column.",
            f"The file {separated}" if separated else closest(column, names),
        )
    form = spec.data.time_format or "ISO8601"
    times, findings = _read(frame[column], form), []
    if times.notna().mean() < 1.0 - _READABLE_FRACTION and (found := _another_format(frame[column])):
        times, form = found
        findings.append(_written_differently(spec, frame[column], form))
    if not times.notna().any():
        raise SourceError(f"No time in {column!r} can be read.", "Set data.time_format, such as '%d/%m/%Y'.")
    if (lost := float(times.isna().mean())) > _UNREADABLE_FRACTION:
        findings.append(_unreadable(spec, frame[column], times, lost))
    read = {column: times}
    if spec.label_time_column and spec.label_time_column in frame:
        read[spec.label_time_column] = _read(frame[spec.label_time_column], "ISO8601")
    timed = frame.assign(**read)
    timed = timed[pd.notna(timed[column])].sort_values(column, kind="stable").reset_index(drop=True)
    return timed, findings


def _read(values: pd.Series, form: str) -> pd.Series:
    import pandas as pd

    plain = pd.api.types.is_datetime64_any_dtype(values.dtype)
    # Numbers are no moments unless the spec says how to read them: 20 would be 20 nanoseconds after 1970.
    if pd.api.types.is_numeric_dtype(values.dtype) and form == "ISO8601":
        return pd.Series(pd.NaT, index=values.index, dtype="datetime64[ns, UTC]")
    return pd.to_datetime(values, utc=True, errors="coerce", format=None if plain else form)


def _another_format(values: pd.Series) -> tuple[pd.Series, str] | None:
    """Return the times and their format, if there is one way to read them."""
    import pandas as pd

    present = values.dropna()
    if pd.api.types.is_numeric_dtype(values.dtype):
        for unit, (low, high, nanoseconds) in _EPOCHS.items():
            if len(present) and low < present.min() and present.max() < high:
                times = pd.to_datetime(values * nanoseconds, utc=True, errors="coerce")
                return times, f"{unit} since 1970"
    as_text = values.astype("string").str.removesuffix(".0")
    sample = as_text.dropna().drop_duplicates().head(1000)
    for form in _OTHER_FORMATS:
        if len(sample) and _read(sample, form).notna().mean() >= _READABLE_FRACTION:
            return _read(as_text, form), form
    return None


def _written_differently(spec: ModelSpec, values: pd.Series, form: str) -> Finding:
    column = spec.data.time_column
    example = str(values.dropna().iloc[0])[:40]
    usual = spec.data.time_format or "ISO 8601, such as 2026-01-31"
    return Finding(
        "schema", column, "time_format", Verdict.ALERT, value=1.0, baseline=0.0, effect=1.0, sample_size=len(values),
        unit="fraction", suggests=(Cause.SCHEMA_CHANGE,),
        message=f"The times in {column} are written in another way: {example!r} ({form}) where {usual} is usual.",
        details={"format": form},
    )  # fmt: skip


def _unreadable(spec: ModelSpec, values: pd.Series, times: pd.Series, share: float) -> Finding:
    column = spec.data.time_column
    wrong = values[times.isna()]
    example = repr(str(wrong.dropna().iloc[0])[:40]) if wrong.notna().any() else "nothing"
    cause = Cause.SCHEMA_CHANGE if wrong.notna().mean() > 0.5 else Cause.DATA_CORRUPTION
    return Finding(
        "schema", column, "unreadable_times", Verdict.ALERT, value=share, baseline=0.0, limit=_UNREADABLE_FRACTION,
        effect=share, sample_size=len(values), unit="fraction", suggests=(cause,),
        message=(
            f"{percent(share)} of the rows have no time in {column} that can be read, but {example}; they are left out."
        ),
    )  # fmt: skip
