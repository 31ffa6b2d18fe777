"""Describes what each action offers: traits, and plan → precheck → snapshot → dry_run → apply → verify → undo."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from airmedic_core.history import History, Outcome
from airmedic_core.narrowing import Field
from airmedic_core.records import ActionResult, Diagnosis, Incident, IncidentState, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.workspace import Workspace


class Path(StrEnum):
    """The ways through a remediation. Each is wired once, in ``airmedic/dags/remediate.py``."""

    CHANGE = "change"
    """An approval, then the action: enough for every action after which nothing has to follow."""
    RETRAIN = "retrain"
    """An approval, the training, the gate, and what the gate proposes."""
    DEPLOY = "deploy"
    """Says what the gate proposes: an approval, the deployment, and its watch."""
    ROLLBACK = "rollback"
    """An approval, then the switch back."""
    QUARANTINE = "quarantine"
    """The action at once, then its companion."""
    REPAIR = "repair"
    """An approval, then a repaired copy of the rows, which is looked at again. It also follows a quarantine."""
    RERUN = "rerun"
    """A companion: an approval, then a DAG of the team's own."""
    SCALE = "scale"
    """An approval, then more capacity, by an HTTP hook or a DAG of the team's own."""
    TELL = "tell"
    """At once, beside whatever is decided and once for each incident: people are told, and nothing is changed."""
    RECOMMEND = "recommend"
    """People are told, and nothing is carried out."""
    ESCALATE = "escalate"
    """People are told that they have to look. This is what is left where nothing else is allowed."""

    @property
    def begins(self) -> bool:
        """Say whether an incident can go this way from its decision on. Others follow a gate, or go beside another."""
        return self not in {Path.DEPLOY, Path.RERUN, Path.TELL}

    @property
    def asks(self) -> bool:
        """Say whether an approval stands in front of the action."""
        return self not in {Path.QUARANTINE, Path.TELL, Path.RECOMMEND, Path.ESCALATE}


class StoppedBy(StrEnum):
    """Lists what stops an action that policy and people allow."""

    LIMITS = "limits"
    """The kill switch, and every limit of the policy."""
    KILL_SWITCH = "kill_switch"
    """Only the kill switch: the action protects, so a freeze or a cooldown must not keep it back."""
    NOTHING = "nothing"
    """Nothing: it changes nothing at all."""


class Part(StrEnum):
    """The part that an action plays in what comes of an incident."""

    REMEDY = "remedy"
    """It decides what came of the incident."""
    COMPANION = "companion"
    """It accompanies another action, which decides."""
    NOTICE = "notice"
    """It leaves the problem to people."""


class Action(Protocol):
    """One remedy. Its parameters and the effect that it promises are what people approve."""

    description: str
    """Says what it does, in a sentence."""
    changes_production: bool
    """Says whether anything in production is different afterwards."""
    imperative: str = ""
    """Opens the question that people are asked, before the model's title: ``Roll back``. Its name where empty."""
    infinitive: str = ""
    """Says what it does, inside a sentence: ``roll back``. Its name where empty."""
    choice: str = ""
    """Says how the form offers it to people. Empty where people cannot ask for it."""
    path: Path = Path.CHANGE
    """The way that an incident goes when it is chosen."""
    deadline_seconds: float = 900.0
    """Sets how long an attempt may take, from its precheck to its verification. One that takes longer hangs: Airflow
    ends its task, and another process may go on with its work. A quarter of an hour is many times what a switch, with
    the comparison of two versions, takes on large windows.
    """
    stopped_by: StoppedBy = StoppedBy.LIMITS
    """Says what stops it although it was approved."""
    part: Part = Part.REMEDY
    """Its part in what comes of the incident."""
    follows: tuple[Path, ...] = ()
    """The paths on which it is proposed as a companion."""
    trains: bool = False
    """Says whether it trains: it then heeds the policy's budget for compute."""
    tried_first: bool = False
    """Says whether its training is tried in the shadow, where the policy lets models explore, before anybody is asked.
    """
    renews_normal: bool = False
    """Says whether rows of the window become what later windows are compared with."""
    of_window: bool = False
    """Says whether it is about the incident's own windows: what newer windows show is then no reason against it."""
    leads_to: str = ""
    """The action that is proposed when a gate passes what this one made."""
    completes: str = ""
    """The action that it brings to its end. What comes of it is credited to that action."""
    taken_back_by: str = ""
    """The action that people are asked for where nothing has shown, in time, how this one does."""
    of_reviews: bool = False
    """Says whether it carries out what a review suggests: ``key``, ``value`` and ``expires_at`` are its parameters."""
    asks_for_labels: bool = False
    """Says whether it hands out rows to be labelled: ``window`` and ``rows``, their ids, are its parameters."""
    plans_anew: tuple[str, ...] = ()
    """Parameters that `narrowed` plans anew because they follow from what an approver has chosen. What is carried out
    may differ in them from what was proposed, or lack them, and in nothing else that may not be narrowed."""
    undone: str = ""
    """Says how it is undone afterwards, and who does it, in a sentence. What its other traits say where empty."""
    needs: tuple[str, ...] = ()
    """Keys that a spec must set for it, such as ``upstream_dag``."""

    def way_back(self, ws: Workspace, proposal: Proposal) -> str:
        """Return the action that takes this one back as things stand; people are asked for it.

        Parameters
        ----------
        ws : Workspace
            The model.
        proposal : Proposal
            The proposal that was carried out.
        """
        return self.taken_back_by

    def way_on(self, ws: Workspace, proposal: Proposal) -> str:
        """Return the action that completes this one though nothing has shown how it does; empty where none has to.

        Parameters
        ----------
        ws : Workspace
            The model.
        proposal : Proposal
            The proposal that was carried out.
        """
        return ""

    def tried_already(self, ws: Workspace, incident: Incident) -> bool:
        """Return whether a trial in the shadow has done for an incident what it would do, and shown that it helps.

        Parameters
        ----------
        ws : Workspace
            The model.
        incident : Incident
            The incident.
        """
        return False

    def called_for(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis) -> bool:
        """Return whether it is to be tried before what the diagnosis recommends.

        Parameters
        ----------
        ws : Workspace
            The model.
        incident : Incident
            The incident.
        diagnosis : Diagnosis
            Its diagnosis.
        """
        return False

    def stand_in(self, diagnosis: Diagnosis) -> str:
        """Return the action that takes its place for a diagnosis; empty where it stands for itself."""
        return ""

    @abstractmethod
    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Return its parameters (plain JSON) and the effect expected of them, in one sentence.

        Parameters
        ----------
        ws : Workspace
            The model.
        incident : Incident
            The incident.
        diagnosis : Diagnosis or None
            Its diagnosis, where one was made.
        """

    def narrowing(self, proposal: Proposal) -> Sequence[Field]:
        """Return the parameters that an approver may narrow, each with its bounds; none where it has to be as it is.

        They follow from the proposal alone, and what is narrowed may not be widened again: a narrowed proposal has no
        wider bounds than the one that it comes from. See :mod:`airmedic_core.narrowing`.
        """
        return ()

    def narrowed(self, ws: Workspace, proposal: Proposal, chosen: Json) -> tuple[Json, str]:
        """Return parameters and expected effect, planned anew with what an approver has chosen. Changes nothing.

        Where the parameters hang together, those that follow from the chosen ones are made anew as well: ``plans_anew``
        names them.

        Parameters
        ----------
        ws : Workspace
            The model.
        proposal : Proposal
            What was proposed.
        chosen : dict
            The parameters that differ from it, within their bounds.

        Raises
        ------
        AirmedicError
            If nothing can be planned with them; with the reason, which the approver is told.
        """
        return {**proposal.params, **chosen}, proposal.expected

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Raise if it can no longer be carried out."""
        # With a docstring alone, a method of a protocol counts as one that each action has to have.
        return None  # noqa: RET501

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Return how things stand before, as far as undoing needs it."""
        return {}

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Return what changes once it is approved, a sentence each, in the words of those who own the model.

        They follow from the proposal alone. Its parameters are shown as they are where there are none.
        """
        return ()

    def undone_by(self, proposal: Proposal) -> str:
        """Return how a proposal is undone afterwards, and who does it, in a sentence; empty where the traits say it."""
        return self.undone

    def warning(self, proposal: Proposal) -> str:
        """Return what speaks against it, which people are shown in red before they answer; empty for nothing."""
        return ""

    def background(self, proposal: Proposal) -> Sequence[str]:
        """Return what else people should know before they answer, a line each."""
        return ()

    @abstractmethod
    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Return what would happen, in words. Changes nothing."""

    @abstractmethod
    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Do it, and return its output. Done twice it has the effect of once.

        Parameters
        ----------
        ws : Workspace
            The model.
        proposal : Proposal
            The proposal that was approved.
        now : datetime
            The moment of the action.
        """

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Return what is not as it should be; nothing if all is well.

        Parameters
        ----------
        ws : Workspace
            The model.
        proposal : Proposal
            The proposal that was approved.
        output : dict
            What ``apply`` returned.
        """
        return []

    @abstractmethod
    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Put things back as the snapshot shows them, however far ``apply`` came, and return how.

        Parameters
        ----------
        ws : Workspace
            The model.
        proposal : Proposal
            The proposal that was approved.
        snapshot : dict
            What ``snapshot`` returned before the action began.
        now : datetime
            The moment of the undoing.
        """

    def has_more(self, ws: Workspace, proposal: Proposal, done: ActionResult) -> bool:
        """Return whether its approval covers one more attempt after what was done.

        Parameters
        ----------
        ws : Workspace
            The model.
        proposal : Proposal
            The proposal that was approved.
        done : ActionResult
            The result of the attempt before.
        """
        return False

    def again(self, ws: Workspace, proposal: Proposal, done: ActionResult, now: datetime) -> ActionResult:
        """Make the further attempt that ``has_more`` speaks of, and return its result.

        Parameters
        ----------
        ws : Workspace
            The model.
        proposal : Proposal
            The proposal that was approved.
        done : ActionResult
            The result of the attempt before.
        now : datetime
            The moment of the further attempt.
        """
        return done

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Return what came of an incident whose last remedy was this action, carried out and not undone.

        The world is looked at, not what ``apply`` returned. The module ``healed`` says which outcomes count as healed.
        """
        return Outcome(IncidentState.RESOLVED, "changed", done.summary)
