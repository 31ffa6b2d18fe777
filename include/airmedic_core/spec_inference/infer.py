"""Says what a data file seems to be: its time column, task, step in time, inputs, and columns to leave out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from airmedic_core.columns import is_text
from airmedic_core.errors import MissingColumnError, SpecError, closest
from airmedic_core.measures.telling_columns import gives_away, rises_with_time
from airmedic_core.reading.encodings import UTF_8
from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.spec_inference.time_formats import written_format, written_formats
from airmedic_core.windows import Every

if TYPE_CHECKING:
    import pandas as pd

Task = Literal["binary", "multiclass", "regression"]

_TIME_NAMES = re.compile(r"(time|date|day|timestamp|created|arriv|_at$|_ts$|_dt$)", re.IGNORECASE)
_TARGET_NAMES = ("target", "label", "y", "outcome", "churn", "churned", "converted", "default", "fraud", "is_fraud")
_IDENTIFIER_NAMES = re.compile(r"(^|_)(id|ids|uuid|guid|key)(_|$)|[a-z](Id|ID)$|^(ID|Id|UUID)$")
_MOST_KINDS = 50
"""With so few values, what is called an id still tells kinds apart, such as regions."""
_MOST_CLASSES = 20
"""Numbers of more values are no classes."""
_MOST_NAMES = 200
"""Words of more values are no classes: as many as a check compares."""
_ENOUGH_ROWS = 200
_ENOUGH_WINDOWS = 10
_LEAST_FILLED = 0.4
"""Share of the windows, from the first to the last, that have to hold rows. Rows of working hours fill 24 % of the
hours and 71 % of the days; monthly rows fill 3 % of the days and a quarter of the weeks."""


@dataclass(frozen=True)
class Inferred:
    """A proposal for a spec, with what a person should look at."""

    name: str
    path: str
    task: Task
    target: str
    time_column: str
    time_format: str
    """Empty where times are ISO 8601."""
    encoding: str
    """Empty where text is in UTF-8."""
    every: str
    reference: tuple[str, str] | None
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    exclude: dict[str, str]
    """Column → why it is no input."""
    suspicious: dict[str, str]
    """Column → why it may give the answer away."""
    rising: dict[str, str]
    """Column → how it moves with time alone."""
    positive: object
    """The class that counts as positive, where the classes have names; nothing elsewhere."""
    other_times: tuple[str, ...]
    rows: int


def infer(path: str, *, name: str = "", target: str = "", time_column: str = "", time_format: str = "") -> Inferred:
    """Read a file and propose what its model spec says.

    Parameters
    ----------
    path : str
        csv, csv.gz or parquet.
    name, target, time_column, time_format : str
        What is known already; the rest is guessed.

    Raises
    ------
    SpecError
        If the target, the time column or how it is written cannot be guessed. The message says which flag to give.
    SourceError
        If the file cannot be read.
    """
    from airmedic_core.profile.features import choose_features
    from airmedic_core.reading import Writing, encoding_at, read_rows
    from airmedic_core.reading.moments import epoch_of
    from airmedic_core.sources import read_window

    encoding = encoding_at(path)
    rows = read_rows(path, Writing(encoding))
    columns = {str(name): rows[name] for name in rows.columns}
    target = _given(target, columns, "--target") or _guess_target(columns)
    times = [column for column in _time_columns(columns) if column != target]
    time_column = _given(time_column, columns, "--time-column") or _first_time(times)
    moments = columns[time_column]
    time_format = time_format or epoch_of(moments) or written_format(moments)
    data = {"path": path, "time_column": time_column, "time_format": time_format, "encoding": encoding}
    draft = partial(_draft, name or model_name(path), target, data)
    spec = draft("regression")
    frame = read_window(spec, None)
    task = _task(frame[target])
    every = _step(frame[time_column])
    features = choose_features(draft(task), frame)
    left_out = {column: reason for column, reason in features.left_out.items() if column not in times}
    chosen = [*features.numeric, *features.categorical]
    left_out |= {column: why for column in chosen if (why := _identifier(column, frame[column]))}
    inputs = [column for column in chosen if column not in left_out]
    return Inferred(
        name=spec.name,
        path=path,
        task=task,
        target=target,
        time_column=time_column,
        time_format=time_format,
        encoding=encoding if encoding != UTF_8 else "",
        every=every,
        reference=_reference(frame[time_column], Every.parse(every)),
        numeric=tuple(column for column in features.numeric if column in inputs),
        categorical=tuple(column for column in features.categorical if column in inputs),
        exclude=left_out,
        suspicious={column: why for column in inputs if (why := gives_away(frame[column], frame[target], task))},
        rising={
            column: why
            for column in inputs
            if column in features.numeric and (why := rises_with_time(frame[column], frame[time_column]))
        },
        positive=_positive(frame[target]) if task == "binary" else None,
        other_times=tuple(column for column in times if column != time_column),
        rows=len(frame),
    )


def model_name(path: str) -> str:
    """Return a model name made from a file's name."""
    stem = Path(path).name.partition(".")[0].lower()
    return re.sub(r"\W+", "_", re.sub(r"^[^a-z]+", "", stem), flags=re.ASCII)[:63] or "model"


def _given(name: str, columns: dict[str, pd.Series], flag: str) -> str:
    if name and name not in columns:
        raise MissingColumnError(f"{flag}: the file has no column {name!r}.", closest(name, columns))
    return name


def _guess_target(columns: dict[str, pd.Series]) -> str:
    candidates = [name for name in columns if name.lower() in _TARGET_NAMES]
    if len(candidates) != 1:
        raise SpecError("Which column is to be predicted cannot be guessed.", "Say it with --target COLUMN.")
    return candidates[0]


def _time_columns(columns: dict[str, pd.Series]) -> list[str]:
    """Return the columns that hold moments, those named like one first."""
    from airmedic_core.reading.moments import epoch_of

    candidates = [
        name
        for name, values in columns.items()
        if _is_time(values) or (_TIME_NAMES.search(name) and (epoch_of(values) or written_formats(values)))
    ]
    return sorted(candidates, key=lambda name: (not _TIME_NAMES.search(name), list(columns).index(name)))


def _is_time(values: pd.Series) -> bool:
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values):
        return True
    present = values.dropna()
    if not is_text(values) or len(present) == 0:
        return False
    moments = pd.to_datetime(present.head(1000), errors="coerce", utc=True, format="ISO8601")
    return bool(moments.notna().mean() > 0.95)


def _first_time(times: list[str]) -> str:
    if not times:
        raise SpecError(
            "No column holds dates or times as 2026-01-31.",
            "Say which with --time-column COLUMN, and how it is written with --time-format.",
        )
    return times[0]


def _draft(name: str, target: str, data: dict[str, str], task: Task) -> ModelSpec:
    return parse_spec({"name": name, "task": task, "target": target, "data": data})


def _task(target: pd.Series) -> Task:
    import pandas as pd

    classes = target.nunique(dropna=True)
    if classes < 2:
        raise SpecError(f"The target {target.name!r} has {classes} different values.", "Name another with --target.")
    if classes == 2:
        return "binary"
    if pd.api.types.is_numeric_dtype(target):
        return "regression" if classes > _MOST_CLASSES else "multiclass"
    if classes > _MOST_NAMES:
        example = str(target.dropna().iloc[0])[:40]
        raise SpecError(
            f"The target {target.name!r} is text of {classes:,} different values, such as {example!r}.",
            "Name another with --target, or write its numbers as 1234.5.",
        )
    return "multiclass"


def _positive(target: pd.Series) -> object:
    """Return the class that counts as positive, where the classes have names: a yes, else the rarer of the two."""
    from airmedic_core.scoring import class_name

    rare_first = target.dropna().value_counts(ascending=True).index
    if all(class_name(name) in {"0", "1"} for name in rare_first):
        return None
    return next((name for name in rare_first if class_name(name).lower() in {"1", "yes"}), rare_first[0])


def _step(times: pd.Series) -> str:
    """Return the shortest step in which rows come, with enough windows that usually hold enough rows.

    Where none has enough rows, it is the shortest one from a day on in which rows come.
    """
    came = []
    for every, rule in (("hour", "h"), ("day", "D"), ("week", "W-SUN"), ("month", "M")):
        windows = times.dropna().dt.tz_localize(None).dt.to_period(rule)
        counts = windows.value_counts()
        if len(counts) < _LEAST_FILLED * ((windows.max() - windows.min()).n + 1):
            continue
        if len(counts) >= _ENOUGH_WINDOWS and counts.median() >= _ENOUGH_ROWS:
            return every
        came.append(every)
    return next((every for every in came if every != "hour"), "day")


def _reference(times: pd.Series, every: Every) -> tuple[str, str] | None:
    """Return the earlier 70 % of the time as whole steps."""
    first, last = every.floor(times.min().to_pydatetime()), every.floor(times.max().to_pydatetime())
    start, end = every.shift(first, 0), every.floor(first + (last - first) * 0.7)
    if start >= end:
        return None
    shown = "%Y-%m-%d" if every.unit != "hour" else "%Y-%m-%dT%H:%M"
    return f"{start:{shown}}", f"{end:{shown}}"


def _identifier(name: str, values: pd.Series) -> str:
    """Return why a column is an identifier, such as the number of a customer, and no property; empty if it is none."""
    distinct = values.nunique()
    if not _IDENTIFIER_NAMES.search(name) or distinct <= _MOST_KINDS:
        return ""
    return f"it looks like an identifier by its name: {distinct} different values in {len(values)} rows"
