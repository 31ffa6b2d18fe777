"""Reads the rows of files as they are, without a window: what `check`, `gate` and `init` are given."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import BadGzipFile
from typing import TYPE_CHECKING

from airmedic_core.errors import MissingBatchError, SourceUnavailableError, UnreadableDataError
from airmedic_core.reading.csv_files import Writing, encoding_of_csv
from airmedic_core.reading.encodings import UTF_8
from airmedic_core.reading.formats import format_of, says_its_encoding
from airmedic_core.reading.places import find_files
from airmedic_core.reading.tables import stack, to_frame, with_unique_names

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from fsspec import AbstractFileSystem


def read_rows(place: str, writing: Writing | None = None) -> pd.DataFrame:
    """Read all rows of a file, in its order, with its times as they are written.

    Parameters
    ----------
    place : str
        csv, csv.gz or parquet; a path, a glob, a folder or a URL.
    writing : Writing, optional
        How a csv file is written; UTF-8 where not given.

    Returns
    -------
    pandas.DataFrame
        With unique names: the second column of one name is ``name (2)``.

    Raises
    ------
    SourceError
        If there is no such file, or it cannot be read.
    """
    file_system, files = find_files([place])
    tables = [read_table(file_system, file, writing or Writing()) for file in files]
    frame = to_frame(stack(tables))
    return frame.loc[:, [not str(name).startswith("__index_level_") for name in frame.columns]]


def encoding_at(place: str) -> str:
    """Return the encoding of the csv files at a place, as far as their bytes tell; UTF-8 for other formats.

    Raises as :func:`read_rows`.
    """
    file_system, files = find_files([place])
    for file in files:
        with readable(file):
            encoding = UTF_8 if says_its_encoding(file) else encoding_of_csv(file_system, file)
        if encoding != UTF_8:
            return encoding
    return UTF_8


def read_table(file_system: AbstractFileSystem, file: str, writing: Writing) -> pa.Table:
    """Read one whole file, with unique names. Raises as :func:`read_rows`.

    Parameters
    ----------
    file_system : AbstractFileSystem
        Where the file is.
    file : str
        Its path there.
    writing : Writing
        How the file is written, if it is a csv file.
    """
    known = format_of(file)
    with readable(file):
        return with_unique_names(known.read(file_system, file, writing))


@contextmanager
def readable(file: str) -> Iterator[None]:
    """Turn what goes wrong while a file is read into an error that names it."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError as error:
        raise MissingBatchError(f"{file!r} has gone while it was read.", "Try again.") from error
    except UnicodeError as error:
        raise UnreadableDataError(
            f"{file!r} is in another encoding: {str(error)[:200]}.",
            "Set data.encoding, such as latin-1, or convert it.",
        ) from error
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, EOFError, zlib.error, BadGzipFile) as error:
        raise UnreadableDataError(
            f"{file!r} cannot be read: {str(error)[:300]}.", "It is damaged, incomplete or of another format."
        ) from error
    except PermissionError as error:
        raise UnreadableDataError(f"{file!r} may not be read.", "Ask for read access.") from error
    except OSError as error:
        raise SourceUnavailableError(f"{file!r} does not answer: {str(error)[:300]}.", "Try again later.") from error
