"""Every error the engine raises: what is wrong, and what to do about it.

``transient`` says whether a retry can help. The Airflow layer turns transient errors into ordinary task failures,
which Airflow retries, and all others into failures that it does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar


class AirmedicError(Exception):
    """Base of all errors of the engine.

    Parameters
    ----------
    problem : str
        What is wrong, with the offending value.
    hint : str
        What to do about it.
    """

    transient: ClassVar[bool] = False

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(f"{problem} {hint}".strip())
        self.problem = problem
        self.hint = hint


class SpecError(AirmedicError):
    """A model spec, policy or setting is not valid. A retry does not help: edit the file."""


class UnsetVariableError(SpecError):
    """A spec uses a variable of the environment that is not set. A retry does not help: set it."""


class ExtensionError(SpecError):
    """A member that an installed package offers cannot be used. A retry does not help: mend or remove the package."""


class SourceError(AirmedicError):
    """The rows of a window could not be read as the spec says. A retry does not help."""


class MissingBatchError(SourceError):
    """The batch is not there yet. A retry helps once it has arrived."""

    transient = True


class SourceUnavailableError(SourceError):
    """The place where the rows are kept does not answer. A retry helps once it does."""

    transient = True


class UnreadableDataError(SourceError):
    """The rows are there, but cannot be read. A retry does not help: correct the data or the spec."""


class MissingColumnError(SourceError):
    """The batch lacks a column that the spec names. A retry does not help."""


class ModelError(AirmedicError):
    """A model version is missing, does not load or does not predict. A retry does not help."""


class NoChampionError(ModelError):
    """No model version carries the alias ``champion``. A retry does not help: adopt one first."""


class RegistryUnavailableError(AirmedicError):
    """MLflow does not answer. A retry helps once it does."""

    transient = True


class RegistryRefusedError(AirmedicError):
    """MLflow refuses the login. A retry does not help."""


class TrainingError(AirmedicError):
    """A challenger could not be trained. A retry does not help."""


class LedgerError(AirmedicError):
    """The ledger refuses what it was asked to record. A retry does not help."""


class LedgerBusyError(LedgerError):
    """The ledger is locked or does not answer. A retry helps."""

    transient = True


class NoLedgerError(LedgerError):
    """There is no ledger at the address yet. A retry does not help: correct the address, or run a model first."""


class AuditError(LedgerError):
    """The audit chain does not verify: a record was changed, removed or reordered."""


class PolicyError(AirmedicError):
    """The policy or a limit forbids the action. A retry does not help."""


class SwitchUnavailableError(AirmedicError):
    """A kill switch cannot be asked, so nothing is changed. A retry helps once it can."""

    transient = True


class HeldUpError(AirmedicError):
    """A freeze, the policy or the approvers hold up a deployment under way. A retry helps once they do not."""

    transient = True


class QuietAlarmError(PolicyError):
    """The alarm behind an approved action has gone quiet. A retry does not help: people are asked once more."""


class ApprovalError(AirmedicError):
    """No valid approval is recorded for exactly this proposal. A retry does not help."""


class NarrowingError(AirmedicError):
    """An approver has changed a proposal beyond its bounds. A retry does not help: answer within them."""


class NoticeError(AirmedicError):
    """People could not be told in one of the ways that a spec names. The work goes on."""


class TargetError(AirmedicError):
    """The target that serves a model online refuses, or does something else than it was told. A retry does not help."""


class TargetUnavailableError(TargetError):
    """The target that serves a model online does not answer. A retry helps once it does."""

    transient = True


class ActionError(AirmedicError):
    """An action could not be carried out or did not verify. A retry does not help."""


class ReturnedLabelsError(AirmedicError):
    """Labels that people return are not those that were asked for. A retry does not help: correct the file."""


class RepairError(ActionError):
    """Rows cannot be repaired as proposed. A retry does not help: they stay out until they are delivered anew."""


class LearningError(AirmedicError):
    """A prior may not be changed: nothing on record favours the change. A retry does not help."""


def closest(name: str, known: Iterable[str]) -> str:
    """Return a sentence that names the closest known name, or all of a short list.

    Parameters
    ----------
    name : str
        The name that is not known.
    known : iterable of str
        The names that are.

    Returns
    -------
    str
        For the end of an error message; empty where nothing is known.
    """
    # Each parse of a DAG file imports this module, and few of them have a name to look for.
    import difflib

    names = sorted(known)
    matches = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if matches:
        return f"Did you mean {matches[0]!r}?"
    if not names:
        return ""
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return f"Known: {shown}."
