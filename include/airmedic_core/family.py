"""Families: things of one kind that share a contract, each in a file of its own whose name is its key.

Ours are found by their folder, a team's by the entry points of an installed package. A key is looked up in these
listings before anything is imported, so configuration can never import other code, and adding a member touches one
file.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from airmedic_core.errors import ExtensionError, SpecError, closest

MemberT = TypeVar("MemberT")
_OURS = "airmedic"
_CONTRACT = "contract"
"""File of a family's folder that holds its protocol."""
GROUPS = "airmedic."
"""Says how the groups of entry points begin in which packages offer members."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Origin:
    """Says where a member comes from."""

    package: str
    """Name of the distribution that offers it."""
    place: str
    """``module:Class``."""

    @property
    def is_ours(self) -> bool:
        """Say whether the member comes with Airmedic."""
        return self.package == _OURS


class Place(NamedTuple):
    """Says where the members of a family are looked for: the arguments of :func:`listing`."""

    package: str
    group: str = ""
    beside: str = ""


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
    beside : str
        A second package of our members, which need not be there: it holds those that need Airflow.
    """

    def __init__(self, package: str, contract: type[MemberT], *, entry_points: str = "", beside: str = "") -> None:
        self.package = package
        self.contract = contract
        self.entry_points = entry_points
        self.beside = beside
        self._members: dict[str, MemberT] = {}
        _families[package] = self

    @property
    def kind(self) -> str:
        """The plural that messages use: ``checks``."""
        return self.package.rpartition(".")[2]

    def names(self) -> tuple[str, ...]:
        """Return the keys of all members, sorted. Nothing is imported."""
        return listing(self.package, self.entry_points, self.beside)

    def ours(self) -> tuple[str, ...]:
        """Return the keys of the members that come with Airmedic, sorted. Nothing is imported."""
        return listing(self.package, beside=self.beside)

    def origin(self, name: str) -> Origin:
        """Return where a member comes from. A package cannot replace one of ours: ours is used.

        Raises
        ------
        SpecError
            If there is no such member. The message names the closest.
        ExtensionError
            If two packages offer the name.
        """
        for package in (self.package, self.beside):
            if name in _files(package):
                return Origin(_OURS, f"{package}.{name}:{class_name(name)}")
        offers = _offered(self.entry_points).get(name, ())
        if not offers:
            raise SpecError(f"{name!r} is not one of the {self.kind}.", closest(name, self.names()))
        if len(offers) > 1:
            raise self._clash(name, [_distribution(offer) for offer in offers])
        return Origin(_distribution(offers[0]), offers[0].value)

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
            self._members[name] = self._load(name, self.origin(name))
        return self._members[name]

    def working(self) -> dict[str, MemberT]:
        """Return all members that can be used, by name. One that cannot is logged: the others go on without it."""
        members = {}
        for name in self.names():
            try:
                members[name] = self.member(name)
            except ExtensionError as error:
                _log.warning("%s", error)
        return members

    def problems(self) -> list[ExtensionError]:
        """Return what is wrong with the members that installed packages offer. Imports them all."""
        problems = []
        for name, offers in _offered(self.entry_points).items():
            if name in self.ours():
                problems.append(self._clash(name, [_OURS, *(_distribution(offer) for offer in offers)]))
                continue
            try:
                self.member(name)
            except ExtensionError as error:
                problems.append(error)
        return problems

    def _clash(self, name: str, packages: list[str]) -> ExtensionError:
        told = " and ".join(repr(package) for package in sorted(packages))
        used = " Airmedic's own is used." if _OURS in packages else ""
        return ExtensionError(
            f"{told} both offer {name!r} as one of the {self.kind}.{used}",
            "Uninstall one of the packages, or ask its authors to rename theirs.",
        )

    def _load(self, name: str, origin: Origin) -> MemberT:
        from airmedic_core.extension_faults import complete, faults_of

        module, _, attribute = origin.place.partition(":")
        told = f"{origin.place!r} of the package {origin.package!r}"
        hint = f"Mend or uninstall {origin.package!r}. {self.contract.__module__}.{self.contract.__name__} says what "
        hint += f"each of the {self.kind} offers."
        try:
            offered: Any = import_module(module)
            for part in filter(None, attribute.split(".")):
                offered = getattr(offered, part)
        except (Exception, SystemExit) as error:
            if origin.is_ours:
                raise
            problem = f"{told} cannot be imported: {type(error).__name__}: {error}"
            raise ExtensionError(problem[:_LONGEST], hint) from error
        is_class = isinstance(offered, type)
        faults = (
            faults_of(self.contract, name, offered) if is_class else [f"it is a {type(offered).__name__}, not a class"]
        )
        if not faults:
            try:
                member: MemberT = offered()
                complete(self.contract, member)
            except Exception as error:
                problem = f"{told} cannot be made: {type(error).__name__}: {error}"
                raise ExtensionError(problem[:_LONGEST], hint) from error
            faults = faults_of(self.contract, name, member)
        if faults:
            raise ExtensionError(f"{told} cannot be one of the {self.kind}: {'; '.join(faults)}.", hint)
        return member


_families: dict[str, Family[Any]] = {}
_LONGEST = 500
"""Characters of an error that a package raised: what it says may be as long as a page."""


def family_of(package: str) -> Family[Any]:
    """Return the family whose members lie in a package. The package is imported, its members are not."""
    import_module(package)
    return _families[package]


def class_name(key: str) -> str:
    """Return the name of the class that a member's file holds.

    >>> class_name("rerun_pipeline")
    'RerunPipeline'
    """
    return "".join(part.capitalize() for part in key.split("_"))


def listing(package: str, entry_points: str = "", beside: str = "") -> tuple[str, ...]:
    """Return the keys of the members of a family, for code that may know their names and nothing else.

    Parameters
    ----------
    package : str
        The package whose files and folders are our members.
    entry_points : str
        The group in which installed packages offer more; none where empty.
    beside : str
        A second package of our members, which need not be there.
    """
    return tuple(sorted({*_files(package), *_files(beside), *_offered(entry_points)}))


def groups_offered() -> dict[str, tuple[EntryPoint, ...]]:
    """Return what installed packages offer, by group, whether or not a family of that name exists."""
    return {group: tuple(entries) for group, entries in _entries().items()}


@cache
def _files(package: str) -> tuple[str, ...]:
    # The folder is found through its parent, so that listing it imports nothing of it.
    parent, _, folder = package.rpartition(".")
    try:
        package_spec = find_spec(parent) if parent else None
    except ModuleNotFoundError:
        package_spec = None
    places = (package_spec.submodule_search_locations or ()) if package_spec is not None else ()
    entries = [entry for place in places for entry in Path(place, folder).glob("*")]
    return tuple(
        sorted(
            entry.stem
            for entry in entries
            if not entry.name.startswith(("_", "."))
            and entry.stem != _CONTRACT
            and (entry.suffix == ".py" or (entry.is_dir() and (entry / "__init__.py").exists()))
        )
    )


@cache
def _offered(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    offered: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in _entries().get(group, ()) if group else ():
        offered[entry.name] = (*offered.get(entry.name, ()), entry)
    return offered


@cache
def _entries() -> dict[str, list[EntryPoint]]:
    # All groups in one pass: each pass reads a file of every installed package, and specs are read with each DAG file.
    installed = entry_points()
    return {group: list(installed.select(group=group)) for group in installed.groups if group.startswith(GROUPS)}


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.module.partition(".")[0]
