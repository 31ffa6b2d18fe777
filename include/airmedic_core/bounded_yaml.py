"""YAML of bounded size, depth and aliases, refused before anything of it is expanded.

A few hundred bytes of nested aliases stand for millions of values, and building them takes minutes. Size, depth and
aliases are counted in the stream of events, which is as long as the text.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, where it is there: DAG files read every spec again for each task."""

MOST_BYTES = 1_000_000
"""Size of a file. The longest spec of the demo and the benchmarks has 6 kB."""

MOST_DEPTH = 40
"""Nesting. A spec with every section has 7 levels."""

MOST_ALIASES = 200
"""Aliases in a file: a team that shares a section among its models' specs uses a handful."""

MOST_VALUES = 100_000
"""Values after all aliases are expanded."""


def read_yaml(path: Path) -> Any:
    """Return what a YAML file says.

    Raises
    ------
    OSError, UnicodeDecodeError, yaml.YAMLError
        If it cannot be read, or is beyond the bounds. A retry does not help.
    """
    # To open a pipe waits for whoever writes to it, for ever where nobody does.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise yaml.YAMLError("It is a pipe or a device, and no file.")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise yaml.YAMLError(f"It has more than {MOST_BYTES:,} bytes.")
    return parse_yaml(content.decode("utf-8"))


def parse_yaml(text: str) -> Any:
    r"""Return what a YAML text says; raises as :func:`read_yaml` does.

    >>> parse_yaml("a: &x [1, 2]\nb: *x")
    {'a': [1, 2], 'b': [1, 2]}
    """
    if len(text) > MOST_BYTES:
        raise yaml.YAMLError(f"It has {len(text):,} characters, and {MOST_BYTES:,} are allowed.")
    _require_bounded(text)
    return yaml.load(text, Loader=_LOADER)  # noqa: S506  it is a safe one


def _require_bounded(text: str) -> None:
    """Count what the text stands for, an alias as much as what it names."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    aliases = values = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, values))
            values += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor is not None:
                sizes[anchor] = values - before
        elif isinstance(event, yaml.ScalarEvent):
            values += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
            # An alias inside of what it names would be endless.
            values += sizes.get(str(event.anchor), MOST_VALUES + 1)
        for count, most, what in (
            (len(open_nodes), MOST_DEPTH, "levels of nesting"),
            (aliases, MOST_ALIASES, "aliases"),
            (values, MOST_VALUES, "values with all aliases expanded"),
        ):
            if count > most:
                raise yaml.YAMLError(f"It has more than {most:,} {what}.")
