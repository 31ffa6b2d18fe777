"""The ledger and the specs of this installation, as the API server reaches them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic.hooks.switches import variable_switch
from airmedic.hooks.workspace import settings
from airmedic_core.errors import NoLedgerError
from airmedic_core.read_model import KnownSpec, SpecShelf
from airmedic_core.settings import Settings

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.workspace import Workspace

_WAIT_SECONDS = 5.0
"""Sets how long a request waits for a ledger that does not answer: a person is looking at a page."""


class Installation:
    """What requests read. Opened for each of them, so that a connection that was changed holds from then on."""

    def __init__(self) -> None:
        self.settings: Settings = settings()

    @property
    def specs(self) -> dict[str, KnownSpec]:
        """The specs by the names of their models."""
        return _shelf(self.settings.models).all()

    @property
    def ledger(self) -> Ledger | None:
        """The ledger; nothing where none was made yet.

        Raises
        ------
        LedgerError
            If it does not answer, or was made by a newer version.
        """
        try:
            return _ledger(self.settings.ledger_url)
        except NoLedgerError:
            return None

    def workspace(self, known: KnownSpec, ledger: Ledger) -> Workspace:
        """Return what reading one model's incidents and policy needs. Nothing of it may be used to change anything."""
        from airmedic_core.registry import registry_of
        from airmedic_core.workspace import Workspace

        assert known.spec is not None  # noqa: S101  the caller has looked
        registry = registry_of(known.spec, self.settings.tracking_uri, ledger)
        return Workspace(known.spec, self.settings, ledger, registry, switches=(variable_switch,))


@cache
def _shelf(folder: Path) -> SpecShelf:
    return SpecShelf(folder)


@cache
def _ledger(url: str) -> Ledger:
    # Errors are not kept: the next request tries again.
    from airmedic_core.ledger import Ledger

    return Ledger.open(url, wait_seconds=_WAIT_SECONDS, create=False)
