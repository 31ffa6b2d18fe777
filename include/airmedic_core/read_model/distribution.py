"""Says how a column was distributed when its version was accepted, and how it is in the newest window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError
from airmedic_core.profile.bars import Distribution, compare

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def distributions(ws: Workspace, column: str) -> tuple[Distribution, Distribution]:
    """Return the distribution of a column in the champion's reference and in the newest window, on the same bins.

    Either is missing where it is not kept: windows are kept on the disk of the tasks, which this process need not see.

    Parameters
    ----------
    ws : Workspace
        The model.
    column : str
        The column, which is no private one.
    """
    from airmedic_core.monitor.past import kept_profile

    try:
        reference = ws.registry.reference(ws.registry.champion(ws.spec.name))
    except AirmedicError:  # the page shows the rest without it
        return None, None
    newest = ws.ledger.batches(ws.spec.name, limit=1)
    profile = kept_profile(ws.settings, newest[0].batch, reference) if newest else None
    then = reference.whole.columns.get(column)
    now = None if profile is None or column in profile.missing else profile.columns.get(column)
    return compare(then, now)
