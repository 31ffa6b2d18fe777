"""Families: things of one kind that share a contract, each in a file of its own whose name is its key.

Ours are found by their folder, a team's by the entry points of an installed package. A key is looked up in these
listings before anything is imported, so configuration can never import other code, and adding a member touches one
file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from airmedic_core.errors import ExtensionError, SpecError, closest

MemberT = TypeVar("MemberT")
_OURS = "airmedic"
_CONTRACT = "contract"
"""File of a family's folder that holds its protocol."""


@dataclass(frozen=True)
class Origin:
    """Where a member comes from."""

    package: str
    """Name of the distribution that offers it."""
    place: str
    """``module:Class``."""


class Family(Generic[MemberT]):
    """The members of one kind, such as the checks.

    A member is the class named after its file: ``bad_rows.py`` or the folder ``bad_rows/`` holds ``BadRows``.

    Parameters
    ----------
    package : str
        The package whose files and folders are our members, such as ``airmedic_core.checks``.
    contract : type
        The protocol that each member satisfies. Its attributes and methods without a default are required.
    entry_points : str
        The group of entry points in which installed packages offer more members; none where empty.
    """

    def __init__(self, package: str, contract: type[MemberT], *, entry_points: str = "") -> None:
        self.package = package
        self.contract = contract
        self.entry_points = entry_points
        self._members: dict[str, MemberT] = {}

    @property
    def kind(self) -> str:
        """The plural that messages use: ``checks``."""
        return self.package.rpartition(".")[2]

    def names(self) -> tuple[str, ...]:
        """Return the keys of all members, sorted. Nothing is imported."""
        return listing(self.package, self.entry_points)

    def ours(self) -> tuple[str, ...]:
        """Return the keys of the members that come with Airmedic, sorted. Nothing is imported."""
        return _files(self.package)

    def origin(self, name: str) -> Origin:
        """Return where a member comes from.

        Raises
        ------
        SpecError
            If there is no such member. The message names the closest.
        ExtensionError
            If two packages offer the name.
        """
        offers = [Origin(_OURS, f"{self.package}.{name}:{class_name(name)}")] if name in _files(self.package) else []
        offers += [Origin(_distribution(entry), entry.value) for entry in _offered(self.entry_points).get(name, ())]
        if not offers:
            raise SpecError(f"{name!r} is not one of the {self.kind}.", closest(name, self.names()))
        if len(offers) > 1:
            packages = " and ".join(sorted(repr(offer.package) for offer in offers))
            raise ExtensionError(
                f"{packages} both offer {name!r} as one of the {self.kind}.",
                "Uninstall one, or ask its authors to rename it.",
            )
        return offers[0]

    def member(self, name: str) -> MemberT:
        """Return one member, imported when it is first asked for.

        Raises
        ------
        SpecError
            If there is no such member. The message names the closest.
        ExtensionError
            If two packages offer the name, or the member cannot be imported or lacks a part of its contract.
        """
        if name not in self._members:
            self._members[name] = self._load(self.origin(name))
        return self._members[name]

    def problems(self) -> list[ExtensionError]:
        """Return what is wrong with the members that installed packages offer. Imports them all."""
        found = []
        for name in _offered(self.entry_points):
            try:
                self.member(name)
            except ExtensionError as error:
                found.append(error)
        return found

    def _load(self, origin: Origin) -> MemberT:
        module, _, attribute = origin.place.partition(":")
        told = f"{origin.place!r} of the package {origin.package!r}"
        try:
            made: Any = getattr(import_module(module), attribute)
            member = made() if isinstance(made, type) else made
        except Exception as error:
            if origin.package == _OURS:
                raise
            raise ExtensionError(
                f"{told} cannot be used as one of the {self.kind}: {type(error).__name__}: {error}",
                "Mend or uninstall the package.",
            ) from error
        missing = [part for part in _required(cast("Any", self.contract)) if getattr(member, part, None) is None]
        if missing:
            raise ExtensionError(
                f"{told} lacks {', '.join(missing)}, which each of the {self.kind} has.",
                f"See {self.contract.__module__}.{self.contract.__name__}.",
            )
        found: MemberT = member
        return found


def class_name(key: str) -> str:
    """Return the name of the class that a member's file holds.

    >>> class_name("rerun_pipeline")
    'RerunPipeline'
    """
    return "".join(part.capitalize() for part in key.split("_"))


def listing(package: str, entry_points: str = "") -> tuple[str, ...]:
    """Return the keys of the members of a family, for code that may know their names and nothing else.

    Parameters
    ----------
    package : str
        The package whose files and folders are our members.
    entry_points : str
        The group in which installed packages offer more; none where empty.
    """
    return tuple(sorted({*_files(package), *_offered(entry_points)}))


@cache
def _files(package: str) -> tuple[str, ...]:
    # The folder is found through its parent, so that listing it imports nothing of it.
    parent, _, folder = package.rpartition(".")
    places = import_module(parent).__path__
    found = [entry for place in places for entry in Path(place, folder).glob("*")]
    return tuple(
        sorted(
            entry.stem
            for entry in found
            if not entry.name.startswith(("_", "."))
            and entry.stem != _CONTRACT
            and (entry.suffix == ".py" or (entry.is_dir() and (entry / "__init__.py").exists()))
        )
    )


@cache
def _offered(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    if not group:
        return {}
    offered: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in entry_points(group=group):
        offered[entry.name] = (*offered.get(entry.name, ()), entry)
    return offered


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.module.partition(".")[0]


@cache
def _required(contract: Any) -> tuple[str, ...]:
    """Return the attributes that a contract declares without a value, and its abstract methods."""
    declared = {
        name
        for base in contract.__mro__
        if base not in {object, Generic}
        for name in getattr(base, "__annotations__", {})
        if not name.startswith("_") and not hasattr(contract, name)
    }
    return tuple(sorted(declared | set(getattr(contract, "__abstractmethods__", ()))))
