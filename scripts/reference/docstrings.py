"""Read docstrings out of source files, which need not be imported for it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SECTION = re.compile(r"^(\w+)\n-{3,}\n", re.MULTILINE)
_ROLE = re.compile(r":\w+:`~?\.?([^`]+)`")


@dataclass(frozen=True)
class SourceClass:
    """A class as its file writes it."""

    name: str
    module: str
    """Its file's name without ``.py``."""
    bases: tuple[str, ...]
    docstring: str
    template_fields: tuple[str, ...]
    """Says where the class names them itself."""

    @property
    def description(self) -> str:
        """The docstring up to its first section, without what points to another class for the rest."""
        text = _SECTION.split(self.docstring, maxsplit=1)[0].strip()
        return re.sub(r"\s*See\s+:class:`[^`]+`\s+for\s+parameters(?:\s+and\s+result)?\.", "", text).strip()

    def section(self, title: str) -> str:
        """Return the text of one section, such as ``Returns``; empty where there is none."""
        parts = _SECTION.split(self.docstring)
        named = dict(zip(parts[1::2], parts[2::2], strict=True))
        return named.get(title, "").strip()

    def parameters(self) -> dict[str, tuple[str, str]]:
        """Return name → type and meaning of the parameters that the docstring names."""
        entries = re.split(r"\n(?=\S)", self.section("Parameters"))
        told = {}
        for entry in filter(None, entries):
            head, _, meaning = entry.partition("\n")
            names, _, kind = head.partition(" : ")
            for name in names.split(", "):
                told[name] = (kind, " ".join(meaning.split()))
        return told


def classes_of(folder: Path) -> Iterator[SourceClass]:
    """Yield the public classes of the files of a folder."""
    for path in sorted(folder.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                docstring = inspect.cleandoc(ast.get_docstring(node) or "")
                bases = tuple(ast.unparse(base) for base in node.bases)
                yield SourceClass(node.name, path.stem, bases, docstring, tuple(_template_fields(node)))


def _template_fields(node: ast.ClassDef) -> Iterator[str]:
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and ast.unparse(item.target) == "template_fields" and item.value:
            elements = item.value.elts if isinstance(item.value, ast.Tuple) else []
            yield from (element.value for element in elements if isinstance(element, ast.Constant))


def as_markdown(text: str) -> str:
    """Return the text of a docstring as markdown.

    >>> as_markdown("``x`` of :class:`~a.b.Thing`")
    '`x` of `Thing`'
    """
    short = _ROLE.sub(lambda role: f"`{role[1].rpartition('.')[2]}`", text)
    return short.replace("``", "`")
