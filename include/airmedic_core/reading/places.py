"""Finds the files of a window: placeholders, globs, folders, and any URL that fsspec knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from airmedic_core.errors import (
    MissingBatchError,
    SourceError,
    SourceUnavailableError,
    SpecError,
    UnreadableDataError,
    closest,
)
from airmedic_core.reading.formats import is_data
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Every, Window, as_utc

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_ANY = ".{1,40}?"
"""A part of a moment that is no number, such as a month's name. What is longer is none, and takes long to try."""
_MOST_MORE = 200
"""Characters that a file's name may have beyond its pattern: what ``*`` stands for. A message may hold any text."""
_PLACEHOLDER = re.compile(r"\{window_(?:start|end)[^{}]*\}")
_FIELD = re.compile(r"\{window_(start|end):?([^{}]*)\}")
_DIRECTIVE = re.compile(r"%([A-Za-z])")
_DIGITS = {"Y": r"\d{4}", "G": r"\d{4}", "j": r"\d{3}", "f": r"\d{6}", **dict.fromkeys("mdHIMSyUVW", r"\d{2}")}
"""Says how strftime writes the parts of a moment that have a fixed length."""
_WHOLE = "whole"
"""Stands for a placeholder without a format."""
_BETWEEN = "|"
"""Keeps the parts of a moment apart while they are read."""
_SAMPLES = (datetime(2025, 3, 5, 8, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC))
"""Moments whose windows a path has to tell apart: no part of them is the one that is taken where it is left out."""
_GLOB = re.compile(r"(?:\\\*)+")
"""Stars of a glob, after what has a meaning in a regular expression was escaped."""


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
    return find_files(paths_of(spec, window))


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
    return [(file, " ".join(_marks(file_system.info(file)))) for file in files]


def has_placeholder(path: str) -> bool:
    """Say whether a path names a file for each window."""
    return _PLACEHOLDER.search(path) is not None


def window_of_file(spec: ModelSpec, path: str) -> Window:
    """Return the window whose rows lie in a file, by the file's name.

    Parameters
    ----------
    spec : ModelSpec
        The model. Its ``data.path`` names a file for each window.
    path : str
        The file, as a path or a URL.

    Raises
    ------
    SpecError
        If the file is none of ``data.path``, or that names no file for each window. A retry does not help.
    """
    if not has_placeholder(spec.data.path):
        raise _no_placeholder(spec)
    file_system = _file_system(spec.data.path)
    wanted, named = (file_system._strip_protocol(text) for text in (spec.data.path, path))  # noqa: SLF001  see below
    if window := _window_named(wanted, named, spec.window.step):
        return window
    raise SpecError(
        f"{path!r} is no file of data.path {spec.data.path!r}.", "Its name has to hold the window as data.path does."
    )


def check_names(spec: ModelSpec) -> None:
    """Check that the names of ``data.path`` hold their windows, so that a file that lands tells its window.

    Raises
    ------
    SpecError
        If they name no file for each window, or leave a part of its moment out. A retry does not help.
    """
    if not has_placeholder(spec.data.path):
        raise _no_placeholder(spec)
    step = spec.window.step
    for window in map(step.last_complete, _SAMPLES):
        path = paths_of(spec, window)[0]
        # DAG files ask this each time they are read: the package of a storage is not imported for it.
        if _window_named(spec.data.path, path, step) != window:
            raise SpecError(
                f"data.path {spec.data.path!r} does not tell windows of one {step} apart: {path!r} may be another's.",
                "Write all of the window's first moment into it, such as {window_start:%Y}/{window_start:%m-%d}.",
            )


def landed_files(spec: ModelSpec) -> dict[Window, str]:
    """Return the windows of which files are there, with size and time of change of each.

    Files whose names hold no window are passed over. Raises as :func:`files_of`, but returns nothing where there are no
    files yet.
    """
    try:
        file_system, files = files_of(spec, None)
    except MissingBatchError:
        return {}
    landed: dict[Window, str] = {}
    for file in files:
        try:
            window = window_of_file(spec, file)
            told = file_system.info(file)
        except (SpecError, FileNotFoundError):
            continue
        landed[window] = " ".join([landed.get(window, ""), file, *_marks(told)]).strip()
    return landed


def _no_placeholder(spec: ModelSpec) -> SpecError:
    return SpecError(
        f"data.path {spec.data.path!r} names no file for each window.",
        "Write the window into it, such as {window_start:%Y-%m-%d}.",
    )


def _window_named(wanted: str, named: str, step: Every) -> Window | None:
    """Return the window that the name of a file holds as a path does with placeholders; nothing where it holds none."""
    if len(named) > len(wanted) + _MOST_MORE:
        return None
    for kind, moment in _moments_in(wanted, named):
        try:
            start = moment if kind == "start" else step.shift(moment, -1)
            window = Window(start, step.shift(start, 1))
        except (ValueError, OverflowError):
            continue
        exactly = wanted.format(window_start=start, window_end=window.end)
        if step.floor(start) == start and re.fullmatch(_as_regex(exactly), named):
            return window
    return None


def _moments_in(wanted: str, named: str) -> Iterator[tuple[str, datetime]]:
    """Yield the first moment and the end of a window, as far as the name of a file holds all parts of them."""
    groups: dict[tuple[str, str], str] = {}
    pattern = ""
    texts = _FIELD.split(wanted)
    for literal, kind, form in zip(texts[::3], [*texts[1::3], ""], [*texts[2::3], ""], strict=True):
        pattern += _as_regex(literal)
        parts = _DIRECTIVE.split(form) if form else ["", _WHOLE, ""] if kind else [""]
        for text, directive in zip(parts[::2], [*parts[1::2], ""], strict=True):
            pattern += re.escape(text)
            if directive and (kind, directive) in groups:
                pattern += f"(?P={groups[kind, directive]})"
            elif directive:
                groups[kind, directive] = f"part{len(groups)}"
                pattern += f"(?P<{groups[kind, directive]}>{_DIGITS.get(directive, _ANY)})"
    match = re.fullmatch(pattern, named)
    if match is None:
        return
    for kind in ("start", "end"):
        parts_of = {directive: match[group] for (of, directive), group in groups.items() if of == kind}
        try:
            if _WHOLE in parts_of:
                yield kind, as_utc(parts_of[_WHOLE])
            elif parts_of:
                form = _BETWEEN.join(f"%{directive}" for directive in parts_of)
                yield kind, as_utc(datetime.strptime(_BETWEEN.join(parts_of.values()), form))  # noqa: DTZ007  in UTC
        except (ValueError, re.error, SpecError):
            continue


def _as_regex(path: str) -> str:
    return _GLOB.sub("[^/]*", re.escape(path))


def _marks(told: dict[str, object]) -> list[str]:
    marks = ("size", "mtime", "LastModified", "ETag", "updated", "last_modified")
    return [str(told[mark]) for mark in marks if mark in told]


def paths_of(spec: ModelSpec, window: Window | None) -> list[str]:
    """Return the paths or globs of a window's files, as ``data.path`` names them; of all files without a window."""
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
