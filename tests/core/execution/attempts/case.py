"""A production in which an action waits for its approval."""

# ruff: noqa: S608  somebody who gets round an approval writes to the database, too

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import yaml

from airmedic_core.records import (
    Approval,
    Incident,
    Permission,
    Proposal,
    to_json,
)
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW

RULES = [{"actions": ["quarantine"], "permission": "ask"}]
SOON = NOW + timedelta(minutes=1)
LATE = NOW + timedelta(days=2)


@dataclass
class Case:
    """A production in which ``ada`` and ``bob`` may approve, and one proposal that nobody has answered."""

    ws: Workspace
    incident: Incident
    proposal: Proposal
    key: str = ""
    now: datetime = SOON

    @property
    def ledger(self) -> Any:
        return self.ws.ledger

    def propose(self, permission: Permission = Permission.ASK, **changes: Any) -> Proposal:
        """Propose something else in place of it."""
        self.proposal = replace(self.proposal, permission=permission, **changes)
        self.ledger.record_proposal(self.proposal)
        self.key = self.proposal.hash
        return self.proposal

    def answer(self, by: str = "ada", said: str = "approve", **more: Any) -> Approval:
        options = {"at": SOON, "channel": "airflow", "approvers": ("ada", "bob"), "separate_duties": True}
        given: Approval = self.ledger.answer_proposal(self.key, said, by=by, **options | more)
        return given

    def rule(self, **policy: Any) -> None:
        """Write the policy anew."""
        text = yaml.safe_dump({"permissions": RULES} | policy)
        (self.ws.settings.policies / "default.yaml").write_text(text, encoding="utf-8")

    def sql(self, *statements: str) -> None:
        """Write to the database behind the ledger's back, guards taken away first."""
        with closing(sqlite3.connect(self.ws.settings.home / "ledger.db")) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def edit(self, **changes: Any) -> None:
        """Edit the proposal's row, its columns and the record in it."""
        record = json.dumps(to_json(self.proposal) | changes).replace("'", "''")
        columns = "".join(
            f", {name} = '{value}'" for name, value in changes.items() if name in {"action", "permission"}
        )
        self.sql(f"UPDATE proposals SET record = '{record}'{columns} WHERE hash = '{self.key}'")
