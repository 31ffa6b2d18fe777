"""Says what is known of a cause before any evidence is read: where it lies, its words, its remedies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from airmedic_core.causes.severity import Severity


class CauseKind(StrEnum):
    """Lists where a cause lies."""

    HEALTHY = "healthy"
    DATA = "data"
    """It lies in the rows: they are never trained on, never make a reference, and say nothing about the model."""
    MODEL = "model"
    """It lies in the difference between what the model has learned and what it now meets."""
    SERVICE = "service"
    """It lies in the version that serves, or in how it is served."""
    UNKNOWN = "unknown"


class Needs(StrEnum):
    """Lists what must hold before a remedy is worth recommending first, or at all."""

    UPSTREAM = "upstream"
    """The pipeline that delivers the rows is known: without it the remedy is not recommended."""
    STEPS = "steps"
    """The findings say how the fault is undone: without that the remedy is not recommended."""
    NEW_VERSION = "new_version"
    """The trouble starts with a new model version: the remedy is then the first choice."""


@dataclass(frozen=True)
class Remedy:
    """One action that may end a cause."""

    action: str
    why: str
    condition: str = ""
    """Says when it applies, for people, such as "if the retrained model is refused"; empty for always."""
    needs: Needs | None = None
    """The part of the condition that code can decide."""


@dataclass(frozen=True)
class CauseTraits:
    """Holds what is known of a cause before any evidence is read."""

    kind: CauseKind
    headline: str
    """Opens the headline of an incident."""
    title: str
    """Finishes the sentence "The most likely cause is …"."""
    decided_by: str
    """The evidence that decides it."""
    severity: Severity
    """Says how bad it is unless the evidence says otherwise."""
    remedies: tuple[Remedy, ...]
    """First choice first."""
    runbook: str
    """``file.md#anchor`` of the section to follow."""
    settled_by: str = ""
    """Says what a person can look at to tell it from another cause that is about as likely: a sentence."""
    harmed_by: frozenset[str] = frozenset()
    """Actions that would do harm if this were the cause: they teach a model wrong rows, make them the reference that
    later windows are compared with, or replace a version that is sound."""
    prevention: str = ""
    """Says what the pipeline in front of the model could do: finishes the sentence "It could …"."""
    harmless: bool = False
    """Nothing is lost: the window can be trained on, and an incident of it counts as a false alarm in the review."""
    hold_quarantines: bool = False
    """Rows that are held for this cause are broken for good, so to hold them means to quarantine them."""
    relation_changed: bool = False
    """Inputs mean something else for the target since a moment: only rows from then on teach it."""
    inputs_moved: bool = False
    """Inputs have moved, and mean the same for the target as before: rows from before still teach how to label them."""
    of_version: bool = False
    """It belongs to the version that serves: a deployment whose windows show it is unhealthy."""
    least_severity: Severity = Severity.MEDIUM
    """An incident of it is at least so bad, however small the loss is."""
    critical_loss: float = 0.5
    """Relative loss of performance from which an incident of it is critical: half of it is gone."""
    former_names: tuple[str, ...] = ()
    """Names under which older ledger rows and audit entries hold it, the oldest first."""

    @property
    def leaves_inputs(self) -> bool:
        """Say whether the inputs of such a window are as they usually are: later windows may be compared with them."""
        return self.relation_changed or self.of_version
