"""The ranking of causes: which causes the findings of a batch bear out, the one to name first.

Causes are looked for in the order of the closed list, so those in the data come first: broken data makes every other
finding doubtful. The monitor's assessment and the diagnosis by rules both read this ranking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

from airmedic_core.assess.signs import WHOLE, Signs, SignT
from airmedic_core.causes import Cause
from airmedic_core.records import Role, Verdict


@dataclass(frozen=True)
class Claim(Generic[SignT]):
    """A cause that findings bear out."""

    cause: Cause
    deciding: list[SignT]
    """The findings that decide it, the strongest first."""


def rank_causes(signs: Signs[SignT], *, new_version: bool = False) -> list[Claim[SignT]]:
    """Return the causes that the findings bear out, the one to name first.

    Parameters
    ----------
    signs : Signs
        The findings.
    new_version : bool
        Whether another model version serves since a few windows: a loss then starts with it.

    Returns
    -------
    list of Claim
        Empty where nothing alarms, or nothing but moved inputs whose cost a trial has left open. An alarm that no cause
        claims is of cause ``unknown``.

    Examples
    --------
    A column in another unit has moved too; that it moved says nothing of its own.

    >>> from airmedic_core.records import Finding
    >>> converted = Finding("units", "weight", "share", Verdict.ALERT, role=Role.DATA_FAULT,
    ...                     suggests=(Cause.UNIT_CHANGE,))
    >>> moved = Finding("drift", "weight", "shift", Verdict.ALERT, role=Role.INPUT_MOVED,
    ...                 explained_by=(Cause.UNIT_CHANGE,))
    >>> [claim.cause.value for claim in rank_causes(Signs.of([moved, converted]))]
    ['unit_change']
    >>> [claim.cause.value for claim in rank_causes(Signs.of([moved]))]
    ['harmless_covariate_shift']
    """
    if signs.waits and not signs.lost:
        return []
    claims = []
    for cause in Cause:
        rule = _RULES.get(cause)
        deciding = signs.saying(cause) if rule is None else rule(signs, new_version)
        if deciding and cause.is_specific:
            claims.append(Claim(cause, deciding))
    if not claims and (unclaimed := _unclaimed(signs)):
        claims.append(Claim(Cause.UNKNOWN, unclaimed))
    return [Claim(claim.cause, _with_other_faults(claim, claims)) for claim in claims]


def _with_other_faults(claim: Claim[SignT], claims: list[Claim[SignT]]) -> list[SignT]:
    """Add to a fault of the data the others of the same batch: they often have one origin."""
    companions = [companion for companion in claims if companion.cause.lies_in_data and companion is not claim]
    if not claim.cause.lies_in_data:
        return claim.deciding
    return claim.deciding + [finding for companion in companions for finding in companion.deciding]


def _bad_deployment(signs: Signs[SignT], new_version: bool) -> list[SignT]:
    deployed = signs.saying(Cause.BAD_DEPLOYMENT)
    of_all_rows = any(finding.subject == WHOLE for finding in signs.lost)
    return deployed + signs.lost if deployed or (new_version and of_all_rows and not signs.moved) else []


def _anomaly_spike(signs: Signs[SignT], _: bool) -> list[SignT]:
    strange = signs.saying(Cause.ANOMALY_SPIKE)
    return strange + signs.lost + signs.moved if strange else []


def _label_shift(signs: Signs[SignT], _: bool) -> list[SignT]:
    mix = signs.saying(Cause.LABEL_SHIFT)
    return mix + signs.lost if mix else []


def _concept_drift(signs: Signs[SignT], _: bool) -> list[SignT]:
    # Answers that nobody can use cost what they cost, whatever the relation is.
    if signs.unusable:
        return []
    if helped := _helped(signs, Cause.CONCEPT_DRIFT):
        return [*helped, *signs.remains, *signs.lost]
    if not signs.lost:
        return []
    if signs.remains:
        return [*signs.remains, *signs.lost]
    only = [finding for finding in signs.lost if finding.suggests == (Cause.CONCEPT_DRIFT,)]
    if signs.moved or _explained_by_inputs(signs):
        return []
    # The same rows as ever, of one segment, cost more than they did.
    return signs.lost if only or signs.lost[0].subject != WHOLE else []


def _harmful_shift(signs: Signs[SignT], _: bool) -> list[SignT]:
    if helped := _helped(signs, Cause.HARMFUL_COVARIATE_SHIFT):
        return [*helped, *signs.lost, *signs.moved]
    if not signs.lost:
        return signs.estimated + signs.moved if signs.estimated and signs.moved else []
    if signs.remains or signs.unusable:
        return []
    inputs = _explained_by_inputs(signs)
    return [*inputs, *signs.lost, *signs.moved] if inputs or signs.moved else []


def _helped(signs: Signs[SignT], cause: Cause) -> list[SignT]:
    """Return the trial that shows that training helps, where it speaks for a cause."""
    return [trial for trial in signs.helped if trial.suggests[:1] == (cause,)]


def _explained_by_inputs(signs: Signs[SignT]) -> list[SignT]:
    return signs.pick(
        Verdict.OK,
        lambda finding: finding.role is Role.EXPLAINS_LOSS and Cause.HARMFUL_COVARIATE_SHIFT in finding.suggests,
    )


def _latency_regression(signs: Signs[SignT], _: bool) -> list[SignT]:
    # Answers that are wrong matter more than answers that are slow.
    return [] if signs.lost else signs.saying(Cause.LATENCY_REGRESSION)


def _harmless_shift(signs: Signs[SignT], _: bool) -> list[SignT]:
    return [] if signs.lost or signs.estimated or signs.unusable or signs.helped else signs.moved


def _unclaimed(signs: Signs[SignT]) -> list[SignT]:
    """Return what alarms although no cause claims it: the losses first, then answers, then all else.

    The reason of a loss that cannot be shown is no alarm of its own: it is watched.
    """
    alone = signs.pick(Verdict.ALERT, lambda finding: finding.role is not Role.EXPLAINS_LOSS)
    return signs.lost or signs.unusable or signs.of_role(Role.SCORES_MOVED) or alone


_Rule = Callable[[Signs[Any], bool], list[Any]]

_RULES: dict[Cause, _Rule] = {
    Cause.BAD_DEPLOYMENT: _bad_deployment,
    Cause.ANOMALY_SPIKE: _anomaly_spike,
    Cause.LABEL_SHIFT: _label_shift,
    Cause.CONCEPT_DRIFT: _concept_drift,
    Cause.HARMFUL_COVARIATE_SHIFT: _harmful_shift,
    Cause.LATENCY_REGRESSION: _latency_regression,
    Cause.HARMLESS_COVARIATE_SHIFT: _harmless_shift,
}
"""Says what decides a cause beyond alerts that suggest it first."""
