"""Finds the files of a window: placeholders, globs, folders, and any URL that fsspec knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from airmedic_core.errors import MissingBatchError, SourceError, SourceUnavailableError, UnreadableDataError, closest
from airmedic_core.reading.formats import is_data
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_PLACEHOLDER = re.compile(r"\{window_(?:start|end)[^{}]*\}")


def files_of(spec: ModelSpec, window: Window | None) -> tuple[AbstractFileSystem, list[str]]:
    """Return the file system and the files that can hold rows of a window, in the order of their names.

    Raises
    ------
    MissingBatchError
        If there are none yet. A retry helps once there are.
    SourceUnavailableError
        If the place does not answer. A retry helps once it does.
    SourceError
        If the path or URL is not valid.
    """
    return find_files(_patterns(spec, window))


def find_files(patterns: Sequence[str]) -> tuple[AbstractFileSystem, list[str]]:
    """Return the file system and the files of some paths, globs, folders or URLs. Raises as :func:`files_of`."""
    files: list[str] = []
    try:
        file_system = _file_system(patterns[0])
        for pattern in patterns:
            files.extend(_expand(file_system, pattern))
    except PermissionError as error:
        raise UnreadableDataError(f"{patterns[0]!r} may not be read: {error}.", "Ask for read access.") from error
    except OSError as error:
        raise SourceUnavailableError(f"{patterns[0]!r} does not answer: {error}.", "Try again later.") from error
    if not files:
        shown = repr(patterns[0]) + (f" … {patterns[-1]!r}" if len(patterns) > 1 else "")
        raise MissingBatchError(f"There is no file {shown}.", _neighbour(file_system, patterns[-1]))
    return file_system, list(dict.fromkeys(files))


def describe_files(spec: ModelSpec, window: Window | None) -> list[tuple[str, str]]:
    """Return name, and size and time of change, of the files of a window: others once they are written anew.

    Raises as :func:`files_of`.
    """
    file_system, files = files_of(spec, window)
    marks = ("size", "mtime", "LastModified", "ETag", "updated", "last_modified")
    described = []
    for file in files:
        told = file_system.info(file)
        described.append((file, " ".join(str(told[mark]) for mark in marks if mark in told)))
    return described


def has_placeholder(path: str) -> bool:
    """Whether a path names a file for each window."""
    return _PLACEHOLDER.search(path) is not None


def _patterns(spec: ModelSpec, window: Window | None) -> list[str]:
    path = spec.data.path
    if not has_placeholder(path):
        return [path]
    if window is None:
        return [_PLACEHOLDER.sub("*", path)]
    step = spec.window.step
    start = step.floor(window.start)
    patterns = []
    while start < window.end:
        end = step.shift(start, 1)
        try:
            patterns.append(path.format(window_start=start, window_end=end))
        except (KeyError, ValueError, IndexError) as error:
            raise SourceError(
                f"data.path {path!r} has a placeholder that is not valid: {error}.",
                "Write it as {window_start:%Y-%m} or {window_end:%Y-%m-%d}.",
            ) from error
        start = end
    return list(dict.fromkeys(patterns))


def _file_system(path: str) -> AbstractFileSystem:
    from fsspec.core import url_to_fs

    try:
        file_system, _ = url_to_fs(path)
    except (ImportError, ValueError) as error:
        raise SourceError(
            f"{path!r} cannot be opened: {error}.", "Install the fsspec package of its protocol."
        ) from error
    return file_system


def _expand(file_system: AbstractFileSystem, pattern: str) -> list[str]:
    path = file_system._strip_protocol(pattern)  # noqa: SLF001  fsspec's own way to get the path of a URL
    # A file may be called data[1].csv.
    if any(mark in path for mark in "*?[") and not file_system.isfile(path):
        return sorted(file_system.glob(path))
    if file_system.isdir(path):
        inside = sorted(file_system.find(path))
        return [file for file in inside if is_data(file)]
    return [path] if file_system.exists(path) else []


def _neighbour(file_system: AbstractFileSystem, pattern: str) -> str:
    path = PurePosixPath(file_system._strip_protocol(pattern))  # noqa: SLF001  see above
    try:
        names = [PurePosixPath(file).name for file in file_system.ls(str(path.parent), detail=False)]
    except OSError:
        return f"There is no folder {str(path.parent)!r} either: check data.path."
    return closest(path.name, names) or "Its folder is empty: has the batch arrived?"
