"""The closed list of causes. Each stands here once, with everything that the rest of the engine needs to know of it.

A cause is renamed in this file alone: it gets its new name, and the one before joins its ``former_names``, so that
ledger rows and audit entries written under it are read as today's cause.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from airmedic_core.causes.severity import Severity
from airmedic_core.causes.traits import CauseKind, CauseTraits, Needs, Remedy

_AFTER_REPAIR = "once the upstream fault is repaired"
_ONCE_HELD = "once the rows are held, and a person has approved it"
_IF_REFUSED = "if the retrained model is refused"
_IF_BEFORE_IS_BETTER = "if the retrained model is refused and the version before does better on the same rows"
_BROKEN_ROWS = frozenset({"retrain", "refresh_reference", "rollback"})
"""Wrong rows must not be learned from or taken for usual, and no version is to blame for them."""
_LOSS = frozenset({"refresh_reference"})
"""A reference of rows on which the model fails makes the failure usual."""
_NOTHING_WRONG = frozenset({"rollback"})
"""A sound version would be replaced."""
_IF_NEW_VERSION = "if the slowness starts with a new version"


class Cause(StrEnum):
    """The causes in the order in which they are looked for. A diagnosis chooses from this list only."""

    traits: CauseTraits

    def __new__(cls, name: str, traits: CauseTraits | None = None) -> Self:
        """Make one member. ``Cause("stale_data")`` looks one up, as in every enum, and does not come here."""
        cause = str.__new__(cls, name)
        cause._value_ = name
        if traits is not None:
            cause.traits = traits
        return cause

    VOLUME_ANOMALY = (
        "volume_anomaly",
        CauseTraits(
            kind=CauseKind.DATA,
            headline="The number of rows is unusual",
            title="an unusual number of rows",
            decided_by="The number of rows against its forecast.",
            severity=Severity.MEDIUM,
            remedies=(
                Remedy("hold", "Rows may be missing or doubled, so the window is kept out of training."),
                Remedy("rerun_pipeline", "A second load may bring the missing rows.", _AFTER_REPAIR, Needs.UPSTREAM),
                Remedy("repair", "Rows that repeat each other exactly can be dropped.", _ONCE_HELD, Needs.STEPS),
                Remedy("escalate", "Only the data owner knows whether the volume is real.", "if the cause stays open"),
            ),
            runbook="data_quality.md#too-few-or-too-many-rows",
            settled_by="Ask whoever delivers the rows how many they sent.",
            harmed_by=_BROKEN_ROWS,
            prevention="compare the number of rows with the days before, and hold back what is far off",
        ),
    )
    STALE_DATA = (
        "stale_data",
        CauseTraits(
            kind=CauseKind.DATA,
            headline="Old data were delivered again",
            title="old rows delivered again or late",
            decided_by="The lag of event time, and rows or values repeated from an earlier window.",
            severity=Severity.HIGH,
            remedies=(
                Remedy("hold", "The window does not show what happened in it, so it is kept out of training."),
                Remedy("rerun_pipeline", "A new load should bring the current rows.", _AFTER_REPAIR, Needs.UPSTREAM),
                Remedy("escalate", "The data owner has to repair the delivery.", "if the next window is stale too"),
            ),
            runbook="data_quality.md#stale-or-repeated-rows",
            settled_by="Compare the file that was delivered with the one before it.",
            harmed_by=_BROKEN_ROWS,
            prevention="fail when there is nothing new, in place of delivering the last rows again",
        ),
    )
    SCHEMA_CHANGE = (
        "schema_change",
        CauseTraits(
            kind=CauseKind.DATA,
            headline="The columns have changed",
            title="a change of columns, types or categories upstream",
            decided_by="Columns, types, category vocabulary, date format or grain differ from the reference.",
            severity=Severity.HIGH,
            remedies=(
                Remedy("hold", "The model reads columns that no longer mean what it was trained on."),
                Remedy("repair", "Names that were changed can be mapped back.", _ONCE_HELD, Needs.STEPS),
                Remedy("escalate", "The data owner has to say whether the change is meant to stay."),
                Remedy("retrain", "A model of the new columns is needed.", "if the change is meant to stay"),
            ),
            runbook="data_quality.md#schema-changes",
            settled_by="Ask the data owner whether columns or categories were changed at that time.",
            harmed_by=_BROKEN_ROWS,
            prevention="agree on columns, types and categories with those who deliver, and refuse what differs",
            hold_quarantines=True,
        ),
    )
    UNIT_CHANGE = (
        "unit_change",
        CauseTraits(
            kind=CauseKind.DATA,
            headline="A column is in another unit",
            title="a column that arrives in another unit",
            decided_by="One column is an affine map of its reference with a known factor.",
            severity=Severity.HIGH,
            remedies=(
                Remedy("hold", "Predictions on the wrong unit are wrong, so the window is kept out of training."),
                Remedy("repair", "The conversion is known, and can be undone.", _ONCE_HELD, Needs.STEPS),
                Remedy("quarantine", "The rows stay out until they are converted.", "if the unit is confirmed"),
                Remedy("escalate", "The data owner has to confirm the unit and the conversion."),
            ),
            runbook="data_quality.md#unit-changes",
            settled_by="Look up one of the values at its source, with its unit.",
            harmed_by=_BROKEN_ROWS,
            prevention="fix the unit where the value is measured, and name it in the column or its contract",
            hold_quarantines=True,
        ),
    )
    DATA_CORRUPTION = (
        "data_corruption",
        CauseTraits(
            kind=CauseKind.DATA,
            headline="The data are damaged",
            title="corrupted values in the batch",
            decided_by=(
                "Null, default, sentinel, out-of-range or constant values beyond their history, or a failed suite."
            ),
            severity=Severity.HIGH,
            remedies=(
                Remedy("quarantine", "Broken rows must not reach training or the reference."),
                Remedy("repair", "What is broken can be undone, or made null.", _ONCE_HELD, Needs.STEPS),
                Remedy("rerun_pipeline", "A new load should bring sound rows.", _AFTER_REPAIR, Needs.UPSTREAM),
                Remedy("escalate", "The data owner has to find the fault.", "if the next window is broken too"),
            ),
            runbook="data_quality.md#corrupted-values",
            settled_by="Look up a few of the odd values at their source.",
            harmed_by=_BROKEN_ROWS,
            prevention="leave out values that were not measured, in place of filling them in, and refuse the rest",
            hold_quarantines=True,
        ),
    )
    BAD_DEPLOYMENT = (
        "bad_deployment",
        CauseTraits(
            kind=CauseKind.SERVICE,
            headline="The new model version is worse",
            title="the model version that came into service",
            decided_by="The loss starts with a new model version, and the version before was sound.",
            severity=Severity.CRITICAL,
            remedies=(
                Remedy("rollback", "The version before was sound until the switch."),
                Remedy("retrain", "Both versions fail on these rows.", "if the rollback does not restore performance"),
                Remedy("escalate", "No version in the registry is sound.", "if there is no version to go back to"),
            ),
            runbook="rollback.md#when-to-roll-back",
            settled_by="Score the same rows with the version before.",
            harmed_by=_LOSS,
            of_version=True,
            # A version can be switched back at once, so less of a loss is worth an alarm at night.
            least_severity=Severity.HIGH,
            critical_loss=0.15,
        ),
    )
    ANOMALY_SPIKE = (
        "anomaly_spike",
        CauseTraits(
            kind=CauseKind.MODEL,
            headline="Many rows are unlike any seen before",
            title="many rows unlike anything in the reference",
            decided_by="The share of anomalous rows is over its limit.",
            severity=Severity.MEDIUM,
            remedies=(
                Remedy("escalate", "A person has to say whether these rows are an attack, a fault or new business."),
                Remedy("quarantine", "The rows stay out of training.", "if they turn out to be a fault"),
            ),
            runbook="drift.md#anomalous-rows",
            settled_by="Look at a few of the strange rows one by one.",
            harmed_by=_BROKEN_ROWS,
        ),
    )
    LABEL_SHIFT = (
        "label_shift",
        CauseTraits(
            kind=CauseKind.MODEL,
            headline="The class mix has moved",
            title="a change of the class mix",
            decided_by="The class mix moved, and recalibration explains the loss.",
            severity=Severity.MEDIUM,
            remedies=(
                Remedy("recalibrate", "A calibration on recent rows restores the probabilities."),
                Remedy("retrain", "Recent rows have the new class mix."),
                Remedy("escalate", "A new class mix may need another threshold.", _IF_REFUSED),
            ),
            runbook="performance_drop.md#class-mix",
            settled_by="Count the classes in the next labelled window.",
            harmed_by=_LOSS,
            relation_changed=True,
        ),
    )
    CONCEPT_DRIFT = (
        "concept_drift",
        CauseTraits(
            kind=CauseKind.MODEL,
            headline="The relation between inputs and label has changed",
            title="a changed relation between the inputs and the target",
            decided_by="Labelled loss that neither the inputs nor the class mix explain.",
            severity=Severity.HIGH,
            remedies=(
                Remedy("retrain", "The relation has changed, so only rows after the change can teach it."),
                Remedy("rollback", "The version before may have lost less.", _IF_BEFORE_IS_BETTER),
                Remedy("escalate", "The inputs may no longer carry the answer.", _IF_REFUSED),
            ),
            runbook="performance_drop.md#changed-relation",
            settled_by="Measure the loss on rows like those of the reference alone.",
            harmed_by=_LOSS,
            relation_changed=True,
        ),
    )
    HARMFUL_COVARIATE_SHIFT = (
        "harmful_covariate_shift",
        CauseTraits(
            kind=CauseKind.MODEL,
            headline="The inputs have moved, and performance suffers",
            title="a shift of the inputs that costs performance",
            decided_by="Inputs moved, and the move explains the loss.",
            severity=Severity.HIGH,
            remedies=(
                Remedy("retrain", "The model has seen too few rows like these."),
                Remedy("acquire_data", "Rows like these can be made, and labelled as before.", _IF_REFUSED),
                Remedy("rollback", "The version before may serve these rows better.", _IF_BEFORE_IS_BETTER),
                Remedy("escalate", "Neither model serves these rows.", _IF_REFUSED),
            ),
            runbook="drift.md#harmful-shift",
            settled_by="Measure the loss on rows unlike those of the reference alone.",
            harmed_by=_LOSS,
            inputs_moved=True,
        ),
    )
    LATENCY_REGRESSION = (
        "latency_regression",
        CauseTraits(
            kind=CauseKind.SERVICE,
            headline="The model answers too slowly",
            title="slower predictions",
            decided_by="The 99th percentile of latency is over its limit.",
            severity=Severity.MEDIUM,
            remedies=(
                Remedy("escalate", "Serving needs more capacity or a repair that only its owner can make."),
                Remedy("rollback", "The version before was fast.", _IF_NEW_VERSION, Needs.NEW_VERSION),
                Remedy("scale", "More replicas share the load.", "if the load has risen and the spec says how"),
            ),
            runbook="latency.md#find-where-the-time-goes",
            settled_by="Time the version before under the same load.",
            of_version=True,
        ),
    )
    HARMLESS_COVARIATE_SHIFT = (
        "harmless_covariate_shift",
        CauseTraits(
            kind=CauseKind.MODEL,
            headline="The inputs have moved, without a loss of performance",
            title="a shift of the inputs that the model copes with",
            decided_by="Inputs moved while measured or estimated performance stays inside its interval.",
            severity=Severity.LOW,
            remedies=(
                Remedy("refresh_reference", "The new inputs are normal now, and alarms on them only distract."),
                Remedy("retrain", "The shift has begun to cost.", "if performance leaves its interval"),
            ),
            runbook="drift.md#harmless-shift",
            settled_by="Wait for the labels of these rows: they tell whether the move costs anything.",
            harmless=True,
            inputs_moved=True,
        ),
    )
    UNKNOWN = (
        "unknown",
        CauseTraits(
            kind=CauseKind.UNKNOWN,
            headline="Something is wrong that no rule explains",
            title="not known",
            decided_by="A loss or an alarm that no rule explains, or labels missing where they would decide.",
            severity=Severity.MEDIUM,
            remedies=(Remedy("escalate", "No rule explains what is seen, so a person has to look."),),
            runbook="incident_response.md#unknown-cause",
        ),
    )
    HEALTHY = (
        "healthy",
        CauseTraits(
            kind=CauseKind.HEALTHY,
            headline="Healthy",
            title="nothing: the batch looks like its reference",
            decided_by="No finding survives and the performance is inside its interval.",
            severity=Severity.LOW,
            remedies=(),
            runbook="incident_response.md#close-the-incident",
            settled_by="Wait for the next window: what is chance does not come back.",
            harmed_by=_NOTHING_WRONG,
            harmless=True,
        ),
    )

    @classmethod
    def _missing_(cls, value: object) -> Cause | None:
        """Return the cause that was called so before it was renamed."""
        return next((cause for cause in cls if value in cause.traits.former_names), None)

    @property
    def words(self) -> str:
        """The name as people read it.

        >>> Cause("concept_drift").words
        'concept drift'
        """
        return self.value.replace("_", " ")

    @property
    def kind(self) -> CauseKind:
        """Return where the cause lies."""
        return self.traits.kind

    @property
    def lies_in_data(self) -> bool:
        """Say whether the rows are at fault: nothing is trained on them and nothing is compared with them."""
        return self.traits.kind is CauseKind.DATA

    @property
    def is_specific(self) -> bool:
        """Say whether it says what is wrong, and so needs evidence: neither healthy nor unknown."""
        return self.traits.kind not in {CauseKind.HEALTHY, CauseKind.UNKNOWN}

    @property
    def first_name(self) -> str:
        """The name it was given first: fingerprints are made of it, so that they outlive a renaming."""
        return next(iter(self.traits.former_names), self.value)

    @property
    def fitting_actions(self) -> frozenset[str]:
        """The actions that fit; a diagnosis may recommend no others."""
        return frozenset(remedy.action for remedy in self.traits.remedies) | {"escalate"}
