"""Builds the same profile inside a database, through Ibis: only sums and counts travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.profile.edges import Edges
from airmedic_core.profile.profile import Profile
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import ibis


def build_profile_ibis(
    edges: Edges, table: ibis.Table, *, score: str = "", label: str = "", loss: str = "", window: Window | None = None
) -> Profile:
    """Profile the rows of an Ibis table where they are."""
    raise NotImplementedError
