"""Says what a model answers to rows: scores of logged predictions or of a version, and whether it can serve at all."""

from airmedic_core.scoring.classes import class_name, encode_labels, fitted_target, positive_class
from airmedic_core.scoring.logged_predictions import logged_scores, logged_with, named_classes, require_logged
from airmedic_core.scoring.meaning import meaning_of, read_answer
from airmedic_core.scoring.scored_batch import ScoredBatch
from airmedic_core.scoring.version import predict, probe, score, scored_batch
from airmedic_core.scoring.window import score_window, with_predictions

__all__ = [
    "ScoredBatch",
    "class_name",
    "encode_labels",
    "fitted_target",
    "logged_scores",
    "logged_with",
    "meaning_of",
    "named_classes",
    "positive_class",
    "predict",
    "probe",
    "read_answer",
    "require_logged",
    "score",
    "score_window",
    "scored_batch",
    "with_predictions",
]
