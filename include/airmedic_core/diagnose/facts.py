"""A packet as a diagnosis reads it: looked up by kind, check and what it suggests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from airmedic_core.records import ABNORMAL, Cause, Evidence, EvidencePacket, Verdict

_LOSS_CHECKS = frozenset({"performance", "estimate"})

RELATION = ("concept", "relation_loss")
"""How much of a loss the inputs leave unexplained."""
CLASS_MIX = ("concept", "class_mix")
"""Whether another mix of classes explains the loss."""
SINCE_DEPLOYMENT = ("performance", "since_deployment")
"""The new version against the one before, on the same rows."""


@dataclass(frozen=True)
class Facts:
    """The evidence of one packet, with the questions that every diagnosis asks of it."""

    packet: EvidencePacket

    def of(self, kind: str) -> list[Evidence]:
        """Return the evidence of a kind or of its sub-kinds (``finding`` includes ``finding.data``)."""
        return [item for item in self.packet.items if item.kind == kind or item.kind.startswith(f"{kind}.")]

    @cached_property
    def alarms(self) -> list[Evidence]:
        """Findings that are not in order."""
        return [item for item in self.of("finding") if item.verdict in ABNORMAL]

    @cached_property
    def losses(self) -> list[Evidence]:
        """Findings that measure or estimate a loss of performance.

        Where the inputs have certainly moved, a loss beyond its limit counts even if it could be chance otherwise.
        """
        lost = [item for item in self.alarms if item.details.get("check") in _LOSS_CHECKS or _is(item, *RELATION)]
        return lost + [item for item in self._calm if self.moved and _beyond_limit(item)]

    @cached_property
    def sound_performance(self) -> list[Evidence]:
        """Findings of the whole batch that measure or estimate a performance in order, those that decide first."""
        lost = {item.id for item in self.losses}
        sound = [item for item in self._calm if item.id not in lost]
        return sorted(sound, key=lambda item: not item.details.get("decides"))

    @cached_property
    def _calm(self) -> list[Evidence]:
        return [
            item
            for item in self.of("finding.performance")
            if item.verdict is Verdict.OK
            and item.subject == "batch"
            and item.details.get("check") in _LOSS_CHECKS
            and not _is(item, *SINCE_DEPLOYMENT)
        ]

    @cached_property
    def assessment(self) -> Evidence | None:
        """The checks' own weighing of the newest batch, if it found something that the version's history bears out."""
        found = next((item for item in self.of("assessment") if item.verdict is Verdict.ALERT), None)
        if found is None or Cause.BAD_DEPLOYMENT not in found.suggests:
            return found
        compared = self.found(*SINCE_DEPLOYMENT)
        refuted = self.switch is not None and not self.switch.suggests
        return None if refuted and (compared is None or compared.verdict is Verdict.OK) else found

    def found(self, check: str, statistic: str) -> Evidence | None:
        """Return the finding of one statistic, where it was made."""
        return next((item for item in self.of("finding") if _is(item, check, statistic)), None)

    @cached_property
    def moved(self) -> list[Evidence]:
        """Findings of inputs or scores that drifted."""
        return [item for item in self.alarms if item.kind == "finding.drift" and item.details.get("check") == "drift"]

    @cached_property
    def switch(self) -> Evidence | None:
        """Whether the loss starts with a new model version."""
        return next(iter(self.of("deployment.link")), None)

    def suggesting(self, cause: Cause) -> Iterator[Evidence]:
        """Yield the evidence that suggests a cause."""
        for item in self.packet.items:
            if cause in item.suggests:
                yield item

    def by_id(self, ids: Iterable[str]) -> list[Evidence]:
        """Return evidence by id, leaving out ids that the packet does not hold."""
        known = {item.id: item for item in self.packet.items}
        return [known[id_] for id_ in ids if id_ in known]


def citation(item: Evidence) -> str:
    """Return the statement of an item with its id, as a sentence."""
    return f"{item.statement.rstrip('.')} [{item.id}]."


def _is(item: Evidence, check: str, statistic: str) -> bool:
    return item.details.get("check") == check and item.details.get("statistic") == statistic


def _beyond_limit(item: Evidence) -> bool:
    if not item.details.get("decides") or item.value is None or item.limit is None or item.baseline is None:
        return False
    return (item.value - item.limit) * (item.limit - item.baseline) > 0
