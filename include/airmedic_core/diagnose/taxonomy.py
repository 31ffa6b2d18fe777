"""The closed list of causes: what decides each, how bad it is, what to do, and where the runbook explains it."""

from __future__ import annotations

from dataclasses import dataclass

from airmedic_core.records import Cause, RecommendedAction, Severity


@dataclass(frozen=True)
class CauseEntry:
    """What is known of one cause before any evidence is read."""

    title: str
    """The cause in words that finish the sentence "The most likely cause is …"."""
    decided_by: str
    """The evidence that decides it."""
    severity: Severity
    """How bad it is unless the evidence says worse."""
    actions: tuple[RecommendedAction, ...]
    """Default remedies, first choice first."""
    runbook: str
    """``file.md#anchor`` of the section to follow."""


def _action(action: str, priority: int, why: str, condition: str = "") -> RecommendedAction:
    return RecommendedAction(action, priority, why, condition)


_IF_UPSTREAM_REPAIRED = "once the upstream fault is repaired"

TAXONOMY: dict[Cause, CauseEntry] = {
    Cause.HEALTHY: CauseEntry(
        "nothing: the batch looks like its reference",
        "No finding survives and the performance is inside its interval.",
        Severity.LOW,
        (),
        "incident_response.md#close-the-incident",
    ),
    Cause.VOLUME_ANOMALY: CauseEntry(
        "an unusual number of rows",
        "The number of rows against its forecast.",
        Severity.MEDIUM,
        (
            _action("hold", 1, "Rows may be missing or doubled, so the window is kept out of training."),
            _action("rerun_pipeline", 2, "A second load may bring the missing rows.", _IF_UPSTREAM_REPAIRED),
            _action("escalate", 3, "Only the data owner knows whether the volume is real.", "if the cause stays open"),
        ),
        "data_quality.md#too-few-or-too-many-rows",
    ),
    Cause.STALE_DATA: CauseEntry(
        "old rows delivered again or late",
        "The lag of event time, and rows or values repeated from an earlier window.",
        Severity.HIGH,
        (
            _action("hold", 1, "The window does not show what happened in it, so it is kept out of training."),
            _action("rerun_pipeline", 2, "A new load should bring the current rows.", _IF_UPSTREAM_REPAIRED),
            _action("escalate", 3, "The data owner has to repair the delivery.", "if the next window is stale too"),
        ),
        "data_quality.md#stale-or-repeated-rows",
    ),
    Cause.SCHEMA_CHANGE: CauseEntry(
        "a change of columns, types or categories upstream",
        "Columns, types, category vocabulary, date format or grain differ from the reference.",
        Severity.HIGH,
        (
            _action("hold", 1, "The model reads columns that no longer mean what it was trained on."),
            _action("escalate", 2, "The data owner has to say whether the change is meant to stay."),
            _action("retrain", 3, "A model of the new columns is needed.", "if the change is meant to stay"),
        ),
        "data_quality.md#schema-changes",
    ),
    Cause.UNIT_CHANGE: CauseEntry(
        "a column that arrives in another unit",
        "One column is an affine map of its reference with a known factor.",
        Severity.HIGH,
        (
            _action("hold", 1, "Predictions on the wrong unit are wrong, so the window is kept out of training."),
            _action("quarantine", 2, "The rows stay out until they are converted.", "if the unit is confirmed"),
            _action("escalate", 3, "The data owner has to confirm the unit and the conversion."),
        ),
        "data_quality.md#unit-changes",
    ),
    Cause.DATA_CORRUPTION: CauseEntry(
        "corrupted values in the batch",
        "Null, default, sentinel, out-of-range or constant values beyond their history, or a failed suite.",
        Severity.HIGH,
        (
            _action("quarantine", 1, "Broken rows must not reach training or the reference."),
            _action("rerun_pipeline", 2, "A new load should bring sound rows.", _IF_UPSTREAM_REPAIRED),
            _action("escalate", 3, "The data owner has to find the fault.", "if the next window is broken too"),
        ),
        "data_quality.md#corrupted-values",
    ),
    Cause.HARMLESS_COVARIATE_SHIFT: CauseEntry(
        "a shift of the inputs that the model copes with",
        "Inputs moved while measured or estimated performance stays inside its interval.",
        Severity.LOW,
        (
            _action("refresh_reference", 1, "The new inputs are normal now, and alarms on them only distract."),
            _action("retrain", 2, "The shift has begun to cost.", "if performance leaves its interval"),
        ),
        "drift.md#harmless-shift",
    ),
    Cause.HARMFUL_COVARIATE_SHIFT: CauseEntry(
        "a shift of the inputs that costs performance",
        "Inputs moved, and the move explains the loss.",
        Severity.HIGH,
        (
            _action("retrain", 1, "The model has seen too few rows like these."),
            _action(
                "rollback",
                2,
                "The version before may serve these rows better.",
                "if the retrained model is refused and the version before does better on the same rows",
            ),
            _action("escalate", 3, "Neither model serves these rows.", "if the retrained model is refused"),
        ),
        "drift.md#harmful-shift",
    ),
    Cause.LABEL_SHIFT: CauseEntry(
        "a change of the class mix",
        "The class mix moved, and recalibration explains the loss.",
        Severity.MEDIUM,
        (
            _action("retrain", 1, "Recalibration on recent rows restores the probabilities."),
            _action("escalate", 2, "A new class mix may need another threshold.", "if the retrained model is refused"),
        ),
        "performance_drop.md#class-mix",
    ),
    Cause.CONCEPT_DRIFT: CauseEntry(
        "a changed relation between the inputs and the target",
        "Labelled loss that neither the inputs nor the class mix explain.",
        Severity.HIGH,
        (
            _action("retrain", 1, "The relation has changed, so only rows after the change can teach it."),
            _action(
                "rollback",
                2,
                "The version before may have lost less.",
                "if the retrained model is refused and the version before does better on the same rows",
            ),
            _action("escalate", 3, "The inputs may no longer carry the answer.", "if the retrained model is refused"),
        ),
        "performance_drop.md#changed-relation",
    ),
    Cause.BAD_DEPLOYMENT: CauseEntry(
        "the model version that came into service",
        "The loss starts with a new model version, and the version before was sound.",
        Severity.CRITICAL,
        (
            _action("rollback", 1, "The version before was sound until the switch."),
            _action("retrain", 2, "Both versions fail on these rows.", "if the rollback does not restore performance"),
            _action("escalate", 3, "No version in the registry is sound.", "if there is no version to go back to"),
        ),
        "rollback.md#when-to-roll-back",
    ),
    Cause.LATENCY_REGRESSION: CauseEntry(
        "slower predictions",
        "The 99th percentile of latency is over its limit.",
        Severity.MEDIUM,
        (
            _action("escalate", 1, "Serving needs more capacity or a repair that only its owner can make."),
            _action("rollback", 2, "The version before was fast.", "if the slowness starts with a new version"),
        ),
        "latency.md#find-where-the-time-goes",
    ),
    Cause.ANOMALY_SPIKE: CauseEntry(
        "many rows unlike anything in the reference",
        "The share of anomalous rows is over its limit.",
        Severity.MEDIUM,
        (
            _action("escalate", 1, "A person has to say whether these rows are an attack, a fault or new business."),
            _action("quarantine", 2, "The rows stay out of training.", "if they turn out to be a fault"),
        ),
        "drift.md#anomalous-rows",
    ),
    Cause.UNKNOWN: CauseEntry(
        "not known",
        "A loss or an alarm that no rule explains, or labels missing where they would decide.",
        Severity.MEDIUM,
        (_action("escalate", 1, "No rule explains what is seen, so a person has to look."),),
        "incident_response.md#unknown-cause",
    ),
}
"""Every cause with its entry, in the order in which causes are looked for."""

_ESCALATIONS = {Severity.LOW: Severity.MEDIUM, Severity.MEDIUM: Severity.HIGH}


def fitting_actions(cause: Cause) -> frozenset[str]:
    """Return the actions that fit a cause; a diagnosis may recommend no others."""
    return frozenset(action.action for action in TAXONOMY[cause].actions) | {"escalate"}


def raised(severity: Severity) -> Severity:
    """Return the next worse severity; ``critical`` is left to the cause itself and to people."""
    return _ESCALATIONS.get(severity, severity)
