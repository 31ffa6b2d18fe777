"""Weighs findings into one assessment: data causes before model causes, the cause that explains the most first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from airmedic_core.records import Assessment, Batch, Cause, Finding, Severity, Verdict, digest

_DATA_ORDER = tuple(cause for cause in Cause if cause.lies_in_data)
_OF_STRANGE_ROWS = frozenset({"repeated_value_fraction", "sentinel_fraction", "outside_fraction", "tie"})
_LOSS_OF_MOVED_INPUTS = 0.05
_ONE_OF_THREE = 0.1
"""Where a loss, what remains of it on shared inputs and the sign of the errors say the same, each needs less proof."""


@dataclass(frozen=True)
class Verdicts:
    """The findings of a batch by what they say, after those that others explain are left out."""

    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Verdicts:
        """Leave out what another finding explains.

        A column in another unit is also out of range and has drifted; rows that are extreme in many columns at once
        also repeat extreme values. The more specific finding stands.
        """
        known = tuple(findings)
        alerts = [each for each in known if each.verdict is Verdict.ALERT]
        converted = {each.subject for each in alerts if Cause.UNIT_CHANGE in each.suggests}
        changed = {each.subject for each in alerts if Cause.SCHEMA_CHANGE in each.suggests}
        strange = any(Cause.ANOMALY_SPIKE in each.suggests for each in alerts)
        kept = [
            each
            for each in known
            if not (each.check in {"corruption", "drift", "quality"} and each.subject in converted | changed)
            and not (strange and each.check == "corruption" and each.statistic in _OF_STRANGE_ROWS)
        ]
        return cls(tuple(kept))

    def pick(self, verdict: Verdict, choose: Callable[[Finding], bool]) -> list[Finding]:
        """Return the findings of a verdict, the largest effect first."""
        found = [each for each in self.findings if each.verdict is verdict and choose(each)]
        return sorted(found, key=lambda each: -abs(each.effect or 0.0))

    def saying(self, cause: Cause, verdict: Verdict = Verdict.ALERT) -> list[Finding]:
        """Return the findings whose first suggestion is a cause."""
        return self.pick(verdict, lambda each: each.suggests[:1] == (cause,))

    def of_check(self, *checks: str, verdict: Verdict = Verdict.ALERT) -> list[Finding]:
        """Return the findings of some checks."""
        return self.pick(verdict, lambda each: each.check in checks)


Answer = tuple[Literal["healthy", "watch", "incident"], Cause, list[Finding]]


def weigh(
    batch: Batch,
    findings: Sequence[Finding],
    *,
    new_version: bool = False,
    only_window: bool = False,
    hidden: Callable[[str], bool] = lambda _: False,
) -> Assessment:
    """Weigh the findings of all groups into one assessment.

    Parameters
    ----------
    batch : Batch
        The batch.
    findings : sequence of Finding
        Of all groups.
    new_version : bool
        Whether another model version serves since a few windows: a loss then starts with it.
    only_window : bool
        Whether no later window will confirm what is watched: a loss of performance is then decided on this one.

    Returns
    -------
    Assessment
        Its fingerprint is the same for the same cause of the same columns, whatever the window.
    """
    if not findings:
        # Silence is not health: checks that ran say so, even of a batch in which they found nothing.
        text = "No check has looked at this batch."
        findings = [Finding("assessment", "batch", "error", Verdict.UNKNOWN, message=text)]
    verdicts = Verdicts.of(findings)
    answer = _data(verdicts) or _model(verdicts, new_version=new_version, only_window=only_window)
    outcome, cause, deciding = answer or _watch(verdicts)
    severity = _severity(cause, deciding) if outcome == "incident" else Severity.LOW
    subjects = sorted({each.subject for each in deciding[:3]}) if cause.lies_in_data else []
    return Assessment(
        batch_id=batch.id,
        outcome=outcome,
        cause=cause,
        severity=severity,
        headline=_headline(verdicts, outcome, cause, deciding, hidden),
        fingerprint=digest({"model": batch.model, "cause": cause.first_name, "subjects": subjects}),
        finding_keys=tuple(each.key for each in deciding[:20]),
        not_knowable=_not_knowable(verdicts, cause, hidden),
    )


def _data(verdicts: Verdicts) -> Answer | None:
    for cause in _DATA_ORDER:
        deciding = verdicts.saying(cause)
        if deciding:
            others = [each for other in _DATA_ORDER if other != cause for each in verdicts.saying(other)]
            return "incident", cause, deciding + others
    return None


def _model(verdicts: Verdicts, *, new_version: bool, only_window: bool) -> Answer | None:  # noqa: PLR0911  a line for each cause
    moved = verdicts.of_check("drift")
    lost = _lost(verdicts, only_window=only_window, moved=bool(moved))
    deployed = verdicts.saying(Cause.BAD_DEPLOYMENT)
    whole = any(each.subject == "batch" for each in lost)
    if deployed or (new_version and whole and not moved):
        return "incident", Cause.BAD_DEPLOYMENT, deployed + lost
    strange = verdicts.saying(Cause.ANOMALY_SPIKE)
    if strange:
        return "incident", Cause.ANOMALY_SPIKE, strange + lost + moved
    mix = verdicts.saying(Cause.LABEL_SHIFT)
    if mix:
        return "incident", Cause.LABEL_SHIFT, mix + lost
    if lost:
        return "incident", *_loss(verdicts, lost, moved)
    slow = verdicts.saying(Cause.LATENCY_REGRESSION)
    if slow:
        return "incident", Cause.LATENCY_REGRESSION, slow
    expected = verdicts.of_check("estimate")
    if expected and moved:
        return "incident", Cause.HARMFUL_COVARIATE_SHIFT, expected + moved
    unusable = [each for each in verdicts.of_check("scores") if Cause.UNKNOWN in each.suggests]
    if unusable:
        return "incident", Cause.UNKNOWN, unusable
    if moved:
        return "incident", Cause.HARMLESS_COVARIATE_SHIFT, moved
    answers = verdicts.of_check("scores")
    if answers:
        # The same inputs get other answers: labels will tell what that costs.
        return "incident", Cause.UNKNOWN, answers
    return None


def _lost(verdicts: Verdicts, *, only_window: bool, moved: bool) -> list[Finding]:
    alerts = verdicts.of_check("performance")
    # A segment that is clearly worse is a loss too, where all rows together do not show it.
    lost = [each for each in alerts if each.subject == "batch"] or alerts
    if only_window and not lost:
        lost = _certain_enough(verdicts)
    if moved and not lost:
        # Where the inputs have certainly moved, a loss needs less proof than out of the blue.
        lost = verdicts.pick(Verdict.WATCH, _is_loss) or verdicts.pick(Verdict.OK, _is_loss)
    return lost


def _certain_enough(verdicts: Verdicts) -> list[Finding]:
    """Return the loss that is watched, or one that remains on inputs that both windows have while errors lean."""
    remains = verdicts.pick(Verdict.ALERT, lambda each: each.key == "concept:batch:relation_loss")
    leans = any(each.details.get("bias_p_value", 1.0) < _ONE_OF_THREE for each in remains)
    suspected = verdicts.pick(Verdict.OK, lambda each: _is_loss(each, _ONE_OF_THREE)) if leans else []
    if verdicts.pick(Verdict.OK, lambda each: each.key == "concept:batch:relation_loss" and _unexplained(each)):
        # What neither the relation nor the inputs explain is more likely chance: more labels decide.
        return []
    return verdicts.pick(Verdict.WATCH, _is_loss) or suspected


def _unexplained(finding: Finding) -> bool:
    return finding.suggests == (Cause.UNKNOWN,)


def _is_loss(finding: Finding, p_value: float = _LOSS_OF_MOVED_INPUTS) -> bool:
    if finding.check != "performance" or finding.subject != "batch" or "decides" not in finding.details:
        return False
    if finding.p_value is None or finding.value is None or finding.limit is None or finding.baseline is None:
        return False
    beyond = (finding.value - finding.limit) * (finding.limit - finding.baseline) > 0
    return bool(finding.details["decides"]) and beyond and finding.p_value < p_value


def _loss(verdicts: Verdicts, lost: list[Finding], moved: list[Finding]) -> tuple[Cause, list[Finding]]:
    explained = verdicts.pick(Verdict.ALERT, lambda each: each.key == "concept:batch:relation_loss")
    if explained:
        return Cause.CONCEPT_DRIFT, [*explained, *lost]
    inputs = verdicts.pick(
        Verdict.OK,
        lambda each: each.key == "concept:batch:relation_loss" and Cause.HARMFUL_COVARIATE_SHIFT in each.suggests,
    )
    if inputs:
        return Cause.HARMFUL_COVARIATE_SHIFT, [*inputs, *lost, *moved]
    if moved:
        return Cause.HARMFUL_COVARIATE_SHIFT, [*lost, *moved]
    if lost[0].subject != "batch":
        # The same rows as ever, of one segment, cost more than they did.
        return Cause.CONCEPT_DRIFT, lost
    return Cause.UNKNOWN, lost


def _watch(verdicts: Verdicts) -> Answer:
    watched = verdicts.pick(Verdict.WATCH, lambda _: True)
    if watched:
        lost = [each for each in watched if each.check == "performance" and each.subject == "batch"]
        first = (lost or watched)[0]
        cause = first.suggests[0] if first.suggests else Cause.UNKNOWN
        if first.check == "drift":
            cause = Cause.HARMLESS_COVARIATE_SHIFT
        return "watch", cause, [first, *(each for each in watched if each is not first)]
    failed = verdicts.pick(Verdict.UNKNOWN, lambda each: each.statistic == "error")
    if failed:
        return "watch", Cause.UNKNOWN, failed
    return "healthy", Cause.HEALTHY, []


def _severity(cause: Cause, deciding: list[Finding]) -> Severity:
    effect = abs(deciding[0].effect or 0.0) if deciding else 0.0
    if cause is Cause.HARMLESS_COVARIATE_SHIFT:
        return Severity.LOW
    if cause.lies_in_data:
        return Severity.HIGH if effect >= 0.5 or len(deciding) >= 3 else Severity.MEDIUM
    lost = next((each for each in deciding if each.check == "performance" and each.baseline), None)
    fallen = abs(lost.effect or 0.0) / abs(lost.baseline) if lost is not None and lost.baseline else 0.0
    if cause is Cause.BAD_DEPLOYMENT:
        return Severity.CRITICAL if fallen >= 0.15 else Severity.HIGH
    if cause is Cause.LATENCY_REGRESSION:
        return Severity.HIGH if effect >= 1.0 else Severity.MEDIUM
    if lost is None:
        return Severity.MEDIUM
    return Severity.CRITICAL if fallen >= 0.5 else Severity.HIGH if fallen >= 0.05 else Severity.MEDIUM


def _headline(
    verdicts: Verdicts, outcome: str, cause: Cause, deciding: list[Finding], hidden: Callable[[str], bool]
) -> str:
    if outcome == "healthy" or not deciding:
        if verdicts.of_check("performance", verdict=Verdict.OK):
            return "Nothing unusual: data, inputs and performance are as they were."
        return "Nothing unusual: data and inputs are as they were; performance could not be measured."
    start = cause.traits.headline if outcome == "incident" else "To be watched"
    # What was lost is plainer than how the loss was taken apart.
    shown = [each for each in deciding if not hidden(each.subject)]
    first = next((each for each in shown if each.check == "performance"), next(iter(shown), None))
    return f"{start}: {first.message}"[:300] if first else f"{start}: it shows in private columns alone."


def _not_knowable(verdicts: Verdicts, cause: Cause, hidden: Callable[[str], bool]) -> tuple[str, ...]:
    if cause.lies_in_data:
        return ()
    said = []
    for each in verdicts.findings:
        if each.key == "performance:batch:labels" and each.verdict is Verdict.UNKNOWN:
            have, needed = int(each.value or 0), int(each.limit or 0)
            said.append(
                f"Whether the relation between inputs and label has changed: {have:,} labels are known, about "
                f"{needed:,} would decide it."
            )
        elif each.verdict is Verdict.UNKNOWN and not hidden(each.subject):
            said.append(each.message)
    return tuple(said[:10])
