"""Weighs findings into one assessment: healthy, to be watched or an incident. The ranking names the cause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from airmedic_core.assess.ranking import rank_causes
from airmedic_core.assess.signs import WHOLE, Signs, is_measured_loss, is_shift
from airmedic_core.causes import Cause, Severity
from airmedic_core.records import Assessment, Batch, Finding, Role, Verdict, digest

_MOST_DECIDING = 20
"""Findings that an assessment names; the strongest come first."""
_MOST_CHARACTERS = 300
"""Length of a headline: one line of a page or a message."""
_ONLY_TRIED = "The inputs have moved, and training would help"
"""Start of the headline where a trial alone says that a move is harmful."""

Outcome = Literal["healthy", "watch", "incident"]


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
    hidden : callable
        Whether a subject is private: its message is not quoted.

    Returns
    -------
    Assessment
        Its fingerprint is the same for the same cause of the same columns, whatever the window.
    """
    if not findings:
        # A check that ran says so, even where it found nothing: without findings, nothing was checked.
        text = "No check has looked at this batch."
        findings = [Finding("assessment", WHOLE, "error", Verdict.UNKNOWN, message=text, details={"failed": True})]
    signs = Signs.of(findings, only_window=only_window)
    claims = rank_causes(signs, new_version=new_version)
    outcome, cause, deciding = _watch(signs)
    if claims:
        outcome, cause, deciding = "incident", claims[0].cause, claims[0].deciding
    severity = severity_of(cause, deciding) if outcome == "incident" else Severity.LOW
    subjects = sorted({finding.subject for finding in deciding[:3]}) if cause.lies_in_data else []
    return Assessment(
        batch_id=batch.id,
        outcome=outcome,
        cause=cause,
        severity=severity,
        headline=_headline(signs, outcome, cause, deciding, hidden),
        fingerprint=digest({"model": batch.model, "cause": cause.first_name, "subjects": subjects}),
        finding_keys=tuple(finding.key for finding in deciding[:_MOST_DECIDING]),
        not_knowable=_not_knowable(signs, cause, hidden),
    )


def _watch(signs: Signs[Finding]) -> tuple[Outcome, Cause, list[Finding]]:
    """Return what is not certain enough for an incident, or that nothing is there to be watched."""
    watched = signs.pick(Verdict.WATCH, lambda _: True)
    lost = [finding for finding in watched if is_measured_loss(finding) and finding.subject == WHOLE]
    others = [finding for finding in watched if finding not in lost]
    # All other alerts are of an incident: these explain a loss that may be chance, or wait for what a move costs.
    waiting = signs.moved if signs.waits else []
    watched = [*lost, *waiting, *others, *signs.of_role(Role.EXPLAINS_LOSS)]
    if watched:
        first = watched[0]
        cause = first.suggests[0] if first.suggests else Cause.UNKNOWN
        return "watch", Cause.HARMLESS_COVARIATE_SHIFT if is_shift(first) else cause, watched
    failed = [finding for finding in signs.items if finding.failed]
    return ("watch", Cause.UNKNOWN, failed) if failed else ("healthy", Cause.HEALTHY, [])


def severity_of(cause: Cause, deciding: Sequence[Finding]) -> Severity:
    """Return how bad an incident is: by the size of the fault, or by the relative loss of performance."""
    effect = abs(deciding[0].effect or 0.0) if deciding else 0.0
    if cause.traits.harmless:
        return Severity.LOW
    if cause.lies_in_data:
        return Severity.HIGH if effect >= 0.5 or len(deciding) >= 3 else Severity.MEDIUM
    if deciding and deciding[0].role is Role.SERVICE:
        # Twice its limit.
        return Severity.HIGH if effect >= 1.0 else Severity.MEDIUM
    lost = next((finding for finding in deciding if is_measured_loss(finding) and finding.baseline), None)
    fallen = abs(lost.effect or 0.0) / abs(lost.baseline) if lost is not None and lost.baseline else 0.0
    if fallen >= cause.traits.critical_loss:
        return Severity.CRITICAL
    severity = Severity.HIGH if fallen >= 0.05 else Severity.MEDIUM
    return max(severity, cause.traits.least_severity, key=lambda candidate: candidate.order)


def _headline(
    signs: Signs[Finding], outcome: Outcome, cause: Cause, deciding: list[Finding], hidden: Callable[[str], bool]
) -> str:
    if outcome == "healthy" or not deciding:
        if any(is_measured_loss(finding) and finding.verdict is Verdict.OK for finding in signs.items):
            return "No alarm: data, inputs and performance stay within their limits."
        return "No alarm: data and inputs stay within their limits; performance could not be measured."
    start = cause.traits.headline if outcome == "incident" else "To be watched"
    if (
        cause is Cause.HARMFUL_COVARIATE_SHIFT
        and deciding[0].role is Role.TRIAL
        and not (signs.lost or signs.estimated)
    ):
        # The trial shows what could be gained. That something was lost, nothing shows.
        start = _ONLY_TRIED
    # What was lost is plainer than how the loss was taken apart.
    shown = [finding for finding in deciding if not hidden(finding.subject)]
    first = next((finding for finding in shown if is_measured_loss(finding)), next(iter(shown), None))
    if first is None:
        return f"{start}: it shows in private columns alone."
    return f"{start}: {first.message or first.key}"[:_MOST_CHARACTERS]


def _not_knowable(signs: Signs[Finding], cause: Cause, hidden: Callable[[str], bool]) -> tuple[str, ...]:
    if cause.lies_in_data:
        return ()
    unknown = [finding for finding in signs.items if finding.verdict is Verdict.UNKNOWN]
    told = [str(finding.details.get("not_knowable") or finding.message) for finding in unknown
            if not hidden(finding.subject)]  # fmt: skip
    return tuple(told[:10])
