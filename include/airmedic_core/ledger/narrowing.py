"""Narrowed proposals: an approver's own terms, tied by hash to the proposal that they come from.

A narrowed proposal is recorded in one transaction with its approval: neither is ever there alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from airmedic_core.ledger.audit import append
from airmedic_core.ledger.decisions import change_of
from airmedic_core.ledger.tables import proposals
from airmedic_core.records import Json, Permission, Proposal, from_json, to_json


def add_proposal(connection: Connection, p: Proposal) -> None:
    """Add a proposal to the table and to the chain."""
    record = to_json(p)
    connection.execute(
        insert(proposals).values(
            hash=p.hash,
            incident_id=p.incident_id,
            model=p.model,
            action=p.action,
            permission=p.permission.value,
            created_at=p.created_at,
            expires_at=p.expires_at,
            record=record,
        )
    )
    append(connection, "proposal", p.hash, record)


def narrowing_refused(row: Row[Any], narrower: Proposal) -> str:
    """Return why a proposal cannot stand in the place of another one; nothing if it may.

    Parameters
    ----------
    row : Row
        The row of the proposal that people were shown.
    narrower : Proposal
        What the approver has made of it: only parameters, expected effect and moment may differ.
    """
    parent = from_json(Proposal, row.record)
    if parent.permission is not Permission.ASK or parent.needed > 1:
        # Several people have to approve the same.
        return f"the policy says {parent.permission}: only what one person approves can be narrowed by that person"
    allowed: Json = {"params": narrower.params, "expected": narrower.expected, "created_at": narrower.created_at}
    if narrower != replace(parent, **allowed, parent=row.hash):
        return "its terms are not those of the proposal that it narrows"
    if narrower.created_at <= parent.created_at:
        return "it is dated before the proposal that it narrows"
    return ""


def problem_of(connection: Connection, row: Row[Any]) -> str:
    """Return what is wrong with a proposal, or with the one that it narrows; nothing where both are as recorded."""
    if changed := change_of(connection, row):
        return changed
    proposal = from_json(Proposal, row.record)
    if not proposal.parent:
        return ""
    what = f"The proposal {row.action!r} ({row.hash[:12]}) narrows {proposal.parent[:12]}"
    parent = connection.execute(select(proposals).where(proposals.c.hash == proposal.parent)).one_or_none()
    if parent is None:
        return f"{what}, which is gone."
    problem = change_of(connection, parent) or narrowing_refused(parent, proposal)
    return f"{what}: {problem}" if problem else ""


def narrower_of(connection: Connection, proposal_hash: str) -> str:
    """Return the hash of what an approver has made of a proposal; nothing where it was not narrowed."""
    parent = connection.execute(select(proposals).where(proposals.c.hash == proposal_hash)).one_or_none()
    if parent is None:
        return ""
    beside = select(proposals).where(proposals.c.incident_id == parent.incident_id, proposals.c.action == parent.action)
    for row in connection.execute(beside):
        if row.record.get("parent") == proposal_hash and not change_of(connection, row):
            return str(row.hash)
    return ""
