"""The base of the operators that have a DAG of the team's own carry out a whole action."""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from airflow.sdk.exceptions import AirflowFailException

from airmedic.operators.other_dag import OtherDagOperator
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airmedic_core.records import Proposal
    from airmedic_core.workspace import Workspace


class ActionInDagOperator(OtherDagOperator):
    """Records that an approved action is carried out, triggers the DAG that does it, and waits for its end.

    See :class:`~airmedic.operators.other_dag.OtherDagOperator` for parameters.
    """

    path: ClassVar[str] = ""
    """The path whose actions this operator carries out; see :class:`airmedic_core.actions.Path`."""

    @abstractmethod
    def conf_of(self, proposal: Proposal) -> Json:
        """Return the conf of the DAG's run."""

    def order(self, workspace: Workspace) -> tuple[str, Json]:
        """Record the action, and return what was approved, whatever the spec says now.

        Raises
        ------
        AirflowFailException
            If the action was undone before, as it is after a run that failed. A retry does not help.
        """
        from airmedic_core.actions import ACTIONS
        from airmedic_core.execution import carry_out

        proposal = workspace.ledger.proposal(self.proposal_hash)
        path = ACTIONS.member(proposal.action).path
        if path != self.path:
            raise AirflowFailException(
                f"{type(self).__name__} does not carry out {proposal.action!r}, whose path is {path.value!r}. "
                "Give the hash to the operator of that path."
            )
        result = carry_out(workspace, self.proposal_hash, now=datetime.now(UTC))
        if result.status != "done":
            # Its DAG may have been cleared and have succeeded since: its success is not that of the action.
            raise AirflowFailException(
                f"The action {proposal.action!r} is {result.status}: {result.summary} It is not carried out again, and "
                f"a run of {proposal.params['dag_id']} that was cleared since does not count. Decide again."
            )
        return str(proposal.params["dag_id"]), self.conf_of(proposal)
