"""Says what a review rests on, as evidence with ids: past alarms and faults, and the changes that may be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from airmedic_core.checks import check_of_suite
from airmedic_core.diagnose.wording import plain
from airmedic_core.records import Evidence, EvidencePacket
from airmedic_core.review.analyst import Analysis, ExpectationSuggestion
from airmedic_core.review.faults import Fault
from airmedic_core.review.option import InQuestion, Value, shown

_MOST_WITNESSES = 12


@dataclass(frozen=True)
class ReviewPacket:
    """The evidence of one review, and what its options stand for."""

    packet: EvidencePacket
    changes: Mapping[str, tuple[InQuestion, Value]]
    """Bounded changes of settings by evidence id."""
    expectations: Mapping[str, ExpectationSuggestion]
    """Expectations by evidence id."""

    def of(self, *kinds: str) -> EvidencePacket:
        """Return the evidence of some kinds only, under the same ids."""
        return replace(self.packet, items=tuple(item for item in self.packet.items if item.kind in kinds))


def review_packet(incident_id: str, model: str, asked: Sequence[InQuestion], analysis: Analysis) -> ReviewPacket:
    """Return the evidence of a review.

    Parameters
    ----------
    incident_id : str
        The record of the review.
    model : str
        The model.
    asked : sequence of InQuestion
        The settings in question.
    analysis : Analysis
        What the history of data incidents suggests.
    """
    items: list[Evidence] = []
    changes: dict[str, tuple[InQuestion, Value]] = {}
    expectations: dict[str, ExpectationSuggestion] = {}

    def add(item: Evidence) -> str:
        items.append(replace(item, id=f"E{len(items) + 1}"))
        return items[-1].id

    for question in asked:
        for seen in question.witnesses[:_MOST_WITNESSES]:
            add(seen)
        for value in question.options:
            changes[add(_change(question, value))] = (question, value)
    for fault in analysis.faults:
        add(_fault(fault))
    for suggestion in analysis.expectations:
        expectations[add(_expectation(suggestion))] = suggestion
    return ReviewPacket(EvidencePacket(incident_id, model, tuple(items)), changes, expectations)


def _change(question: InQuestion, value: Value) -> Evidence:
    numeric = isinstance(value, int | float) and isinstance(question.before, int | float)
    steps = {} if numeric else {"step_before": question.before, "step_after": value}
    return Evidence(
        id="",
        kind="review.change",
        collector="review",
        subject=question.key,
        statement=f"{question.key} could be {shown(value)} in place of {shown(question.before)}.",
        value=float(value) if numeric else None,
        baseline=float(question.before) if numeric else None,
        source="the engine's bounds",
        trust="recorded",
        details={"setting": question.key} | steps,
    )


def _fault(fault: Fault) -> Evidence:
    what = "The batch" if fault.subject == "batch" else plain(fault.subject)
    windows = [str(window.seen.batch.window) for window in fault.windows]
    cause = fault.cause.words
    return Evidence(
        id="",
        kind="review.fault",
        collector="review",
        subject=fault.subject,
        statement=f"{what} had {cause} in {len(windows)} windows ({', '.join(windows[:5])}).",
        value=float(len(windows)),
        unit="windows",
        window=windows[0],
        source="ledger, findings",
        trust="recorded",
        details={"cause": fault.cause.value},
    )


def _expectation(suggestion: ExpectationSuggestion) -> Evidence:
    kwargs = suggestion.expectation["kwargs"]
    bounds = {"least": kwargs.get("min_value"), "most": kwargs.get("max_value")}
    return Evidence(
        id="",
        kind="review.expectation",
        collector="review",
        subject=kwargs["column"],
        statement=suggestion.sentence,
        value=float(len(suggestion.caught)),
        baseline=float(suggestion.faulty),
        unit="windows",
        source="Great Expectations on the rows of past windows",
        details={
            "check": check_of_suite(),
            "statistic": suggestion.expectation["type"],
            "caught": len(suggestion.caught),
            "faulty": suggestion.faulty,
            "sound": suggestion.sound,
        }
        | {name: bound for name, bound in bounds.items() if bound is not None},
    )
