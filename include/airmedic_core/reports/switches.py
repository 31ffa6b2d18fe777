"""How a version came to serve, and who let it: in the same words wherever it is told."""

from __future__ import annotations

from dataclasses import dataclass

from airmedic_core.reports.decided import POLICY
from airmedic_core.reports.text import line

_NAME = 40
"""Letters of a person's name, which stands in names of runs as well."""
_TOLD = {
    "adopt": ("adopted", "adopted", "adopted it"),
    "deploy": ("deployed, {approved}", "{approved}", "{approved} it"),
    "rollback": ("returned to, {approved}", "{approved}", "{approved} the return to it"),
}
"""Holds what is said of a switch, by its kind: in a sentence, in a run's name, and of the people who let it through."""


@dataclass(frozen=True)
class CameToServe:
    """How a version came to serve.

    Examples
    --------
    >>> CameToServe("deploy", "anna", ("anna", "boris")).told
    'deployed, approved by anna and boris'
    >>> CameToServe("rollback", "policy").sentence
    'the policy allowed the return to it'

    Whoever approved a deployment has not approved that it was taken back:

    >>> CameToServe("rollback", "airmedic", ("anna",), takes_back=True).told
    'returned to by Airmedic, which took back what had replaced it'
    """

    kind: str
    """How the switch was made, as a promotion says it."""
    by: str
    """The name that the switch was made under."""
    approvers: tuple[str, ...] = ()
    """Who approved its proposal."""
    takes_back: bool = False
    """Says whether Airmedic made the switch to take another one of the same proposal back."""

    @property
    def people(self) -> str:
        """Return who is credited with it."""
        if self.takes_back:
            return "Airmedic"
        names = [name for name in self.approvers or (self.by,) if name != POLICY]
        return " and ".join(line(name, _NAME) for name in names) or "the policy"

    @property
    def told(self) -> str:
        """Return it after the name of the version."""
        if self.takes_back:
            return "returned to by Airmedic, which took back what had replaced it"
        if self.kind == "manual":
            return f"switched to by hand, noticed by {self.people}"
        return f"{_TOLD[self.kind][0].format(approved=self._verb)} by {self.people}"

    @property
    def short(self) -> str:
        """Return it short enough for the name of a run."""
        if self.takes_back:
            return "returned to by Airmedic"
        if self.kind == "manual":
            return "switched by hand"
        return f"{_TOLD[self.kind][1].format(approved=self._verb)} by {self.people}"

    @property
    def sentence(self) -> str:
        """Return it as a sentence about the version that serves."""
        if self.takes_back:
            return "Airmedic returned to it"
        if self.kind == "manual":
            return "somebody switched to it by hand"
        return f"{self.people} {_TOLD[self.kind][2].format(approved=self._verb)}"

    @property
    def _verb(self) -> str:
        return "allowed" if self.people == "the policy" else "approved"
