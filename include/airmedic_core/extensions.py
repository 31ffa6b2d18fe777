"""Says what installed packages add to Airmedic: found, and refused where it cannot be used."""

from __future__ import annotations

from collections.abc import Iterator

from airmedic_core.errors import ExtensionError, closest
from airmedic_core.family import Family, family_of, groups_offered
from airmedic_core.spec import ModelSpec

FAMILIES = (
    "airmedic_core.actions",
    "airmedic_core.checks",
    "airmedic_core.diagnose.collectors",
    "airmedic_core.flavours",
    "airmedic_core.notifiers",
    "airmedic_core.review.changes",
    "airmedic_core.rollout",
    "airmedic_core.sources",
)
"""The packages of the families that are open to installed packages. Each is imported only when it is asked for."""


def require_extensions(spec: ModelSpec) -> None:
    """Import the members of installed packages that a spec names, so that one that is broken stops its model only.

    Members that come with Airmedic are not imported: they are known to work, and cost time where DAG files are parsed.

    Raises
    ------
    ExtensionError
        If one cannot be used. The message names its package. A retry does not help.
    """
    for named in spec.members():
        if named.is_used and named.is_extension:
            family_of(named.place.package).member(named.name)


def extension_problems() -> list[ExtensionError]:
    """Return what is wrong with all that installed packages offer. Imports them all."""
    families = _families()
    problems = [problem for family in families.values() for problem in family.problems()]
    for group, entries in groups_offered().items():
        if group not in families:
            packages = " and ".join(sorted({repr(entry.dist.name) for entry in entries if entry.dist is not None}))
            told = f"{packages} offers {entries[0].name!r} in {group!r}, which is the group of no family."
            problems.append(ExtensionError(told, closest(group, families)))
    return problems


def offered_members() -> Iterator[tuple[str, str, str]]:
    """Yield family, name and package of each member that installed packages offer and that can be used."""
    for family in _families().values():
        for name in sorted(set(family.names()) - set(family.ours())):
            try:
                family.member(name)
            except ExtensionError:
                continue
            yield family.kind, name, family.origin(name).package


def _families() -> dict[str, Family[object]]:
    return {family.entry_points: family for family in map(family_of, FAMILIES)}
