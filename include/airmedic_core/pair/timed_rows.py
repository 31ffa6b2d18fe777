"""Reads the times of rows that come without a source: from two files, whose times may be written differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from airmedic_core.errors import MissingColumnError, SourceError, closest
from airmedic_core.numbers import percent
from airmedic_core.pair.headers import looks_separated
from airmedic_core.reading.moments import ISO, epoch_of, read_times
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

_OTHER_FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d", "%d %b %Y", "%d %B %Y",
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M",
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S",
)  # fmt: skip
_SAMPLED = 1000
"""Values that show which formats are worth reading all values by."""
_READABLE_FRACTION = 0.99
_MISSING_FRACTION = 0.05
_MOSTLY = 0.5


class _Reading(NamedTuple):
    """Times as one format reads them."""

    form: str
    times: pd.Series
    fraction: float
    """Of the values that are there."""


def timed_rows(
    spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    """Read the times of two sets of rows, and put the rows into their order.

    Times that are written in another way than the spec says are read by the usual format that fits the most of them. A
    finding tells where the current rows are written neither as the spec says nor as the reference is, and which of them
    are left out because their time is missing or damaged.

    Parameters
    ----------
    spec : ModelSpec
        Names the time columns and their format.
    reference, current : pandas.DataFrame
        Rows as they were read from files.

    Returns
    -------
    tuple of DataFrame, DataFrame and list of Finding
        The rows whose time is known, with times in UTC; and what is wrong with the times of the current ones.

    Raises
    ------
    MissingColumnError, SourceError
        If there is no time column, or no format that reads practically all of it. A retry does not help.
    """
    reference, current = (frame.loc[:, ~frame.columns.duplicated()] for frame in (reference, current))
    column, said = spec.data.time_column, spec.data.time_format or ISO
    values, values_now = _values(spec, reference), _values(spec, current)
    # Days up to the 12th read either way; those of the other rows may tell.
    before = max(
        _readings(values, said),
        key=lambda reading: (reading.fraction, _fraction(values_now, read_times(values_now, reading.form))),
    )
    _refuse_unreadable(column, "reference", values, before, _READABLE_FRACTION)
    last = before.times.max()
    now = max(
        _readings(values_now, before.form, said),
        key=lambda reading: (reading.fraction, reading.form == before.form, -_seconds_apart(reading.times, last)),
    )
    # Where most are written as ever, the others are damaged, and that is worth telling.
    as_ever = now.form in {before.form, said}
    _refuse_unreadable(column, "current", values_now, now, _MOSTLY if as_ever else _READABLE_FRACTION)
    findings = [] if as_ever else [_written_differently(spec, values_now, now.form, before.form)]
    if now.times.isna().any():
        findings.append(_left_out(spec, values_now, now, float(before.times.isna().mean())))
    return _timed(spec, reference, before, "reference"), _timed(spec, current, now, "current"), findings


def _values(spec: ModelSpec, frame: pd.DataFrame) -> pd.Series:
    column = spec.data.time_column
    if column not in frame:
        names = list(map(str, frame.columns))
        separated = looks_separated(names)
        raise MissingColumnError(
            f"The rows have no column {column!r}, which the spec names as data.time_column.",
            f"The file {separated}" if separated else closest(column, names),
        )
    return frame[column]


def _timed(spec: ModelSpec, frame: pd.DataFrame, reading: _Reading, which: str) -> pd.DataFrame:
    read, labelled = {spec.data.time_column: reading.times}, spec.label_time_column
    if labelled and labelled in frame:
        best = max(_readings(frame[labelled], reading.form, ISO), key=lambda candidate: candidate.fraction)
        if frame[labelled].notna().any():
            _refuse_unreadable(labelled, which, frame[labelled], best, _READABLE_FRACTION)
        read[labelled] = best.times
    timed = frame.assign(**read)
    timed = timed[timed[spec.data.time_column].notna()]
    return timed.sort_values(spec.data.time_column, kind="stable").reset_index(drop=True)


def _readings(values: pd.Series, *first: str) -> list[_Reading]:
    """Return what some formats make of the values; if none of these reads all, also what the usual ones do."""
    readings = []
    for form in dict.fromkeys(first):
        times = read_times(values, form)
        readings.append(_Reading(form, times, _fraction(values, times)))
        if readings[-1].fraction == 1.0:
            return readings
    for form in (other for other in _worth_a_try(values) if other not in first):
        times = read_times(values, form)
        readings.append(_Reading(form, times, _fraction(values, times)))
    return readings


def _worth_a_try(values: pd.Series) -> list[str]:
    present = values.dropna().drop_duplicates()
    some = present.iloc[:: max(len(present) // _SAMPLED, 1)]
    forms = [form for form in _OTHER_FORMATS if read_times(some, form).notna().any()]
    return [*forms, *filter(None, [epoch_of(present)])]


def _seconds_apart(times: pd.Series, moment: pd.Timestamp) -> float:
    read = times.dropna()
    return float(abs(read - moment).median().total_seconds()) if len(read) else float("inf")


def _fraction(values: pd.Series, times: pd.Series) -> float:
    present = values.notna()
    return float(times[present].notna().mean()) if present.any() else 0.0


def _refuse_unreadable(column: str, which: str, values: pd.Series, reading: _Reading, least: float) -> None:
    if not values.notna().any():
        raise SourceError(f"The {which} rows have no time in {column!r}.", "Name another column as data.time_column.")
    if reading.fraction >= least:
        return
    example = str(values[reading.times.isna() & values.notna()].iloc[0])[:40]
    raise SourceError(
        f"The times in {column!r} of the {which} rows cannot be read, such as {example!r}: the format that fits best, "
        f"{reading.form}, reads {percent(reading.fraction)} of them.",
        "Set data.time_format to the strptime codes of the values, such as '%d/%m/%Y'.",
    )


def _written_differently(spec: ModelSpec, values: pd.Series, form: str, usual: str) -> Finding:
    column = spec.data.time_column
    example = str(values.dropna().iloc[0])[:40]
    usual = "ISO 8601, such as 2026-01-31," if usual == ISO else usual
    return Finding(
        "pair", column, "time_format", Verdict.ALERT, value=1.0, baseline=0.0, effect=1.0, sample_size=len(values),
        unit="fraction", suggests=(Cause.SCHEMA_CHANGE,), role=Role.DATA_FAULT,
        message=f"The times in {column} are written in another way: {example!r} ({form}) where {usual} is usual.",
        details={"format": form},
    )  # fmt: skip


def _left_out(spec: ModelSpec, values: pd.Series, reading: _Reading, usual: float) -> Finding:
    column, lost = spec.data.time_column, reading.times.isna()
    share, wrong = float(lost.mean()), values[lost]
    example = repr(str(wrong.dropna().iloc[0])[:40]) if wrong.notna().any() else "nothing"
    cause = Cause.SCHEMA_CHANGE if wrong.notna().mean() > _MOSTLY else Cause.DATA_CORRUPTION
    many = share - usual > _MISSING_FRACTION or reading.fraction < _READABLE_FRACTION
    return Finding(
        "pair", column, "unreadable_times", Verdict.ALERT if many else Verdict.OK, value=share, baseline=usual,
        limit=usual + _MISSING_FRACTION, effect=share - usual, sample_size=len(values), unit="fraction",
        suggests=(cause,) if many else (), role=Role.DATA_FAULT,
        message=(
            f"{percent(share)} of the rows have no time in {column} that can be read, but {example}; they are left out."
        ),
    )  # fmt: skip
