"""Proposals as people read them: what changes, what it is worth, how it is taken back, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.actions import infinitive, known_action
from airmedic_core.decide.in_words import changes, undoing
from airmedic_core.read_model.plain import moment, rounded
from airmedic_core.records import Approval, Json, Proposal
from airmedic_core.reports.private import Privacy

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction


def proposal_json(
    proposal: Proposal,
    answers: Sequence[Approval],
    privacy: Privacy,
    *,
    done: RecordedAction | None = None,
    gate: Json | None = None,
) -> Json:
    """Return a proposal with all that belongs to it.

    Parameters
    ----------
    proposal : Proposal
        The proposal.
    answers : sequence of Approval
        What was answered, with what does not count.
    privacy : Privacy
        Leaves out private columns.
    done : RecordedAction, optional
        The last attempt to carry it out.
    gate : dict, optional
        The result of the gate that belongs to it, as plain JSON.
    """
    return {
        "hash": proposal.hash,
        "parent": proposal.parent or None,
        "action_name": proposal.action,
        "action_words": infinitive(proposal.action),
        "expected": privacy.text(proposal.expected),
        "reason": privacy.text(proposal.reason),
        "changed": privacy.text(proposal.changed),
        "permission": proposal.permission.value,
        "approvals_needed": proposal.needed,
        "created_at": moment(proposal.created_at),
        "expires_at": moment(proposal.expires_at),
        "params_words": [privacy.text(text) for text in changes(proposal)],
        "undo_words": undoing(proposal),
        "warning": privacy.text(_warning(proposal)),
        "answers": [_answer(answer, privacy) for answer in answers],
        "action": None if done is None else _action(done, privacy),
        "gate": gate_json(gate, privacy) if isinstance(gate, dict) else None,
    }


def gate_json(gate: Json, privacy: Privacy) -> Json:
    """Return the result of a gate without segments of private columns."""
    numbers = ("champion_value", "challenger_value", "difference", "low", "high", "margin")
    return {
        "outcome": gate.get("outcome"),
        "metric": gate.get("metric"),
        **{name: rounded(gate.get(name)) for name in numbers},
        "rows": gate.get("rows"),
        "reasons": [privacy.text(str(reason)) for reason in gate.get("reasons", ())],
        "segments": privacy.plain(list(gate.get("segments", ()))),
    }


def _warning(proposal: Proposal) -> str:
    action = known_action(proposal.action)
    return action.warning(proposal) if action else ""


def _answer(answer: Approval, privacy: Privacy) -> Json:
    return {
        "answer": answer.answer,
        "by": answer.by,
        "at": moment(answer.at),
        "comment": privacy.text(answer.comment),
        "refused_because": answer.refused_because,
    }


def _action(done: RecordedAction, privacy: Privacy) -> Json:
    return {
        "status": done.status,
        "summary": privacy.text(done.summary),
        "started_at": moment(done.started_at),
        "finished_at": moment(done.finished_at),
        "seconds": rounded(done.seconds),
    }
