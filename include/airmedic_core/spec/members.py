"""The members of families that a spec names."""

from __future__ import annotations

from typing import NamedTuple

from airmedic_core.family import listing


class NamedMember(NamedTuple):
    """A member of a family that a spec names."""

    key: str
    """Where the spec names it: ``data.source``."""
    kind: str
    """What it is, for messages: ``source``."""
    package: str
    """The package of its family."""
    group: str
    """The family's group of entry points."""
    name: str
    is_used: bool = True
    """Whether the spec uses it, and does not switch it off."""

    @property
    def is_extension(self) -> bool:
        """Whether an installed package offers it, and not Airmedic."""
        return self.name not in listing(self.package)
