"""A packet as a diagnosis reads it: looked up by kind, by role and by what it suggests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from airmedic_core.assess.signs import WHOLE, Signs, is_beyond_limit, is_of_relation, is_shift
from airmedic_core.causes import Cause
from airmedic_core.records import ABNORMAL, Evidence, EvidencePacket, Role, Verdict

CAN_BE_UNDONE = "can_be_undone"
"""Key in the details of evidence: the finding that it is made of holds the steps of a repair."""


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
    def signs(self) -> Signs[Evidence]:
        """Findings, and what the history says of a loss and the version, as they are weighed."""
        # A version that brought nothing but slowness is judged by its latency, and is no bad deployment.
        links = self.of("deployment.link") if self.losses else []
        return Signs.of([*self.of("finding"), *links])

    @cached_property
    def losses(self) -> list[Evidence]:
        """Findings that measure or estimate a loss of performance.

        Where the inputs have certainly moved, a loss beyond its limit counts even if it could be chance otherwise.
        """
        lost = [item for item in self.alarms if item.role is Role.LOSS or is_of_relation(item)]
        return lost + [item for item in self._calm if self.moved and is_beyond_limit(item)]

    @cached_property
    def helped(self) -> list[Evidence]:
        """The trial that helps: a version trained in the shadow that does not have the loss."""
        return [item for item in self.alarms if item.role is Role.TRIAL]

    @property
    def loss_lasts(self) -> bool:
        """Say whether the window before shows a loss of the same metric too."""
        lost = {(item.subject, item.details.get("statistic")) for item in self.losses}
        return any(
            int(item.details.get("windows", 1)) > 1 and (item.subject, item.details.get("statistic")) in lost
            for item in self.of("onset")
        )

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
            for item in self.of("finding")
            if item.role is Role.LOSS
            and item.verdict is Verdict.OK
            and item.subject == WHOLE
            and "previous_version" not in item.details
        ]

    @cached_property
    def assessment(self) -> Evidence | None:
        """The checks' own weighing of the newest batch, if it found something that the version's history bears out."""
        assessed = next((item for item in self.of("assessment") if item.verdict is Verdict.ALERT), None)
        if assessed is None or Cause.BAD_DEPLOYMENT not in assessed.suggests:
            return assessed
        compared = self.versions_compared
        refuted = self.switch is not None and not self.switch.suggests
        return None if refuted and (compared is None or compared.verdict is Verdict.OK) else assessed

    @cached_property
    def versions_compared(self) -> Evidence | None:
        """The new version against the one before, on the same rows, where both could be scored."""
        return next(
            (item for item in self.of("finding") if item.role is Role.LOSS and "previous_version" in item.details), None
        )

    @cached_property
    def reasons_of_loss(self) -> list[Evidence]:
        """Findings that decide what a loss comes from: the relation, the inputs or the class mix."""
        explaining = [item for item in self.of("finding") if item.role is Role.EXPLAINS_LOSS]
        return [item for item in explaining if item.suggests and item.details.get("decides")]

    @cached_property
    def moved(self) -> list[Evidence]:
        """Findings of inputs that drifted, be it only to be watched."""
        return [item for item in self.alarms if is_shift(item)]

    @cached_property
    def unmoved(self) -> list[Evidence]:
        """Return what says that inputs lie where they usually do."""
        return [item for item in self.of("finding") if item.role is Role.INPUT_MOVED and item.verdict is Verdict.OK]

    @cached_property
    def switch(self) -> Evidence | None:
        """Say whether the loss starts with a new model version."""
        return next(iter(self.of("deployment.link")), None)

    @property
    def starts_with_version(self) -> bool:
        """Say whether the history shows that the trouble came with the version that serves."""
        return self.switch is not None and bool(self.switch.suggests)

    @property
    def can_be_undone(self) -> bool:
        """Say whether findings say how what they found is undone."""
        return any(item.details.get(CAN_BE_UNDONE) for item in self.alarms)

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
