"""The base of the operators that change something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.switches import pool_of_changes
from airmedic.hooks.time_limits import time_limit
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Json, to_json

if TYPE_CHECKING:
    from airmedic_core.actions import Path


class ActionOperator(ModelOperator):
    """Carries out one approved proposal: precheck, snapshot, apply, verify, and undo if it does not verify.

    The ledger is asked for a valid approval of exactly this proposal: a task also runs when somebody clears or triggers
    it. A proposal that was carried out before is not carried out again: its result is returned.

    Parameters
    ----------
    model : str
        Name of the model spec.
    proposal_hash : str
        Hash of the proposal.

    Returns
    -------
    dict
        The result of the action: ``status``, ``summary``, ``seconds``, ``output``.
    """

    template_fields: Sequence[str] = ("model", "proposal_hash")
    path: ClassVar[str] = ""
    """The path whose actions this operator carries out; see :class:`airmedic_core.actions.Path`."""

    def __init__(self, *, proposal_hash: str, **kwargs: Any) -> None:
        super().__init__(**pool_of_changes() | time_limit(self.path) | kwargs)
        self.proposal_hash = proposal_hash

    def execute(self, context: Context) -> Json:
        """Carry out the proposal."""
        with airflow_errors():
            from airmedic_core.actions import ACTIONS
            from airmedic_core.execution import carry_out

            workspace = open_workspace(self.model)
            proposal = workspace.ledger.proposal(self.proposal_hash)
            path = ACTIONS.member(proposal.action).path
            if not self.carries_out(path):
                raise AirflowFailException(
                    f"{type(self).__name__} does not carry out {proposal.action!r}, whose path is {path.value!r}. "
                    "Give the hash to the operator of that path."
                )
            result = carry_out(workspace, self.proposal_hash, now=datetime.now(UTC))
        self.log.info("%s: %s (%.1f s)", result.status, result.summary, result.seconds)
        if result.status != "done":
            raise AirflowFailException(f"{result.action} is {result.status}: {result.summary}")
        return to_json(result)

    def carries_out(self, path: Path) -> bool:
        """Return whether this is the operator of a path."""
        return path == self.path
