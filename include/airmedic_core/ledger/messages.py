"""Says which messages were begun and which arrived: what a process that goes on after a crash has to know."""

from __future__ import annotations

from typing import Literal

from airmedic_core.ledger.audit import Audit, append, said_of

Sent = Literal["begun", "sent"]


class Messages(Audit):
    """Recording the messages of one action, by the way in which each goes."""

    def record_message(self, proposal_hash: str, way: str, status: Sent) -> None:
        """Record that a message is about to be sent, or that it has arrived.

        Parameters
        ----------
        proposal_hash : str
            The action that sends it.
        way : str
            The notifier.
        status : {"begun", "sent"}
            ``begun`` right before it is sent, and ``sent`` once the other side has taken it.
        """
        with self._writing() as connection:
            append(connection, "message", proposal_hash, {"way": way, "status": status})

    def messages(self, proposal_hash: str) -> dict[str, Sent]:
        """Return what the audit chain says last of each message of an action: notifier → ``begun`` or ``sent``."""
        with self._reading() as connection:
            records = said_of(connection, proposal_hash, "message")
        return {record.payload["way"]: record.payload["status"] for record in records}
