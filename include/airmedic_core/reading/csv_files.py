"""Reads csv files, which have no types: whole, or in parts in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from airmedic_core.reading.encodings import encoding_of
from airmedic_core.reading.moments import EPOCH_UNITS
from airmedic_core.reading.written_numbers import as_numbers
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    import pyarrow as pa
    from fsspec import AbstractFileSystem
    from pyarrow import csv

_BLOCK_BYTES = 8 << 20
"""Bytes of a file that are read at a time."""
_LONGEST_HEADER = 1 << 16
"""Bytes of a file's first line in which a separator is looked for: thousands of names have room in them."""
_NULLS = ["", "#N/A", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null", "None", "<NA>"]
"""Says what stands for a missing value."""


@dataclass(frozen=True)
class Writing:
    """Says how a csv file is written."""

    encoding: str = "utf-8"
    text_columns: tuple[str, ...] = ()
    """Columns that are read as text, whatever they look like."""

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """Return how a spec says that its files are written."""
        data = spec.data
        # A format is for text: without this, 20260131 would already have become a number.
        times = (data.time_column, spec.label_time_column) if data.time_format not in {"", *EPOCH_UNITS} else ()
        return cls(data.encoding, tuple(filter(None, times)))


def read_csv(file_system: AbstractFileSystem, file: str, writing: Writing) -> pa.Table:
    """Read a whole file: each column of the narrowest type that all of its values have.

    Parameters
    ----------
    file_system : AbstractFileSystem
        Where the file is.
    file : str
        Its path there.
    writing : Writing
        How the file is written.
    """
    import pyarrow as pa
    from pyarrow import csv

    options = _options(writing, _separator(file_system, file, writing))
    with _opened(file_system, file) as opened:
        table = csv.read_csv(opened, *options)
    for position, field in enumerate(table.schema):
        if pa.types.is_string(field.type) and field.name not in writing.text_columns:
            table = table.set_column(position, field.name, as_numbers(table.column(position)))
    return table


def csv_parts(
    file_system: AbstractFileSystem, file: str, writing: Writing, wanted: Callable[[Sequence[str]], list[str]]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file in parts; a column is numeric in the parts in which all its values are, else text.

    Parameters
    ----------
    file_system : AbstractFileSystem
        Where the file is.
    file : str
        Its path there.
    writing : Writing
        How it is written.
    wanted : callable
        Returns the columns to read, of those that there are.
    """
    import pyarrow as pa
    from pyarrow import csv

    separator = _separator(file_system, file, writing)
    with _opened(file_system, file) as opened:
        names = csv.open_csv(opened, *_options(writing, separator)).schema.names
    with _opened(file_system, file) as opened:
        read, parse, convert = _options(writing, separator)
        convert.column_types = dict.fromkeys(names, pa.binary())
        if len(set(names)) == len(names):  # by name, one of several could not be told from the others
            names = convert.include_columns = wanted(names)
        for batch in csv.open_csv(opened, read, parse, convert):
            columns = zip(names, batch.columns, strict=True)
            typed = [
                column.cast("string") if name in writing.text_columns else _typed(column) for name, column in columns
            ]
            yield pa.RecordBatch.from_arrays(typed, names=names)


def encoding_of_csv(file_system: AbstractFileSystem, file: str) -> str:
    """Return the encoding of a file, as far as its bytes tell."""
    with _opened(file_system, file) as opened:
        return encoding_of(opened)


def _separator(file_system: AbstractFileSystem, file: str, writing: Writing) -> str:
    """Return what separates the columns of a file, by its name and its first line."""
    if ".tsv" in file.lower():
        return "\t"
    with _opened(file_system, file) as opened:
        header = opened.read(_LONGEST_HEADER).decode(writing.encoding, errors="replace").partition("\n")[0]
    # Programs write semicolons where the decimals have commas.
    return next((separator for separator in (",", ";", "\t") if separator in header), ",")


def _options(writing: Writing, separator: str) -> tuple[csv.ReadOptions, csv.ParseOptions, csv.ConvertOptions]:
    import pyarrow as pa
    from pyarrow import csv

    convert = csv.ConvertOptions(
        null_values=_NULLS,
        strings_can_be_null=True,
        column_types=dict.fromkeys(writing.text_columns, pa.string()),
    )
    parse = csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    return csv.ReadOptions(encoding=writing.encoding, block_size=_BLOCK_BYTES), parse, convert


def _opened(file_system: AbstractFileSystem, file: str) -> Any:
    return file_system.open(file, "rb", compression="infer")


def _typed(column: pa.Array) -> pa.Array:
    """Return a column of bytes as numbers, as booleans or as text, whichever comes first for all of its values."""
    import pyarrow as pa

    try:
        text = column.cast(pa.string())
    except pa.ArrowInvalid:
        return column
    for kind in (pa.float64(), pa.bool_()):
        try:
            return text.cast(kind)
        except pa.ArrowInvalid:
            continue
    return as_numbers(text)
