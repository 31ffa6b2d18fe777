"""Checks: what is looked at in each batch. One file or folder is one check; its name is the key in the spec."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from airmedic_core.comparison import CheckContext
from airmedic_core.extras import missing_extra
from airmedic_core.family import Family
from airmedic_core.records import ABNORMAL, Finding, Verdict
from airmedic_core.spans import span
from airmedic_core.spec import ModelSpec, validated

__all__ = [
    "CHECKS",
    "GROUPS",
    "Check",
    "CheckOptions",
    "Group",
    "Threshold",
    "check_of_suite",
    "options_for",
    "run_group",
    "running",
]

Group = Literal["data", "drift", "performance"]
GROUPS: tuple[Group, ...] = ("data", "drift", "performance")
_MILDEST_FIRST = tuple(Verdict)
_log = logging.getLogger(__name__)


class CheckOptions(BaseModel):
    """Base of the options of a check. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


OptionsT = TypeVar("OptionsT", bound=CheckOptions)


@dataclass(frozen=True)
class Threshold:
    """An option of a check below which nothing alarms, and which a review may move."""

    check: str
    option: str
    measured_by: Literal["effect", "value"]
    """Which number of a finding it is compared with."""
    most_factor: float
    """Says how far a review may move it in one step."""
    names_itself: bool = True
    """Says whether a finding's ``limit`` is the option's own value; then it does not govern findings under other
    limits.
    """

    @property
    def key(self) -> str:
        """Its key in the model spec."""
        return f"checks.{self.check}.{self.option}"


class Check(Protocol[OptionsT]):
    """Describes what each check offers. It reads the context and changes nothing."""

    group: Group
    """The task that runs it: its findings are made and kept together with those of the same group."""
    options: type[OptionsT]
    """Its thresholds, each documented, with defaults."""
    thresholds: tuple[Threshold, ...] = ()
    """Says what a review may move. A check of the data has none: a fault that is passed over is trained on."""
    options_of_pair: Mapping[str, Any] = {}
    """Options that `airmedic check` sets where the spec does not: two files are all it has."""
    validates_suite: bool = False
    """Says whether it validates the model's expectation suite: an expectation that a review suggests is one of its own.
    """

    @abstractmethod
    def run(self, context: CheckContext, options: OptionsT) -> list[Finding]:
        """Look at a batch.

        Parameters
        ----------
        context : CheckContext
            The batch and all it is compared with.
        options : CheckOptions
            This check's thresholds for the model.

        Returns
        -------
        list of Finding
            Each with a key of its own. What is in order is a finding too.
        """


CHECKS: Family[Check[Any]] = Family("airmedic_core.checks", Check, entry_points="airmedic.checks")


def options_for(spec: ModelSpec, name: str) -> Any:
    """Return the options of one check: those of the spec, else the defaults.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    name : str
        The check.

    Raises
    ------
    SpecError
        If the check or one of its options does not exist, or a value is not allowed. A retry does not help.
    """
    given = spec.checks.get(name) or {}
    return validated(CHECKS.member(name).options, given, f"The options of the check {name!r}")


def check_of_suite() -> str:
    """Return the check that validates the model's expectation suite.

    >>> check_of_suite()
    'quality'
    """
    return next(name for name in CHECKS.ours() if CHECKS.member(name).validates_suite)


def running(spec: ModelSpec) -> tuple[str, ...]:
    """Return the checks that run for a model, sorted.

    Ours run unless the spec switches them off; a check of an installed package runs where the spec names it. So
    installing a package raises no alarms about models whose owners did not ask for it.
    """
    wanted = {name for name, given in spec.checks.items() if given is not False}
    unwanted = set(spec.checks) - wanted
    return tuple(sorted({*CHECKS.ours(), *wanted} - unwanted))


def run_group(context: CheckContext, group: Group) -> list[Finding]:
    """Run the checks of one group that the spec has not switched off, and those of packages that it names.

    A check that fails becomes a finding with the verdict ``unknown``: it never hides the others, and it is not passed.

    Parameters
    ----------
    context : CheckContext
        The batch and all it is compared with.
    group : str
        ``data``, ``drift`` or ``performance``.

    Returns
    -------
    list of Finding
        In the order of the checks' names.

    Raises
    ------
    SpecError
        If options are not valid. A retry does not help.
    """
    findings: list[Finding] = []
    for name in running(context.spec):
        check = CHECKS.member(name)
        if group != check.group:
            continue
        options = options_for(context.spec, name)
        with span(f"check {name}", model=context.spec.name, window=context.batch.window.key, check=name) as recorded:
            try:
                made = _of_check(name, check.run(context, options))
            except Exception as error:  # noqa: BLE001  one failing check must not hide the others
                made = [_failed(name, context, error)]
                recorded.failed(error)
            recorded.note(group=group, **_in_short(made))
        findings.extend(made)
    return findings


def _in_short(findings: list[Finding]) -> dict[str, str | int]:
    """Return how bad the worst finding of a check is, and which cause it speaks for."""
    worst = max(findings, key=lambda finding: _MILDEST_FIRST.index(finding.verdict), default=None)
    if worst is None:
        return {"findings": 0}
    cause = worst.suggests[0] if worst.suggests and worst.verdict in ABNORMAL else None
    told = {"cause": cause.value, "severity": cause.traits.severity.value} if cause else {}
    return {"findings": len(findings), "verdict": worst.verdict.value, **told}


def _failed(name: str, context: CheckContext, error: Exception) -> Finding:
    if missing := missing_extra(error):
        _log.warning("The check %s was left out on %s: %s", name, context.batch.id, missing)
        message = f"The check was left out: {missing}"
    else:
        _log.error("The check %s failed on %s.", name, context.batch.id, exc_info=error)
        message = f"The check failed: {type(error).__name__}: {error}"
    return Finding(name, "batch", "error", Verdict.UNKNOWN, message=message, details={"failed": True})


def _of_check(name: str, findings: list[Finding]) -> list[Finding]:
    """Return the findings of a check, unless they cannot be kept beside those of the others."""
    keys = [finding.key for finding in findings]
    for finding in findings:
        if finding.check != name:
            raise ValueError(f"it returned {finding.key!r}, a finding of the check {finding.check!r}")
        if keys.count(finding.key) > 1:
            raise ValueError(f"it returned {finding.key!r} more than once")
    return findings
