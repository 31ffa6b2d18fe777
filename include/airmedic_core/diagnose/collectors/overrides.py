"""Says what people changed by hand and is in force: settings, quarantined windows, freezes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.wording import day, plain
from airmedic_core.records import Evidence

MOST = 8
_KINDS = {
    "quarantine": "The window {key} is quarantined",
    "repaired": "The window {key} is repaired on a copy",
    "labelled": "People have labelled rows of the window {key}",
    "setting": "The setting {key} is {value}, set",
    "freeze": "Changes are frozen ({key})",
    "kill_switch": "All actions are switched off ({key})",
}


@final
class Overrides(Collector):
    """Settings, quarantined windows, freezes."""

    order = 60

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield the overrides in force."""
        held = case.workspace.ledger.overrides(case.incident.model, now=case.incident.as_of)
        # What is expected of actions says nothing of what is wrong with the model.
        overrides = [override for override in held if override.kind in _KINDS]
        for override in overrides[:MOST]:
            until = f" until {day(override.expires_at)}" if override.expires_at else ""
            what = _KINDS[override.kind].format(key=plain(override.key), value=plain(str(override.plain_value), 160))
            yield Evidence(
                id="",
                kind="override",
                collector="overrides",
                subject=plain(override.key),
                statement=f"{what} by {plain(override.author)}{until}.",
                direction="changed",
                source="ledger, overrides",
                trust="recorded",
                details={"kind": override.kind},
            )
