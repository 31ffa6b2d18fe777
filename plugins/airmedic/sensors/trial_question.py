"""Asks people what becomes of a version that is tried, and has not shown in time how it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk import BranchMixIn, Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.decide import PROPOSAL_HASH
from airmedic.sensors import approval_question
from airmedic.sensors.approval import ApprovalSensor
from airmedic_core.errors import ApprovalError
from airmedic_core.records import NOBODY, Proposal
from airmedic_core.reports.private import Privacy

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

PROMOTE = "Promote"
END = "End the trial"
GO_ON = "Go on"


class TrialQuestionSensor(ApprovalSensor, BranchMixIn):
    """Waits until people have said whether a version that is tried is promoted, is ended, or goes on as it is.

    Behind two of the answers stands a proposal, and the answer approves exactly that one: the record then holds who
    promoted the version, or ended its trial. Every other answer, and no answer, rejects both, and it goes on.
    See :class:`~airmedic.sensors.approval.ApprovalSensor` for who may answer, and how it waits.

    Parameters
    ----------
    model : str
        Name of the model spec.
    proposal_hash : str
        Hash of the proposal to end the trial.
    promotion_hash : str
        Hash of the proposal to promote the version.
    branches : dict
        ``promote``, ``end`` and ``go_on`` → id of the task to follow.

    Returns
    -------
    str or list of str
        The task that follows. The XCom ``proposal_hash`` is the hash that was approved.
    """

    template_fields: Sequence[str] = ("model", "proposal_hash", "promotion_hash")
    options = (PROMOTE, END, GO_ON)

    def __init__(self, *, promotion_hash: str, branches: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.promotion_hash = promotion_hash
        self.branches = branches

    def execute(self, context: Context) -> Any:
        """Ask, unless one of the two proposals was approved before, as it is where a task is retried.

        A promotion that one of two people has approved is still asked about, under the hash that the page shows.
        """
        with airflow_errors():
            workspace = open_workspace(self.model)
            if self.promotion_hash and self._is_approved(workspace, self.promotion_hash):
                self.proposal_hash = self.promotion_hash
        return super().execute(context)

    def _answered(
        self, workspace: Workspace, proposal: Proposal, chosen: Sequence[str]
    ) -> tuple[Literal["approve", "reject"], Proposal]:
        promoted = list(chosen) == [PROMOTE]
        about = workspace.ledger.proposal(self.promotion_hash) if promoted else self._ending(workspace, proposal)
        self.proposal_hash = about.hash
        return "approve" if promoted or list(chosen) == [END] else "reject", about

    def _question(self, workspace: Workspace, proposal: Proposal) -> tuple[str, str]:
        """Return the question with what follows from each answer, above what is known of the incident."""
        ending, promotion = self._ending(workspace, proposal), workspace.ledger.proposal(self.promotion_hash)
        title, privacy = workspace.spec.title or workspace.spec.name, Privacy(workspace.spec)
        lines = [
            f"- **{PROMOTE}:** {approval_question.plain_line(promotion.expected, privacy)}",
            f"- **{END}:** {approval_question.plain_line(ending.expected, privacy)}",
            f"- **{GO_ON}:** It goes on as it is, and is waited for as long once more. So it does if nobody answers.",
            "",
        ]
        subject = f"Version {promotion.params['version']} of {title} is tried, and has shown nothing in time: go on?"
        return privacy.text(subject), "\n".join([*lines, approval_question.body(workspace, ending, promotion)])

    def _pass_on(self, context: Context, answer: str, *, by: str, comment: str) -> Any:
        """Follow the answer. What was not chosen is rejected, so that nobody can approve it afterwards."""
        promoted = answer == "approve" and self.proposal_hash == self.promotion_hash
        chosen = "promote" if promoted else "end" if answer == "approve" else "go_on"
        with airflow_errors():
            workspace = open_workspace(self.model)
            if self.proposal_hash and self.promotion_hash:
                self._reject_others(workspace, chosen, by)
        context["ti"].xcom_push("answer", {"answer": chosen, "by": by, "comment": comment})
        context["ti"].xcom_push(PROPOSAL_HASH, self.proposal_hash)
        self.log.info("%s chose %r.", by, chosen)
        return self.do_branch(context, self.branches[chosen])

    def _reject_others(self, workspace: Workspace, chosen: str, by: str) -> None:
        ending = self._ending(workspace, workspace.ledger.proposal(self.proposal_hash))
        asked = {"promote": self.promotion_hash, "end": ending.hash}
        for other in (proposal_hash for option, proposal_hash in asked.items() if option != chosen):
            self._reject(workspace, other, by)

    def _reject(self, workspace: Workspace, other: str, by: str) -> None:
        answers = [answer for answer in workspace.ledger.approvals(other) if not answer.refused_because]
        if any(answer.answer == "reject" for answer in answers):
            return
        mine = [answer.at for answer in workspace.ledger.approvals(self.proposal_hash) if not answer.refused_because]
        workspace.ledger.answer_proposal(
            other,
            "reject",
            by=by,
            at=mine[-1] if mine else datetime.now(UTC),
            channel="policy" if by in {NOBODY, "policy"} else "airflow",
            comment="Another of the three answers was chosen.",
        )

    def _ending(self, workspace: Workspace, proposal: Proposal) -> Proposal:
        """Return the proposal to end the trial: the one that was asked about beside the promotion."""
        if proposal.hash != self.promotion_hash:
            return proposal
        about = [
            asked
            for asked in workspace.ledger.proposals(proposal.incident_id)
            if asked.params.get("deployment") == proposal.params["deployment"] and asked.action != proposal.action
        ]
        return about[-1]

    def _is_approved(self, workspace: Workspace, proposal_hash: str) -> bool:
        """Return whether as many people have approved a proposal as the policy wants."""
        try:
            workspace.ledger.standing_approval(proposal_hash, now=datetime.now(UTC))
        except ApprovalError:
            return False
        return True
