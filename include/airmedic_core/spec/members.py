"""The members of families that a spec names."""

from __future__ import annotations

from typing import NamedTuple

from airmedic_core.family import Place, listing

CHECKS_LIE_IN = Place("airmedic_core.checks", "airmedic.checks")
SOURCES_LIE_IN = Place("airmedic_core.sources", "airmedic.sources")
STRATEGIES_LIE_IN = Place("airmedic_core.rollout", "airmedic.rollouts")
NOTIFIERS_LIE_IN = Place("airmedic_core.notifiers", "airmedic.notifiers", beside="airmedic.airflow_notifiers")
FLAVOURS_LIE_IN = Place("airmedic_core.flavours", "airmedic.flavours")
TARGETS_LIE_IN = Place("airmedic_core.targets")
WATCHERS_LIE_IN = Place("airmedic.watchers")


class NamedMember(NamedTuple):
    """A member of a family that a spec names."""

    key: str
    """Says where the spec names it: ``data.source``."""
    kind: str
    """Says what it is, for messages: ``source``."""
    place: Place
    """Says where the members of its family are looked for."""
    name: str
    is_used: bool = True
    """Says whether the spec uses it, and does not switch it off."""

    @property
    def is_extension(self) -> bool:
        """Say whether an installed package offers it, and not Airmedic."""
        return self.name not in listing(self.place.package, beside=self.place.beside)
