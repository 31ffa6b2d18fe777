"""Families: folders in which each file is one member and the file's name is its key.

A key is looked up in the folder's listing before anything is imported, so that configuration can never import other
code, and adding a member touches one file.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from airmedic_core.errors import SpecError, closest

_ROOT = Path(__file__).parent


class Family:
    """The members of one folder of the engine, such as ``checks`` or ``diagnose.collectors``."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def names(self) -> tuple[str, ...]:
        """Return the keys of the members, sorted. Nothing is imported."""
        return _names(self.folder)

    def member(self, name: str) -> ModuleType:
        """Import and return one member.

        Raises
        ------
        SpecError
            If the folder has no such member. The message names the closest.
        """
        if name not in self.names():
            raise SpecError(f"{name!r} is not one of the {self.folder}.", closest(name, self.names()))
        return import_module(f"airmedic_core.{self.folder}.{name}")


@cache
def _names(folder: str) -> tuple[str, ...]:
    return tuple(
        sorted(path.stem for path in _ROOT.joinpath(*folder.split(".")).glob("*.py") if not path.stem.startswith("_"))
    )
