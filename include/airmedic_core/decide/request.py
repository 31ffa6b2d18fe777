"""Says what a person asks of a remediation."""

from __future__ import annotations

from dataclasses import dataclass

from airmedic_core.actions import choices
from airmedic_core.errors import SpecError, closest

AUTOMATIC = "automatic"
DIAGNOSE_ONLY = "diagnose_only"
UNNAMED = "a person"
"""The name of a person whom Airflow does not name. It may be anybody, so that their word stands in for nothing."""
LEFT_TO_DIAGNOSIS = {
    AUTOMATIC: "Automatic: what the diagnosis recommends and the policy allows",
    DIAGNOSE_ONLY: "Diagnose only",
}
"""Says what people may ask for instead of an action, and how the form offers it."""


@dataclass(frozen=True)
class Request:
    """Holds what a person asks of a remediation; ``automatic`` leaves the choice to the diagnosis.

    Raises
    ------
    SpecError
        If the action is not one that people may choose. The message names the closest.
    """

    action: str = AUTOMATIC
    reason: str = ""
    by: str = ""
    dry_run: bool = False
    version: str = ""
    """The version to go back to; empty for the one that the action chooses."""
    override: str = ""
    """Why the action is wanted although something speaks against it."""

    def __post_init__(self) -> None:
        if self.chooses and self.action not in choices():
            known = (*LEFT_TO_DIAGNOSIS, *choices())
            raise SpecError(
                f"{self.action!r} is not one of the actions that can be asked for.", closest(self.action, known)
            )

    @property
    def chooses(self) -> bool:
        """Say whether the person names an action instead of leaving the choice to the diagnosis."""
        return self.action not in LEFT_TO_DIAGNOSIS

    @property
    def only_looks(self) -> bool:
        """Say whether nothing is to be done about what is found."""
        return self.dry_run or self.action == DIAGNOSE_ONLY


def form() -> dict[str, str]:
    """Return what the form of a remediation offers, each with its words."""
    return {**LEFT_TO_DIAGNOSIS, **choices()}
