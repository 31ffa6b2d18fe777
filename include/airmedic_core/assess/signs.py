"""Findings as they are weighed: by role, verdict and the causes that they suggest, and by no check's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from airmedic_core.causes import Cause
from airmedic_core.records import Role, Verdict

WHOLE = "batch"
"""Subject of findings on all rows of a batch together."""

WAITS = "waits"
"""Key in the details of a trial that leaves open what moved inputs cost: their window is only watched for now."""

_P_VALUE_WHERE_INPUTS_MOVED = 0.05
"""A loss needs less proof where the inputs have certainly moved than out of the blue: the usual 5 %."""

_P_VALUE_OF_THREE = 0.1
"""A loss, what remains of it on shared inputs and the sign of the errors each need less proof where they agree, and the
two that have a p-value prove so much together, however they depend on each other."""


class Sign(Protocol):
    """Says what is weighed: a finding, or the evidence made of one."""

    @property
    def subject(self) -> str:
        """A column, a segment, or the whole batch."""

    @property
    def verdict(self) -> Verdict:
        """Return what the check said."""

    @property
    def role(self) -> Role:
        """Return what it is evidence of."""

    @property
    def suggests(self) -> tuple[Cause, ...]:
        """Causes that it speaks for, most specific first."""

    @property
    def explained_by(self) -> tuple[Cause, ...]:
        """Causes of which it is only a symptom."""

    @property
    def value(self) -> float | None:
        """Return what was measured."""

    @property
    def baseline(self) -> float | None:
        """Return what is usual."""

    @property
    def limit(self) -> float | None:
        """From where on it counts."""

    @property
    def effect(self) -> float | None:
        """Size of the change on its own scale."""

    @property
    def p_value(self) -> float | None:
        """Return how likely it is by chance."""

    @property
    def details(self) -> Mapping[str, Any]:
        """Flags and numbers of its role."""


SignT = TypeVar("SignT", bound=Sign)


@dataclass(frozen=True)
class Signs(Generic[SignT]):
    """The findings of one batch without those that another finding explains."""

    items: tuple[SignT, ...]
    only_window: bool = False
    """Says whether no later window will confirm what is watched: a loss of performance is then decided on this one."""

    @classmethod
    def of(cls, findings: Iterable[SignT], *, only_window: bool = False) -> Signs[SignT]:
        """Leave out what another finding explains.

        A column in another unit is also out of range and has drifted; rows that are extreme in many columns at once
        also repeat extreme values. The more specific finding stands.
        """
        known = tuple(findings)
        alerts = [finding for finding in known if finding.verdict is Verdict.ALERT]
        kept = tuple(finding for finding in known if not any(_explains(alert, finding) for alert in alerts))
        return cls(kept, only_window)

    def pick(self, verdict: Verdict, choose: Callable[[SignT], bool]) -> list[SignT]:
        """Return the findings of a verdict, the largest effect first."""
        chosen = [finding for finding in self.items if finding.verdict is verdict and choose(finding)]
        return sorted(chosen, key=lambda finding: -abs(finding.effect or 0.0))

    def saying(self, cause: Cause) -> list[SignT]:
        """Return the alerts whose first suggestion is a cause."""
        return self.pick(Verdict.ALERT, lambda finding: finding.suggests[:1] == (cause,))

    def of_role(self, role: Role, verdict: Verdict = Verdict.ALERT) -> list[SignT]:
        """Return the findings of a role."""
        return self.pick(verdict, lambda finding: finding.role is role)

    @cached_property
    def moved(self) -> list[SignT]:
        """Alerts of inputs that lie elsewhere."""
        return self.pick(Verdict.ALERT, is_shift)

    @cached_property
    def helped(self) -> list[SignT]:
        """Alerts of a loss that a model trained in the shadow does not have."""
        return self.of_role(Role.TRIAL)

    @cached_property
    def waits(self) -> bool:
        """Whether nothing alarms but inputs that lie elsewhere, and a trial has left open what that costs."""
        alarms = self.pick(Verdict.ALERT, lambda finding: finding.role is not Role.EXPLAINS_LOSS)
        undecided = self.of_role(Role.TRIAL, Verdict.UNKNOWN)
        return all(map(is_shift, alarms)) and any(trial.details.get(WAITS) for trial in undecided)

    @cached_property
    def estimated(self) -> list[SignT]:
        """Alerts of a loss that is to be expected of the inputs and that no label has shown."""
        return self.pick(
            Verdict.ALERT, lambda finding: finding.role is Role.LOSS and bool(finding.details.get("estimated"))
        )

    @cached_property
    def unusable(self) -> list[SignT]:
        """Alerts of answers that nobody can use: missing, or the same for every row."""
        return [finding for finding in self.of_role(Role.SCORES_MOVED) if Cause.UNKNOWN in finding.suggests]

    @cached_property
    def remains(self) -> list[SignT]:
        """Alerts of a loss that is there on inputs that both windows have."""
        return self.pick(Verdict.ALERT, is_of_relation)

    @cached_property
    def lost(self) -> list[SignT]:
        """The measured losses that count: alerts, and weaker ones where something else bears them out."""
        alerts = self.pick(Verdict.ALERT, is_measured_loss)
        # A segment that is clearly worse is a loss too, where all rows together do not show it.
        lost = [finding for finding in alerts if finding.subject == WHOLE] or alerts
        if self.only_window and not lost:
            lost = self._certain_enough
        if self.moved and not lost:
            lost = self.pick(Verdict.WATCH, is_likely_loss) or self.pick(Verdict.OK, is_likely_loss)
        return lost

    @cached_property
    def _certain_enough(self) -> list[SignT]:
        """The loss that is watched, or one that remains on inputs that both windows have while errors lean."""
        if self.pick(Verdict.OK, _leaves_loss_open):
            # What neither the relation nor the inputs explain is more likely chance: more labels decide.
            return []
        proven = any(
            max(finding.details.get(name, 1.0) for name in ("bias_p_value", "joint_p_value")) < _P_VALUE_OF_THREE
            for finding in self.remains
        )
        # A few rows that cost much make the loss, its remainder and the lean alike: that is one sign, and not three.
        suspected = self.pick(
            Verdict.OK,
            lambda finding: (
                proven and is_likely_loss(finding, _P_VALUE_OF_THREE) and not finding.details.get("of_few_rows")
            ),
        )
        return self.pick(Verdict.WATCH, is_likely_loss) or suspected


def is_measured_loss(finding: Sign) -> bool:
    """Say whether a finding measures performance with labels."""
    return finding.role is Role.LOSS and not finding.details.get("estimated")


def is_likely_loss(finding: Sign, p_value: float = _P_VALUE_WHERE_INPUTS_MOVED) -> bool:
    """Say whether the deciding metric of a batch lies beyond its limit, by more than chance explains.

    Parameters
    ----------
    finding : Sign
        Any finding.
    p_value : float
        How likely chance may be at the most.
    """
    if not is_measured_loss(finding) or finding.subject != WHOLE or finding.p_value is None:
        return False
    return is_beyond_limit(finding) and finding.p_value < p_value


def is_beyond_limit(finding: Sign) -> bool:
    """Say whether a metric that decides lies on the far side of its limit, seen from its baseline."""
    if finding.value is None or finding.limit is None or finding.baseline is None:
        return False
    beyond = (finding.value - finding.limit) * (finding.limit - finding.baseline) > 0
    return bool(finding.details.get("decides")) and beyond


def is_shift(finding: Sign) -> bool:
    """Say whether a finding says that an input lies elsewhere, and no more specific cause for it."""
    shifts = {Cause.HARMLESS_COVARIATE_SHIFT, Cause.HARMFUL_COVARIATE_SHIFT}
    return finding.role is Role.INPUT_MOVED and (not finding.suggests or not shifts.isdisjoint(finding.suggests))


def is_of_relation(finding: Sign) -> bool:
    """Say whether a finding puts a loss down to a changed relation, and not to the inputs or the class mix."""
    return finding.role is Role.EXPLAINS_LOSS and finding.suggests[:1] == (Cause.CONCEPT_DRIFT,)


def _leaves_loss_open(finding: Sign) -> bool:
    return finding.role is Role.EXPLAINS_LOSS and finding.suggests == (Cause.UNKNOWN,)


def _explains(alert: Sign, finding: Sign) -> bool:
    """Say whether an alert is of a cause of which a finding is only a symptom.

    What is a symptom of a cause itself explains nothing by it: two rules that fail for the same reason would otherwise
    leave each other out.
    """
    if alert.subject not in {finding.subject, WHOLE}:
        return False
    return any(cause in finding.explained_by and cause not in alert.explained_by for cause in alert.suggests)
