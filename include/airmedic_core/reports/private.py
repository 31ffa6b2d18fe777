"""Columns that a spec marks as private stay out of the reports: MLflow is usually another machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from airmedic_core.records import Evidence, Finding, GateResult
from airmedic_core.spec import ModelSpec


class Privacy:
    """Leaves out the columns of ``private`` and blanks their names in text.

    Parameters
    ----------
    spec : ModelSpec
        The spec whose ``private`` columns are meant.
    untold : iterable of str
        Statements that are left out of texts as a whole. A diagnosis quotes its evidence, and a sentence on a private
        column tells values too.
    """

    def __init__(self, spec: ModelSpec, untold: Iterable[str] = ()) -> None:
        self._spec = spec
        self._untold = [quoted for quoted in (statement.rstrip(". ") for statement in untold) if quoted]
        names = sorted(map(re.escape, spec.private), key=len, reverse=True)
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)") if names else None

    def hides(self, subject: str) -> bool:
        """Return whether a subject is a private column or a segment of one."""
        return self._spec.is_private(subject)

    def findings(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the findings whose subject is not private."""
        return tuple(finding for finding in findings if not self.hides(finding.subject))

    def evidence(self, items: Iterable[Evidence]) -> tuple[Evidence, ...]:
        """Return the evidence whose subject is not private."""
        return tuple(item for item in items if not self.hides(item.subject))

    def gate(self, gate: GateResult) -> GateResult:
        """Return a gate's result without segments of private columns."""
        shown = tuple(segment for segment in gate.segments if not self.hides(str(segment["segment"])))
        return replace(gate, segments=shown, reasons=tuple(map(self.text, gate.reasons)))

    def plain(self, value: Any) -> Any:
        """Return nested lists and mappings without the segments of private columns."""
        if isinstance(value, dict):
            return {key: self.plain(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(item) for item in value if not self._is_hidden_segment(item)]
        return value

    def _is_hidden_segment(self, value: Any) -> bool:
        return isinstance(value, dict) and self.hides(str(value.get("segment", "")))

    def texts(self, value: Any) -> Any:
        """Return plain JSON in whose texts and keys the names of private columns are blanked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.texts(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.texts(item) for item in value]
        return value

    def text(self, text: str) -> str:
        """Return text in which the names of private columns are blanked, and statements that are left out."""
        for statement in self._untold:
            text = text.replace(statement, "(not shown)")
        return self._names.sub("(private column)", text) if self._names else text
