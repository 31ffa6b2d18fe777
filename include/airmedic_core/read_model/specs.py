"""The model specs as pages need them: read once for each version of a file, and a broken one troubles no other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from airmedic_core.errors import AirmedicError
from airmedic_core.reports.private import Privacy
from airmedic_core.spec import ModelSpec, load_spec

_MOST_SAID = 500
"""Characters of what is wrong with a spec. Pages show it in one row."""


@dataclass(frozen=True)
class KnownSpec:
    """A file of the folder of specs."""

    name: str
    """The file's name without its ending, which is the model's."""
    spec: ModelSpec | None
    problem: str = ""
    """Says what is wrong with the file, where no spec can be read from it."""

    @cached_property
    def privacy(self) -> Privacy | None:
        """Return what the spec keeps private; nothing where no spec can be read. Kept: a fleet asks it each time."""
        return Privacy(self.spec) if self.spec else None

    def told(self, text: str | None) -> str:
        """Return a text about the model without the names of private columns; none where nobody knows these names."""
        return self.privacy.text(text) if self.privacy and text else ""


class _Surroundings(Mapping[str, str]):
    """The environment, in which a variable that is not set stands for itself.

    Tasks read the rows, and need every variable that a spec uses. A page does not, and may run where they are not set.
    """

    def __getitem__(self, name: str) -> str:
        return os.environ.get(name, f"${{{name}}}")

    def get(self, name: str, default: str | None = None) -> str:  # type: ignore[override]
        """Return a variable; the spec's own default, or the variable's name, where it is not set."""
        return os.environ.get(name, f"${{{name}}}" if default is None else default)

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)


class SpecShelf:
    """The specs of a folder. A file is read again when its size or its time of change is another.

    Parameters
    ----------
    folder : Path
        Where the specs are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[tuple[int, int], KnownSpec]] = {}

    def all(self) -> dict[str, KnownSpec]:
        """Return the specs by the names of their models, in the order of these names."""
        known = {}
        for name, stamp in sorted(self._files()):
            before = self._known.get(name)
            known[name] = before if before and before[0] == stamp else (stamp, self._read(name))
        # One assignment: requests that run beside each other see the old specs or the new ones.
        self._known = known
        return {name: spec for name, (_, spec) in known.items()}

    def get(self, name: str) -> KnownSpec | None:
        """Return the spec of one model; nothing where there is no file of this name."""
        return self.all().get(name)

    def _files(self) -> Iterator[tuple[str, tuple[int, int]]]:
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".yaml") and not entry.name.startswith(("_", ".")):
                        stamp = _stamp(entry)
                        if stamp is not None:
                            yield entry.name.removesuffix(".yaml"), stamp
        except OSError:
            # No folder means no models.
            return

    def _read(self, name: str) -> KnownSpec:
        try:
            spec = load_spec(self._folder / f"{name}.yaml", _Surroundings())
        except AirmedicError as error:
            return KnownSpec(name, None, str(error)[:_MOST_SAID])
        except Exception as error:  # noqa: BLE001  whatever is wrong with one file, the others are shown
            # Its words may hold the value of a variable.
            return KnownSpec(name, None, f"It cannot be read ({type(error).__name__}). `airmedic validate` says more.")
        if spec.name != name:
            return KnownSpec(name, None, f"{name}.yaml describes {spec.name!r}. Rename one of them.")
        return KnownSpec(name, spec)


def _stamp(entry: os.DirEntry[str]) -> tuple[int, int] | None:
    """Return a file's time of change and size; nothing for what is no model, and may not take the others down.

    That is a link that leads nowhere, a file that goes meanwhile, a pipe, on which reading would wait without end, and
    a name that is no text, which no page can show.
    """
    try:
        entry.name.encode()
        if not entry.is_file():
            return None
        facts = entry.stat()
    except (OSError, UnicodeEncodeError):
        return None
    return facts.st_mtime_ns, facts.st_size
