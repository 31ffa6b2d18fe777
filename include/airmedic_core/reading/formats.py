"""Formats of files: which endings belong to which format, and how each is read. A new format is a class here."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol, final

from airmedic_core.errors import SourceError
from airmedic_core.reading.csv_files import Writing, csv_parts, read_csv
from airmedic_core.reading.parquet_files import (
    columns_of,
    open_for_parts,
    open_parquet,
    parquet_parts,
    read_parquet,
    row_groups,
)
from airmedic_core.reading.window_rows import WindowRows

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from fsspec import AbstractFileSystem


class FileFormat(Protocol):
    """One format of files."""

    @abstractmethod
    def read(self, file_system: AbstractFileSystem, file: str, writing: Writing) -> pa.Table:
        """Return a whole file.

        Parameters
        ----------
        file_system : AbstractFileSystem
            Where the file is.
        file : str
            Its path there.
        writing : Writing
            How it is written, where the format leaves that open.
        """

    @abstractmethod
    def read_window(self, file_system: AbstractFileSystem, file: str, rows: WindowRows) -> pa.Table:
        """Return the part of a file that can hold rows of a window.

        Parameters
        ----------
        file_system : AbstractFileSystem
            Where the file is.
        file : str
            Its path there.
        rows : WindowRows
            What picks the rows of the window.
        """

    @abstractmethod
    def parts(self, file_system: AbstractFileSystem, file: str, rows: WindowRows) -> Iterator[pa.RecordBatch]:
        """Yield the same part by part, in bounded memory.

        Parameters
        ----------
        file_system : AbstractFileSystem
            Where the file is.
        file : str
            Its path there.
        rows : WindowRows
            What picks the rows of the window.
        """


@final
class Csv(FileFormat):
    """Values between commas; where the first line holds none, between semicolons or tabs."""

    def read(self, file_system: AbstractFileSystem, file: str, writing: Writing) -> pa.Table:
        """Return a whole file."""
        return read_csv(file_system, file, writing)

    def read_window(self, file_system: AbstractFileSystem, file: str, rows: WindowRows) -> pa.Table:
        """Return a whole file: where in it a window lies is not known before it is read."""
        return read_csv(file_system, file, Writing.of(rows.spec))

    def parts(self, file_system: AbstractFileSystem, file: str, rows: WindowRows) -> Iterator[pa.RecordBatch]:
        """Yield a whole file in parts."""
        return csv_parts(file_system, file, Writing.of(rows.spec), rows.wanted)


@final
class Parquet(FileFormat):
    """Parquet: only the row groups that can hold rows of a window are read."""

    def read(self, file_system: AbstractFileSystem, file: str, writing: Writing) -> pa.Table:  # noqa: ARG002 - says so itself
        """Return a whole file."""
        return read_parquet(file_system, file)

    def read_window(self, file_system: AbstractFileSystem, file: str, rows: WindowRows) -> pa.Table:
        """Return the row groups that can hold rows of a window."""
        parquet = open_parquet(file_system, file)
        return parquet.read_row_groups(_groups(parquet, rows), columns=columns_of(parquet, rows.wanted))

    def parts(self, file_system: AbstractFileSystem, file: str, rows: WindowRows) -> Iterator[pa.RecordBatch]:
        """Yield the row groups that can hold rows of a window, in parts."""
        parquet = open_for_parts(file_system, file)
        return parquet_parts(parquet, _groups(parquet, rows), columns_of(parquet, rows.wanted))


_FORMATS: dict[str, FileFormat] = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), Csv()),
    **dict.fromkeys((".parquet", ".pq"), Parquet()),
}
_COMPRESSED = {".gz", ".bz2", ".xz", ".zst", ".zip"}


def format_of(path: str) -> FileFormat:
    """Return the format that a file's name tells.

    Raises
    ------
    SourceError
        If the name tells none.
    """
    suffixes = [suffix.lower() for suffix in PurePosixPath(path).suffixes]
    while suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    known = _FORMATS.get(suffixes[-1]) if suffixes else None
    if known is None:
        raise SourceError(
            f"{PurePosixPath(path).name!r} is neither csv nor parquet by its name.",
            "Name it .csv, .csv.gz or .parquet.",
        )
    return known


def says_its_encoding(path: str) -> bool:
    """Return whether files of this name hold their text in one encoding only. Raises as :func:`format_of`."""
    return not isinstance(format_of(path), Csv)


def is_data(path: str) -> bool:
    """Return whether a file of a folder holds rows: neither a mark of the program that wrote it, nor another format."""
    name = PurePosixPath(path).name
    return not name.startswith((".", "_")) and any(
        suffix in _FORMATS for suffix in PurePosixPath(name.lower()).suffixes
    )


def _groups(parquet: pq.ParquetFile, rows: WindowRows) -> list[int]:
    groups = row_groups(parquet, rows.spec.data.time_column, rows.window)
    rows.saw(groups.newest)
    return groups.numbers
