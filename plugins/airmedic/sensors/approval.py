"""Asks people whether a proposal may be carried out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.sdk import BaseSensorOperator, Context, SkipMixin
from airflow.sdk.exceptions import AirflowFailException

from airmedic.airflow_versions import proposal_on_page, wait_for_answer
from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.links import MLFLOW_URL, MLflowRunLink, question_url
from airmedic.operators.decide import PROPOSAL_HASH
from airmedic.people_notifier import tell
from airmedic.sensors import approval_question
from airmedic.sensors.approval_form import filled_in, form_of
from airmedic.sensors.approvers import answerer, known_to_airflow, names_of
from airmedic_core.errors import ApprovalError, SpecError
from airmedic_core.groups import load_groups
from airmedic_core.notifiers import Event
from airmedic_core.records import NOBODY, Approval, IncidentState, Json, Permission, Proposal, digest
from airmedic_core.windows import as_utc

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

APPROVE = "Approve"
REJECT = "Reject"


class ApprovalSensor(BaseSensorOperator, SkipMixin):
    """Waits for an approval of one proposal, without a worker or a pool slot.

    The task stands in Airflow's Required Actions; :mod:`airmedic.airflow_versions` says how it waits. The spec's
    ``approvers`` may answer; after ``approval.escalate_after_seconds`` its ``second_tier`` is told as well; when the
    proposal expires, nobody answering counts as *Reject*. Whether an answer counts is for the ledger to say, and every
    answer is recorded. What the policy permits by itself is approved already and passes at once.

    Where the policy wants one approval, whoever gives it may narrow what the action lets people narrow, such as the
    window of a training: the form has a field for it, with its bounds. What is approved then, and carried out, is a
    proposal of its own. Values that are refused make an answer that does not count, and the question stays.

    An approval lets the tasks downstream run. Everything else skips them. No answer, and no missing answer, fails the
    task, so retries do what they are for: Airflow 3.3 can fail a parked task whose answer overtakes the executor's
    report of the parking, and the retry finds the answer in the ledger, or asks again.

    Parameters
    ----------
    model : str
        Name of the model spec.
    proposal_hash : str
        Hash of the proposal. Answers count for exactly this one. Empty for no proposal: then what follows is skipped.

    Returns
    -------
    dict
        ``answer``, ``by``, ``comment`` and ``proposal_hash``, the hash that the answer counts for. Pushed as XCom
        ``answer`` too, since skipping tasks push no result; ``proposal_hash`` is an XCom of its own for what follows.
    """

    template_fields: Sequence[str] = ("model", "proposal_hash")
    operator_extra_links = (MLflowRunLink(),)
    inherits_from_skipmixin = True
    ui_color = "#fff6e0"
    options: ClassVar[tuple[str, ...]] = (APPROVE, REJECT)
    """Says what people may answer."""

    def __init__(self, *, model: str, proposal_hash: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.proposal_hash = proposal_hash

    def execute(self, context: Context) -> Json:
        """Ask, unless the answer is known."""
        with airflow_errors():
            workspace = open_workspace(self.model)
            if not self.proposal_hash:
                return self._pass_on(context, "not proposed", by="policy", comment="There is no proposal.")
            # Before a retry, somebody may have narrowed it: theirs is the answer.
            self.proposal_hash = workspace.ledger.narrowed_to(self.proposal_hash)
            proposal = workspace.ledger.proposal(self.proposal_hash)
            if proposal.permission in {Permission.DENY, Permission.RECOMMEND}:
                headline = f"Recommended for {self.model}: {proposal.action}."
                incident = workspace.ledger.incident(proposal.incident_id)
                tell(workspace.spec, headline, proposal.reason, event=Event.RECOMMENDED, incident=incident)
                return self._pass_on(context, "not permitted", by="policy", comment=proposal.reason)
            if known := self._outcome(workspace):
                return self._pass_on(context, known.answer, by=known.by, comment=known.comment)
            if not self._may_still_be_answered(workspace, proposal):
                # A refused answer leaves nothing to find for a retry that comes after it.
                comment = "It has expired or was replaced, or its incident has ended."
                return self._pass_on(context, "refused", by="policy", comment=comment)
            self._refuse_outdated_page(context, workspace)
            workspace.ledger.move_incident(proposal.incident_id, IncidentState.AWAITING_APPROVAL)
            shown = self._ask(context, workspace, proposal)
        return self._park(context, workspace, proposal, 1, shown)

    def resume(self, context: Context, tier: int, event: Json, asked: str = "", shown: Json | None = None) -> Json:
        """Take the answer, or notice that there was none.

        Parameters
        ----------
        context : Context
            The task's context.
        tier : int
            Who was waited for: 1 for the approvers, 2 for the second tier as well.
        event : dict
            What Airflow says: the answer, or that the time is over.
        asked : str
            Hash of the proposal that people were shown. The template may name a newer one.
        shown : dict, optional
            ``sha256`` of the text that they were shown, and ``at``, the moment from which on.
        """
        self.proposal_hash = asked or self.proposal_hash
        with airflow_errors():
            from airmedic_core.decide.rejections import snooze_until

            workspace = open_workspace(self.model)
            proposal = workspace.ledger.proposal(self.proposal_hash)
            if event.get("error_type") == "timeout":
                return self._nobody(context, workspace, proposal, tier, shown)
            if "error" in event:
                raise AirflowFailException(f"Airflow could not deliver the answer: {event['error']}")
            user = event.get("responded_by_user") or {}
            groups = load_groups(workspace.settings.policies)
            listed = (*_approvers(workspace), *(name for group in groups.by_name.values() for name in group.members))
            person = answerer(user, listed)
            answer, proposal = self._answered(workspace, proposal, event["chosen_options"])
            form, at = filled_in(event), as_utc(event["responded_at"])
            given = self._record(
                workspace,
                proposal,
                answer,
                by=person,
                at=at,
                filled_in=form.narrowing,
                comment=form.comment,
                snooze_until=snooze_until(form.snooze, at=at) if answer == "reject" else None,
                **_review(event, shown),
                member_of=groups.of(names_of(user), workspace.roles_of),
                known_as=[str(user[key]) for key in ("id", "name") if user.get(key)],
            )
            self.proposal_hash = workspace.ledger.narrowed_to(self.proposal_hash)
            if known := self._outcome(workspace):
                self._tell_answered(workspace, proposal, known, event["chosen_options"])
                return self._pass_on(context, known.answer, by=known.by, comment=known.comment)
            if given.refused_because and not self._may_still_be_answered(workspace, proposal):
                return self._pass_on(context, "refused", by=person, comment=given.refused_because)
            shown = self._ask(context, workspace, proposal, given)
        return self._park(context, workspace, proposal, tier, shown)

    def _answered(
        self, workspace: Workspace, proposal: Proposal, chosen: Sequence[str]
    ) -> tuple[Literal["approve", "reject"], Proposal]:
        """Return what the chosen options say, and of which proposal. The task then waits for the answer to that one."""
        return "approve" if list(chosen) == [APPROVE] else "reject", proposal

    def _question(self, workspace: Workspace, proposal: Proposal) -> tuple[str, str]:
        """Return what people are asked: a line, and the text below it."""
        return approval_question.subject(workspace, proposal), approval_question.body(workspace, proposal)

    def _record(
        self,
        workspace: Workspace,
        proposal: Proposal,
        said: Literal["approve", "reject"],
        *,
        by: str,
        channel: Literal["airflow", "policy"] = "airflow",
        **given: Any,
    ) -> Approval:
        from airmedic_core.decide.narrow import answer

        recorded = answer(
            workspace,
            proposal,
            said,
            now=datetime.now(UTC),
            by=by,
            channel=channel,
            approvers=_approvers(workspace) if channel == "airflow" else (),
            separate_duties=channel == "airflow" and _duties_are_separate(workspace),
            **given,
        )
        why = f", which does not count: {recorded.refused_because}" if recorded.refused_because else ""
        narrowed = " what is narrower than proposed" if recorded.proposal_hash != proposal.hash else ""
        self.log.info("%s answered %s%s%s.", by, said, narrowed, why)
        return recorded

    def _tell_answered(self, workspace: Workspace, proposal: Proposal, answer: Approval, chosen: Sequence[str]) -> None:
        """Tell who has decided, and in which words."""
        said = "approved" if answer.answer == "approve" else "rejected"
        if self.options != ApprovalSensor.options:
            said = f"answered “{', '.join(chosen)}” to"
        headline = f"{answer.by} {said} “{self._question(workspace, proposal)[0]}”"
        comment = f"“{answer.comment}”" if answer.comment else ""
        incident = workspace.ledger.incident(proposal.incident_id)
        tell(workspace.spec, headline, comment, event=Event.ANSWERED, incident=incident)

    def _outcome(self, workspace: Workspace) -> Approval | None:
        """Return the answer that settles the matter, if there is one."""
        counted = [answer for answer in workspace.ledger.approvals(self.proposal_hash) if not answer.refused_because]
        if rejected := next((answer for answer in counted if answer.answer == "reject"), None):
            return rejected
        try:
            return workspace.ledger.standing_approval(self.proposal_hash, now=datetime.now(UTC))
        except ApprovalError:
            return None

    def _may_still_be_answered(self, workspace: Workspace, proposal: Proposal) -> bool:
        from airmedic_core.ledger.transitions import ENDS

        replaced = workspace.ledger.replacement_of(proposal.hash) is not None
        ended = workspace.ledger.incident(proposal.incident_id).state in ENDS
        return datetime.now(UTC) < proposal.expires_at and not replaced and not ended

    def _refuse_outdated_page(self, context: Context, workspace: Workspace) -> None:
        # People would approve what they do not see.
        shown = proposal_on_page(context, workspace, self.proposal_hash)
        if shown != self.proposal_hash:
            raise AirflowFailException(
                f"The proposal has changed to {self.proposal_hash[:12]}, but this task's page still shows "
                f"{shown[:12]}. Start a new remediation run for the incident."
            )

    def _ask(self, context: Context, workspace: Workspace, proposal: Proposal, before: Approval | None = None) -> Json:
        """Put the question where people see it, and return what they are shown from when on, for the record."""
        from airflow.sdk.execution_time.hitl import upsert_hitl_detail

        subject, body = self._question(workspace, proposal)
        upsert_hitl_detail(
            ti_id=context["ti"].id,
            options=list(self.options),
            subject=subject,
            body=body,
            params=form_of(proposal),
            assigned_users=known_to_airflow(_approvers(workspace), load_groups(workspace.settings.policies)),
        )
        if url := approval_question.report_url(workspace, proposal):
            context["ti"].xcom_push(MLFLOW_URL, url)
        links = (question_url(context), url)
        asked = f"Asked: {', '.join(workspace.spec.approvers) or 'anybody'}."
        refused = before.refused_because if before is not None else ""
        # Airflow's page goes on showing its first text.
        told = [f"The answer of {before.by} does not count: {refused}"] if before is not None and refused else []
        incident = workspace.ledger.incident(proposal.incident_id)
        told += [*approval_question.in_short(workspace, proposal), asked]
        tell(workspace.spec, subject, *told, event=Event.APPROVAL_WANTED, incident=incident, links=links)
        return {"sha256": digest([subject, body]), "at": datetime.now(UTC).isoformat()}

    def _park(
        self, context: Context, workspace: Workspace, proposal: Proposal, tier: int, shown: Json | None = None
    ) -> Json:
        seconds = (proposal.expires_at - datetime.now(UTC)).total_seconds()
        if tier == 1:
            seconds = min(seconds, workspace.spec.approval.escalate_after_seconds)
        asked = {"tier": tier, "asked": proposal.hash, "shown": shown}
        wait_for_answer(
            context,
            method_name="resume",
            kwargs=asked,
            options=self.options,
            timeout=timedelta(seconds=max(seconds, 0)),
        )

    def _nobody(
        self, context: Context, workspace: Workspace, proposal: Proposal, tier: int, shown: Json | None
    ) -> Json:
        now = datetime.now(UTC)
        if tier == 1 and now < proposal.expires_at:
            asked = ", ".join(workspace.spec.approval.second_tier) or "the approvers, once more"
            subject = self._question(workspace, proposal)[0]
            told = f"Still waiting: {subject}", f"Now asked: {asked}."
            incident = workspace.ledger.incident(proposal.incident_id)
            links = (question_url(context),)
            tell(workspace.spec, *told, event=Event.APPROVAL_OVERDUE, incident=incident, links=links)
            return self._park(context, workspace, proposal, 2, shown)
        comment = "Nobody answered in time."
        at = min(now, proposal.expires_at)
        self._record(workspace, proposal, "reject", by=NOBODY, at=at, channel="policy", comment=comment, filled_in={})
        headline = f"{comment} {self.model}: {proposal.action} is not carried out."
        incident = workspace.ledger.incident(proposal.incident_id)
        tell(workspace.spec, headline, event=Event.NOT_CARRIED_OUT, incident=incident)
        return self._pass_on(context, "reject", by=NOBODY, comment=comment)

    def _pass_on(self, context: Context, answer: str, *, by: str, comment: str) -> Json:
        result = {"answer": answer, "by": by, "comment": comment, PROPOSAL_HASH: self.proposal_hash}
        context["ti"].xcom_push("answer", result)
        context["ti"].xcom_push(PROPOSAL_HASH, self.proposal_hash)
        if answer != "approve":
            self.log.info("Not approved (%s by %s): what follows is skipped.", answer, by)
            self.skip(context["ti"], context["task"].get_direct_relatives(upstream=False))
        return result


def _review(event: Json, shown: Json | None) -> Json:
    """Return what is recorded of how an answer came about: the text that was shown, and how long it was looked at."""
    if not shown:
        return {}
    seconds = (as_utc(event["responded_at"]) - as_utc(shown["at"])).total_seconds()
    return {"shown_sha256": str(shown["sha256"]), "review_seconds": round(seconds, 3)}


def _duties_are_separate(workspace: Workspace) -> bool:
    """Return whether the person who asked may not be the only one who approves; true where no policy can be read."""
    from airmedic_core.policy import environment_of, policy_of

    try:
        return policy_of(workspace).separates_duties(environment_of(workspace))
    except SpecError:
        return True


def _approvers(workspace: Workspace) -> tuple[str, ...]:
    """Return everybody who may answer. Airflow takes the list once, so the second tier is on it from the start."""
    spec = workspace.spec
    return (*spec.approvers, *spec.approval.second_tier) if spec.approvers else ()
