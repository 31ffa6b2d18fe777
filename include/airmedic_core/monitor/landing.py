"""Which windows have files that were not there before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airmedic_core.reading.places import landed_files
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.spec import ModelSpec

_RECORDED = 60
"""Windows on record that are asked for. A window before all of them is history, not news."""


@dataclass
class Landing:
    """Looks at the files of a model again and again. A file that is the same in two looks counts as whole."""

    spec: ModelSpec
    ledger: Ledger
    _last: dict[Window, str] = field(default_factory=dict)
    _told: dict[Window, str] | None = None

    def look(self) -> list[Window]:
        """Return the windows whose files have landed or changed, oldest first.

        Raises
        ------
        SourceUnavailableError
            If the place does not answer. A retry helps once it does.
        LedgerBusyError
            If the ledger does not answer. A retry helps.
        """
        there = landed_files(self.spec)
        whole = {window: marks for window, marks in there.items() if self._last.get(window) == marks}
        self._last = there
        if self._told is None:
            self._told = self._known(there)
        new = sorted(window for window, marks in whole.items() if self._told.get(window) != marks)
        self._told |= whole
        return new

    def _known(self, there: dict[Window, str]) -> dict[Window, str]:
        """Return the windows that are no news when the looking begins."""
        recorded = self.ledger.batches(self.spec.name, limit=_RECORDED)
        if not recorded:
            return {window: marks for window, marks in there.items() if window != max(there)}
        assessed = {seen.batch.window for seen in recorded if seen.assessment is not None}
        oldest = min(seen.batch.window for seen in recorded)
        return {window: marks for window, marks in there.items() if window in assessed or window < oldest}
