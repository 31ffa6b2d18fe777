"""Read markdown files into sections with front matter, each with an address that can be cited."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from airmedic_core.causes import Cause
from airmedic_core.records import Json

Kind = Literal["runbook", "incident"]

_HEADING = re.compile(r"^(#{1,4})\s+(.+?)\s*#*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_FRONT = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
_INVISIBLE = re.compile(r"<!--.*?-->|<[^>\n]{0,200}>", re.DOTALL)
MOST_BYTES = 1_000_000
"""A file above this is not written by people, and is left out."""


@dataclass(frozen=True)
class Section:
    """One section of a document: the unit that is found and cited."""

    source: str
    """File name within its folder, such as ``drift.md``, or the id of a remembered incident."""
    anchor: str
    kind: Kind
    title: str
    document: str
    """Title of the whole document."""
    text: str
    causes: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """Models it is about; empty for all."""
    facts: Json = field(default_factory=dict)
    """Further front matter: id, action, outcome, …"""

    @property
    def address(self) -> str:
        """Return where it stands: ``file.md#anchor``."""
        return f"{self.source}#{self.anchor}" if self.anchor else self.source


def read_folder(folder: Path, kind: Kind) -> tuple[list[Section], list[str]]:
    """Return the sections of a folder's markdown files, and what could not be read.

    Parameters
    ----------
    folder : Path
        The folder; one that does not exist holds nothing. Files that begin with ``_`` or ``.`` are left out.
    kind : {"runbook", "incident"}
        What its files are, where their front matter does not say.
    """
    sections: list[Section] = []
    problems: list[str] = []
    for path in sorted(folder.rglob("*.md")):
        if path.name.startswith(("_", ".")):
            continue
        try:
            if not path.is_file():
                # Reading a pipe would wait without end.
                problems.append(f"{path.name} cannot be read: it is no file.")
                continue
            if path.stat().st_size > MOST_BYTES:
                problems.append(f"{path.name} is larger than {MOST_BYTES:,} bytes and was left out.")
                continue
            text = path.read_text(encoding="utf-8")
            sections += parse(text, path.relative_to(folder).as_posix(), kind)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            problems.append(f"{path.name} cannot be read: {str(error).splitlines()[0]}")
    return sections, problems


def parse(text: str, source: str, kind: Kind) -> list[Section]:
    """Return the sections of one markdown document.

    Parameters
    ----------
    text : str
        The document in markdown, with its front matter.
    source : str
        The name that its sections are cited under, such as ``drift.md``.
    kind : Kind
        What the document is.

    Raises
    ------
    yaml.YAMLError
        If the front matter is not YAML.
    """
    front, body = _front_matter(text)
    document = str(front.pop("title", "")) or source.removesuffix(".md").replace("_", " ")
    written: Kind = "incident" if front.pop("type", kind) == "incident" else "runbook"
    causes, models = _causes(front.pop("causes", ())), _names(front.pop("models", front.pop("model", ())))
    sections = []
    taken: dict[str, int] = {}
    for title, content in _split(body):
        if not title and not content:
            continue
        anchor = anchor_of(title or document)
        taken[anchor] = taken.get(anchor, -1) + 1
        if taken[anchor]:
            anchor = f"{anchor}-{taken[anchor]}"
        if content:
            sections.append(
                Section(source, anchor, written, title or document, document, content, causes, models, dict(front))
            )
    return sections


def anchor_of(title: str) -> str:
    """Return a heading's anchor as GitHub makes it: lower case, hyphens for spaces, no punctuation."""
    text = unicodedata.normalize("NFKC", title).lower()
    return re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    match = _FRONT.match(text)
    if match is None:
        return {}, text
    front = yaml.safe_load(match[1])
    return (dict(front) if isinstance(front, dict) else {}), text[match.end() :]


def _split(body: str) -> Iterator[tuple[str, str]]:
    title, lines, fenced = "", [], False
    for line in _INVISIBLE.sub(" ", body).splitlines():
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.match(line)
        if heading is None:
            lines.append(line)
            continue
        yield title, "\n".join(lines).strip()
        title, lines = heading[2], []
    yield title, "\n".join(lines).strip()


def _causes(value: Any) -> tuple[str, ...]:
    """Return causes by their names of today: what a team has written may hold former ones, or words of its own."""
    known = {name: cause.value for cause in Cause for name in cause.traits.former_names}
    return tuple(known.get(name, name) for name in _names(value))


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(name) for name in value) if isinstance(value, list | tuple) else ()
