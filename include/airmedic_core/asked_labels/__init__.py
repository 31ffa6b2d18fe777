"""Labels that people are asked for: which rows are asked about, and what they answer."""

from airmedic_core.asked_labels.answers import (
    answered_rows,
    not_looked_at,
    note_looked_at,
    record_answers,
    with_answers,
)
from airmedic_core.asked_labels.longer_windows import answers_elsewhere, with_all_answers
from airmedic_core.asked_labels.rows import row_ids, telling_rows

__all__ = [
    "answered_rows",
    "answers_elsewhere",
    "not_looked_at",
    "note_looked_at",
    "record_answers",
    "row_ids",
    "telling_rows",
    "with_all_answers",
    "with_answers",
]
