"""Repairs of rows: how a fault of the data is undone on a copy of them, and which windows were repaired."""

from airmedic_core.repair.applied import apply_counted, apply_steps, columns_of, step_from_json, step_to_json
from airmedic_core.repair.consequences import expected_after, nulls_made
from airmedic_core.repair.on_record import (
    Repair,
    copies_of,
    end_repair,
    forget_copies,
    read_as_repaired,
    repair_marks,
    repair_on_record,
    repaired_window,
    rows_digest,
    with_repaired,
)
from airmedic_core.repair.proposed import MISSING, UNDONE_BY, repairable, steps_of, unrepairable
from airmedic_core.repair.steps import (
    Convert,
    DropRepeats,
    ExchangeColumns,
    MakeNull,
    RenameColumn,
    RenameValues,
    Step,
    TurnClock,
    row_hashes,
)

__all__ = [
    "MISSING",
    "UNDONE_BY",
    "Convert",
    "DropRepeats",
    "ExchangeColumns",
    "MakeNull",
    "RenameColumn",
    "RenameValues",
    "Repair",
    "Step",
    "TurnClock",
    "apply_counted",
    "apply_steps",
    "columns_of",
    "copies_of",
    "end_repair",
    "expected_after",
    "forget_copies",
    "nulls_made",
    "read_as_repaired",
    "repair_marks",
    "repair_on_record",
    "repairable",
    "repaired_window",
    "row_hashes",
    "rows_digest",
    "step_from_json",
    "step_to_json",
    "steps_of",
    "unrepairable",
    "with_repaired",
]
