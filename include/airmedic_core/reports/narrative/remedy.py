"""Says what was proposed, who decided, what was done, and whether it helped."""

from __future__ import annotations

from airmedic_core.numbers import measure_name
from airmedic_core.records import IncidentState, Proposal
from airmedic_core.reports.dossier import Dossier, needs
from airmedic_core.reports.gate_words import short
from airmedic_core.reports.in_service import in_service_words, tested_in, tested_words
from airmedic_core.reports.text import code, duration, line, moment, prose, table


def what_was_proposed(dossier: Dossier) -> str:
    """Return the proposals with their parameters, and what was passed over."""
    parts = [
        f"* **{name_in_words(proposal.action)}** ({needs(proposal)}). "
        f"Expected: {prose(proposal.expected)} {prose(proposal.reason)} Parameters: {_params(proposal)}. "
        f"Proposal {code(proposal.hash[:12])}, {_narrowed(proposal)}valid until {moment(proposal.expires_at)}."
        for proposal in dossier.proposals
    ]
    if not parts:
        parts = [f"* Nothing was proposed. {prose(decision.get('reason', ''))}" for decision in dossier.decisions[-1:]]
    for decision in dossier.decisions:
        rehearsal = (decision.get("details") or {}).get("rehearsal")
        if rehearsal:
            parts.append(f"* Dry run, nothing was changed: {prose(rehearsal)}")
        for skipped in (decision.get("skipped") or [])[:8]:
            parts.append(f"* Not {code(skipped.get('action', '?'), 40)}: {prose(skipped.get('reason', ''))}")
    return "\n".join(parts)


def _narrowed(proposal: Proposal) -> str:
    return f"narrowed by its approver from {code(proposal.parent[:12])}, " if proposal.parent else ""


def _params(proposal: Proposal) -> str:
    plain = {key: value for key, value in proposal.params.items() if isinstance(value, str | int | float | bool)}
    return ", ".join(f"{line(key, 40)} {code(value, 80)}" for key, value in list(plain.items())[:8]) or "none"


def who_decided(dossier: Dossier) -> str:
    """Return the answers to the proposals."""
    rows = [
        (
            name_in_words(proposal.action),
            answer.answer,
            prose(answer.by, 60),
            moment(answer.at),
            f"refused: {prose(answer.refused_because)}" if answer.refused_because else "counts",
            prose(answer.comment, 200),
        )
        for proposal in dossier.proposals
        for answer in dossier.approvals.get(proposal.hash, ())
    ]
    waiting = dossier.incident.state is IncidentState.AWAITING_APPROVAL
    nobody = "Nobody has answered yet." if waiting else ""
    return table(("Action", "Answer", "By", "At", "Validity", "Comment"), rows) or nobody


def what_was_done(dossier: Dossier) -> str:
    """Return the actions, the gates and the switches."""
    rows = [
        (
            moment(done.started_at),
            name_in_words(done.action),
            done.status,
            duration(done.seconds),
            prose(done.summary),
        )
        for done in dossier.actions
    ]
    lines = [table(("Started", "Action", "Status", "Took", "Result"), rows)] if rows else []
    for gate in dossier.gates:
        told = (
            f"Test before deployment (gate) **{gate.outcome.replace('_', ' ')}**, on {gate.rows:,} rows new to both. "
        )
        told += " ".join(prose(reason) for reason in gate.reasons)
        lines.append(told.rstrip())
    for switch in dossier.switches:
        took = f" in {duration(switch.seconds)}" if switch.seconds is not None else ""
        before = prose(switch.from_version or "none", 40)
        lines.append(
            f"Champion switched from version {before} to {prose(switch.to_version, 40)} at {moment(switch.at)}{took}, "
            f"by {prose(switch.by, 60)}."
        )
    return "\n\n".join(lines) or "Nothing was changed."


def did_it_help(dossier: Dossier) -> str:
    """Return what the windows since have shown, what the test before said, and what was verified."""
    resolution = dossier.incident.resolution
    lines = []
    if isinstance(resolution.get("outcome"), str):
        lines.append(f"**{name_in_words(resolution['outcome']).capitalize()}.**")
    lines += [prose(sentence) for sentence in measured_words(dossier)]
    told = [resolution.get(key) for key in ("summary", "reason", "verified")]
    lines += [prose(text) for text in told if isinstance(text, str)]
    held = resolution.get("held_windows")
    if isinstance(held, int | list):
        count = held if isinstance(held, int) else len(held)
        lines.append(f"It has held for {count} healthy window(s) since.")
    if not lines:
        lines.append("Not known yet." if dossier.incident.closed_at is None else "No outcome could be measured.")
    return " ".join(lines)


def measured_words(dossier: Dossier) -> list[str]:
    """Return in sentences what was measured of a remedy: in service, and in the test before it, each with its rows."""
    resolution, gate = dossier.incident.resolution, tested_in(dossier)
    told = in_service_words(dossier)
    before, after = resolution.get("before"), resolution.get("after")
    if gate is not None:
        told.append(tested_words(gate))
    elif not resolution.get("outcome") and dossier.gates and dossier.gates[-1].outcome == "passed":
        # What waits for an approval, or has just begun, has only been tested.
        told = [*(told or ["Not known yet."]), tested_words(dossier.gates[-1])]
    elif isinstance(before, int | float) and isinstance(after, int | float):
        metric = measure_name(line(resolution.get("metric", dossier.spec.metric), 60))
        told.append(f"{metric} on the same rows: {short(before)} before, {short(after)} after.")
    return told


def name_in_words(name: str) -> str:
    """Return the name of an action or outcome as people read it."""
    return prose(name, 60).replace("_", " ")
