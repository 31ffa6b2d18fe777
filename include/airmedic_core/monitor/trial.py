"""Tries a repair: the checks look at the repaired rows, and nothing is recorded."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError, RepairError
from airmedic_core.records import Assessment, Batch, Finding
from airmedic_core.repair import Step, apply_counted, expected_after, nulls_made, rows_digest

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.scoring import ScoredBatch
    from airmedic_core.workspace import Workspace

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Trial:
    """A window as it would be repaired, and what that means."""

    arrived: str
    """Digest of the rows as they arrived."""
    rows_arrived: int
    rows: pd.DataFrame
    """The repaired copy."""
    counts: tuple[int, ...]
    """Says how many rows each step changes."""
    made_null: Mapping[str, float]
    """Columns, and the share of their values that become null."""
    scored: ScoredBatch | None
    findings: tuple[Finding, ...]
    assessment: Assessment
    problems: tuple[str, ...]
    """Why the repair does not help; empty where it does."""


def try_repair(ws: Workspace, batch: Batch, steps: Sequence[Step]) -> Trial:
    """Repair a copy of a window's rows and let all checks look at it. Nothing is written or recorded.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The window, as it was looked at.
    steps : sequence of Step
        What undoes its faults.

    Raises
    ------
    RepairError
        If the steps do not fit the rows, there are too many of them, or the model does not score the copy. A retry does
        not help.
    SourceError
        If the rows cannot be read.
    """
    import numpy as np

    from airmedic_core.checks import GROUPS, run_group
    from airmedic_core.errors import ModelError
    from airmedic_core.monitor.batches import judge
    from airmedic_core.monitor.context import open_context
    from airmedic_core.sources import read_window

    most = ws.spec.data.sample_rows
    if batch.rows > most:
        raise RepairError(
            f"The window has {batch.rows:,} rows; a repair holds {most:,} in memory.",
            "Repair it where it is made, or raise data.sample_rows.",
        )
    arrived = read_window(ws.spec, batch.window)
    repaired, counts = apply_counted(arrived, steps)
    made_null = nulls_made(steps, counts, len(arrived))
    try:
        context = open_context(ws, replace(batch, rows=len(repaired)), rows=repaired)
    except ModelError as error:
        raise RepairError(f"The model does not score the repaired rows. {error.problem}", error.hint) from error
    findings = expected_after([finding for group in GROUPS for finding in run_group(context, group)], made_null)
    assessment = judge(ws, context.batch, findings)
    problems = [] if assessment.outcome != "incident" else [f"The repaired rows alarm: {assessment.headline}"]
    problems += [
        "A check could not look at them"
        + (" in a private column." if ws.spec.is_private(finding.subject) else f": {finding.message}")
        for finding in findings
        if finding.failed
    ]
    if context.scored is None:
        problems.append("The model does not score the repaired rows: columns are missing.")
    elif not np.isfinite(context.scored.scores).all():
        problems.append("Some predictions of the repaired rows are not finite.")
    return Trial(
        arrived=rows_digest(ws.spec, arrived, steps),
        rows_arrived=len(arrived),
        rows=repaired,
        counts=tuple(counts),
        made_null=made_null,
        scored=context.scored,
        findings=tuple(findings),
        assessment=assessment,
        problems=tuple(problems),
    )


def why_no_repair(ws: Workspace) -> str:
    """Return why no window of a model can be repaired; empty where they can."""
    if ws.spec.only_logged:
        return "Its predictions were logged with the damaged rows, and no version here can make new ones."
    return ""


def helps(ws: Workspace, batch: Batch, steps: Sequence[Step]) -> Trial | str:
    """Return the trial of a repair, or why it does not help, in a sentence.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The window.
    steps : sequence of Step
        What undoes its faults.
    """
    try:
        trial = try_repair(ws, batch, steps)
    except AirmedicError as error:
        if error.transient:
            raise
        return str(error)
    except Exception as error:  # noqa: BLE001  a check of a team's own may raise anything
        # A window whose repair cannot be tried stays out, which must not wait for whoever mends a check or a step.
        _log.exception("The repair of %s of %s cannot be tried.", batch.window, ws.spec.name)
        return f"The repair could not be tried ({type(error).__name__})."
    return " ".join(trial.problems[:2]) or trial
