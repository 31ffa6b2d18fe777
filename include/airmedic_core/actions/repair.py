"""Undoes faults of the data on a copy of the rows, where the findings say how, and has the model score the copy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path as FilePath
from time import perf_counter
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Path
from airmedic_core.errors import ActionError, RepairError
from airmedic_core.history import History, Outcome
from airmedic_core.records import Batch, Diagnosis, Incident, IncidentState, Json, Proposal
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.ledger import RecordedAction
    from airmedic_core.ledger.overrides import Override
    from airmedic_core.repair import Step
    from airmedic_core.scoring import ScoredBatch
    from airmedic_core.workspace import Workspace

_MOST_WINDOWS = 7
"""Windows of one proposal, the newest of an incident: a week of days. Each is read, repaired and looked at by every
check before it is proposed."""
_MOST_SECONDS = 120.0
"""After so long no further window is tried: the quarantine that a repair follows waits for the decision. A day of a few
thousand rows takes seconds. What was not tried stays out, and may be asked for later."""
_MOST_BATCHES = 1000
"""Newest windows among which those of an incident are looked for: years of days, and six weeks of hours."""


@final
class Repair(Action):
    """Undoes faults of the data on a copy of the rows.

    It is proposed only where all checks have looked at the repaired copy and found it in order, and it is undone where
    they do not find it so again. The rows themselves stay as they arrived.
    """

    description = "Undoes faults of the data on a copy of the rows, which the model scores."
    changes_production = False
    imperative = "Repair the rows of"
    infinitive = "repair the rows"
    choice = "Repair the newest batch"
    path = Path.REPAIR
    follows = (Path.QUARANTINE,)
    of_window = True
    undone = (
        "By itself, where the repaired rows alarm or come anew. Later, by whoever runs Airmedic, with airmedic "
        "overrides --revoke WINDOW --kind repaired. The window is then quarantined; the rows themselves never change."
    )
    # Each window is read twice and looked at by every check.
    deadline_seconds = 3600.0

    def called_for(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis) -> bool:
        """Rows that are held without a quarantine, because more of them may come, are repaired where they repeat."""
        from airmedic_core.repair import steps_of

        if not diagnosis.cause.lies_in_data or diagnosis.cause.traits.hold_quarantines:
            return False
        return any(steps_of(ws.ledger.findings(batch.id)) for batch in _batches(ws, incident))

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Collect the steps of the incident's windows, and try them."""
        from airmedic_core.monitor.trial import helps, why_no_repair
        from airmedic_core.repair import repair_marks, step_to_json, steps_of, unrepairable

        if why := why_no_repair(ws):
            raise RepairError(f"The rows of {ws.spec.name!r} cannot be repaired. {why}", "Have them delivered again.")
        windows: list[Json] = []
        left: dict[str, str] = {}
        marks, began = repair_marks(ws.ledger, ws.spec.name), perf_counter()
        for batch in _batches(ws, incident):
            if batch.window.key in marks:
                # Its findings are of the repaired copy: steps that undo them do not fit the rows as they arrived.
                left[batch.window.key] = "It was repaired already, and that does not hold."
                continue
            if perf_counter() - began > _MOST_SECONDS:
                left[batch.window.key] = "There was no time to try it. Ask for the repair once the others are done."
                continue
            # What is found in private columns names their values.
            findings = [known for known in ws.ledger.findings(batch.id) if not ws.spec.is_private(known.subject)]
            # A step names its column and its values to whoever approves it.
            steps = [step for step in steps_of(findings) if not _private(ws, step)]
            reasons = unrepairable(findings)
            if not steps:
                left[batch.window.key] = " ".join(reasons) or "No finding says how its fault is undone."
                continue
            trial = helps(ws, batch, steps)
            if isinstance(trial, str):
                left[batch.window.key] = f"{trial} {' '.join(reasons)}".strip()
                continue
            windows.append(
                {
                    "window": batch.window.key,
                    "as_of": batch.as_of.isoformat(),
                    "arrived": trial.arrived,
                    "rows_arrived": trial.rows_arrived,
                    "rows": len(trial.rows),
                    "steps": [step_to_json(step) for step in steps],
                    "counts": list(trial.counts),
                    "made_null": dict(trial.made_null),
                }
            )
        if not windows:
            raise RepairError(
                f"No window of the incident can be repaired. {next(iter(left.values()), 'None was looked at.')}",
                "Have the rows delivered again.",
            )
        shown = ", ".join(str(Window.from_key(repaired["window"])) for repaired in windows)
        return (
            {"model": ws.spec.name, "windows": windows, "left": left},
            f"The repaired rows of {shown} are as usual, and the model scores them as it scores other rows.",
        )

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that the rows are those that were looked at, and that nobody has repaired them in another way."""
        from airmedic_core.repair import repair_on_record

        for window, _, _ in _repairs(proposal.params):
            _arrived(ws, proposal.params, window)
            repair = repair_on_record(ws, window)
            if repair is not None and repair.value != _value(proposal, window):
                raise ActionError(f"{window} was repaired meanwhile, in another way.", "Have the window looked at.")

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep which of the windows were repaired, quarantined or known to be damaged before."""
        keys = {window.key for window, _, _ in _repairs(proposal.params)}
        marks = [override for override in ws.ledger.overrides(ws.spec.name) if override.key in keys]
        damaged = [window.key for window, batch, _ in _repairs(proposal.params) if _damaged(ws, batch)]
        return {
            "damaged": sorted(damaged),
            "repaired": {mark.key: _kept(mark) for mark in marks if mark.kind == "repaired"},
            "quarantined": {mark.key: _kept(mark) for mark in marks if mark.kind == "quarantine"},
        }

    def background(self, proposal: Proposal) -> list[str]:
        """Say what the checks found on the repaired copy."""
        return ["All checks have looked at the repaired copy, and none of them alarms."]

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Say of each step what it does to how many rows of which window."""
        return [
            f"{window}: {step.words()} {count:,} of {batch.rows:,} rows, on a copy."
            for window, batch, steps in _repairs(proposal.params)
            for step, count in zip(steps, _named(proposal.params, window)["counts"], strict=True)
        ]

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say what would be done to which window."""
        return f"On a copy of the rows of {ws.spec.name}: {' '.join(_told(params))}"

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Write the repaired copy with what the model says of it, and record how the window was repaired."""
        from airmedic_core.repair import apply_steps, repair_marks
        from airmedic_core.scoring import score

        known = {key: mark.value for key, mark in repair_marks(ws.ledger, ws.spec.name).items()}
        version = ws.registry.champion(ws.spec.name)
        by, copies = ws.ledger.approved_by(proposal.hash), []
        for window, batch, steps in _repairs(proposal.params):
            rows = apply_steps(_arrived(ws, proposal.params, window), steps)
            place = _place(ws, proposal, window)
            digest = _write(place, rows, score(ws, version, rows, batch))
            value = _value(proposal, window)
            if known.get(window.key) != value:
                ws.ledger.set_override(
                    ws.spec.name, "repaired", window.key, value, author=by, reason=proposal.reason or proposal.expected
                )
            copies.append({"window": window.key, "rows": len(rows), "copy": str(place), "sha256": digest})
        shown = ", ".join(str(Window.from_key(str(copy["window"]))) for copy in copies)
        summary = f"The rows of {shown} are repaired on a copy, which version {version.version} has scored."
        return {"summary": summary, "windows": copies, "version": version.version}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Look for the copies, and let all checks look at the repaired rows once more."""
        from airmedic_core.monitor.trial import helps
        from airmedic_core.repair import repair_marks

        known = {key: mark.value for key, mark in repair_marks(ws.ledger, ws.spec.name).items()}
        problems = []
        for window, batch, steps in _repairs(proposal.params):
            place = _place(ws, proposal, window)
            if known.get(window.key) != _value(proposal, window):
                problems.append(f"The repair of {window} is not on record.")
            elif not place.exists() or _sha256(place) not in {copy["sha256"] for copy in output["windows"]}:
                problems.append(f"The copy {place.name} is not as it was written.")
            elif isinstance(trial := helps(ws, batch, steps), str):
                problems.append(f"The repair of {window} did not help. {trial}")
        return problems

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Take the repairs back. The windows are read as they were before, and are kept out until they are in order."""
        from airmedic_core.repair import repair_marks

        model, ledger = ws.spec.name, ws.ledger
        quarantined = {mark.key for mark in ledger.overrides(model, "quarantine")}
        back = 0
        for window, batch, _ in _repairs(proposal.params):
            held = snapshot["quarantined"].get(window.key)
            if held is None and window.key in snapshot["damaged"] and not _damaged(ws, batch):
                # The repaired rows were found in order since, and those that are read from now on are not they.
                held = {
                    "value": {"incident_id": proposal.incident_id},
                    "author": "airmedic",
                    "reason": "Its repair was undone.",
                }
            if held is not None and window.key not in quarantined:
                ledger.set_override(model, "quarantine", window.key, **held)
            mine = repair_marks(ledger, model).get(window.key)
            if before := snapshot["repaired"].get(window.key):
                ledger.set_override(model, "repaired", window.key, **before)
            elif mine is not None and mine.value == _value(proposal, window):
                # The lines above have put the window back into quarantine if it was there before the repair.
                ledger.revoke_override(model, "repaired", window.key, author="airmedic")
            _place(ws, proposal, window).unlink(missing_ok=True)
            back += before is None
        return f"{back} window(s) are read as they arrived."

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Look whether the repaired rows are on record, and whether they were let back in."""
        ws, model = history.ws, history.incident.model
        keys = {str(copy["window"]) for copy in done.output.get("windows", ())}
        marks = [mark for mark in ws.ledger.overrides(model) if mark.key in keys]
        if keys - {mark.key for mark in marks if mark.kind == "repaired"}:
            return Outcome(IncidentState.ESCALATED, "failed", f"{done.summary} The repair is not on record any more.")
        held = {mark.key for mark in marks if mark.kind == "quarantine"}
        if held:
            return Outcome(IncidentState.RESOLVED, "contained", f"{done.summary} They stay in quarantine.")
        return Outcome(IncidentState.RESOLVED, "repaired", done.summary)


def _batches(ws: Workspace, incident: Incident) -> list[Batch]:
    """Return the incident's batches, the newest first."""
    seen = ws.ledger.batches(incident.model, limit=_MOST_BATCHES)
    mine = [known.batch for known in seen if known.batch.id in incident.batch_ids]
    return sorted(mine, key=lambda batch: batch.window.start, reverse=True)[:_MOST_WINDOWS]


def _damaged(ws: Workspace, batch: Batch) -> bool:
    """Return whether what is on record of a window keeps its rows out of training."""
    assessment = ws.ledger.assessment(batch.id)
    return assessment is not None and assessment.cause.lies_in_data


def _kept(mark: Override) -> Json:
    """Return what is needed to put an override back."""
    return {"value": mark.value, "author": mark.author, "reason": mark.reason}


def _private(ws: Workspace, step: Step) -> bool:
    from airmedic_core.repair import columns_of

    return any(map(ws.spec.is_private, columns_of(step)))


def _repairs(params: Json) -> Iterator[tuple[Window, Batch, list[Step]]]:
    """Yield each window that a proposal repairs, as it was looked at, with the steps."""
    from airmedic_core.repair import step_from_json

    for repaired in params["windows"]:
        window = Window.from_key(repaired["window"])
        batch = Batch(str(params["model"]), window, as_utc(repaired["as_of"]), int(repaired["rows_arrived"]))
        yield window, batch, [step_from_json(step) for step in repaired["steps"]]


def _told(params: Json) -> list[str]:
    told = []
    for window, _, steps in _repairs(params):
        told.append(f"{window}: {' '.join(step.words() for step in steps)}")
    return told


def _named(params: Json, window: Window) -> Json:
    repaired: Json = next(repaired for repaired in params["windows"] if repaired["window"] == window.key)
    return repaired


def _value(proposal: Proposal, window: Window) -> Json:
    """Return what is recorded of a repaired window."""
    repaired = _named(proposal.params, window)
    return {
        "arrived": repaired["arrived"],
        "steps": repaired["steps"],
        "made_null": repaired["made_null"],
        "proposal": proposal.hash,
        "incident_id": proposal.incident_id,
    }


def _arrived(ws: Workspace, params: Json, window: Window) -> pd.DataFrame:
    """Read the rows as they arrived, and raise where they are no longer those that were looked at."""
    from airmedic_core.repair import rows_digest, step_from_json
    from airmedic_core.sources import read_window

    frame = read_window(ws.spec, window)
    repaired = _named(params, window)
    if rows_digest(ws.spec, frame, [step_from_json(step) for step in repaired["steps"]]) != repaired["arrived"]:
        raise ActionError(
            f"The rows of {window} were delivered anew since the repair was proposed.", "Have the window looked at."
        )
    return frame


def _place(ws: Workspace, proposal: Proposal, window: Window) -> FilePath:
    from airmedic_core.repair import copies_of

    return copies_of(ws.settings.home, ws.spec.name) / f"{window.key}__{proposal.hash[:12]}.parquet"


def _write(place: FilePath, rows: pd.DataFrame, scored: ScoredBatch) -> str:
    """Write the repaired rows with what the model says of them, and return the digest of the file."""
    from airmedic_core.scoring import with_predictions

    # The copies hold whole rows, private columns included. A mode is not handed down to the folders on the way.
    for folder in (place.parent.parent, place.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    unfinished = place.with_suffix(".part")
    unfinished.touch(mode=0o600)
    with_predictions(rows, scored).to_parquet(unfinished, index=False)
    unfinished.replace(place)
    return _sha256(place)


def _sha256(place: FilePath) -> str:
    return hashlib.sha256(place.read_bytes()).hexdigest()
