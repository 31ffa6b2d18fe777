"""What a spec marks as private stays out of the reports: MLflow is usually another machine."""

from __future__ import annotations

import re
from collections.abc import Iterable

from airmedic_core.records import Evidence, Finding
from airmedic_core.spec import ModelSpec


class Privacy:
    """Leaves out the columns of ``private`` and blanks their names in text.

    Parameters
    ----------
    spec : ModelSpec
        The spec whose ``private`` columns are meant.
    """

    def __init__(self, spec: ModelSpec) -> None:
        self._columns = frozenset(spec.private)
        names = sorted(map(re.escape, self._columns), key=len, reverse=True)
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)") if names else None

    def hides(self, subject: str) -> bool:
        """Return whether a subject is a private column or a segment of one."""
        return subject in self._columns or subject.partition("=")[0] in self._columns

    def findings(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the findings whose subject is not private."""
        return tuple(finding for finding in findings if not self.hides(finding.subject))

    def evidence(self, items: Iterable[Evidence]) -> tuple[Evidence, ...]:
        """Return the evidence whose subject is not private."""
        return tuple(item for item in items if not self.hides(item.subject))

    def text(self, text: str) -> str:
        """Return text in which the names of private columns are blanked."""
        return self._names.sub("(private column)", text) if self._names else text
