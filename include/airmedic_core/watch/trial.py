"""A version that is tried beside the champion: begun once it can answer, judged on new rows, and put in service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from airmedic_core.errors import ModelError
from airmedic_core.records import TAKES_BACK, Json, Proposal
from airmedic_core.traffic import Traffic
from airmedic_core.watch.health import Health
from airmedic_core.watch.in_service import problems_on_newest, since
from airmedic_core.watch.side_by_side import Picked, SideBySide, compare_in_service
from airmedic_core.watch.switching import switch_back, switch_to

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


class TrialOptions(BaseModel):
    """Says how a version that is tried beside the champion is judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_probe_seconds: float = Field(default=60.0, gt=0)
    """Sets how long scoring the newest batch may take."""
    blocks_per_window: int = Field(default=4, ge=1, le=100)
    """Blocks of time that a new window is cut into. An answer needs 13 blocks at the least."""
    min_block_rows: int = Field(default=10, ge=1)
    """Compared rows of a block. A window with fewer has fewer blocks."""
    tolerance_fraction: float = Field(default=0.02, ge=0, le=1)
    """Sets how much more than the champion the version may lose, as a share of what the champion loses."""
    max_windows: int = Field(default=0, ge=0, le=1000)
    """Compared windows after which people are asked where nothing was shown; 0 leaves that to the time of the watch."""


def known_until(ws: Workspace, proposal: Proposal) -> datetime:
    """Return the end of the newest window that is known: a trial that begins now has answered none of its rows."""
    newest = [seen.batch.window.end for seen in ws.ledger.batches(ws.spec.name, limit=1)]
    return max([since(ws, proposal), *newest])


def begin(ws: Workspace, trial: Traffic, proposal: Proposal, options: TrialOptions) -> None:
    """Begin a trial once the version has shown that it can answer the newest rows.

    Parameters
    ----------
    ws : Workspace
        The model.
    trial : Traffic
        The trial.
    proposal : Proposal
        The deployment.
    options : TrialOptions
        How it is judged.

    Raises
    ------
    ModelError
        If it cannot, or another trial is under way. The champion goes on serving.
    """
    name = ws.spec.name
    problems = problems_on_newest(
        ws,
        ws.registry.version(name, trial.version),
        proposal,
        options.max_probe_seconds,
        ws.registry.version(name, trial.champion),
    )
    if problems:
        raise ModelError(
            f"Version {trial.version} cannot be tried: {' '.join(problems)}", "The champion goes on serving."
        )
    ws.registry.begin_trial(name, trial)


def not_begun(ws: Workspace, version: str, proposal: Proposal) -> list[str]:
    """Return what is not as a trial that has just begun leaves it.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : str
        The version that is tried.
    proposal : Proposal
        The deployment.
    """
    trial = ws.registry.trial(ws.spec.name)
    if trial is None or (trial.version, trial.proposal_hash) != (version, proposal.hash):
        return [f"Version {version} is not tried."]
    serving = ws.registry.champion(ws.spec.name).version
    return [] if serving == trial.champion else [f"The champion reads {serving}."]


def judged(
    ws: Workspace,
    version: str,
    proposal: Proposal,
    options: TrialOptions,
    now: datetime,
    *,
    picked: Callable[[Traffic], Picked],
    earned: Callable[[Traffic, SideBySide], str | None],
) -> Health:
    """Return how a trial does.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : str
        The version that is tried.
    proposal : Proposal
        The deployment.
    options : TrialOptions
        How it is judged.
    now : datetime
        The moment of the question.
    picked : callable
        Given the trial, says which rows of a batch are compared.
    earned : callable
        Given the trial and a comparison that is successful, says which step follows: in a sentence, empty where the
        version may answer all rows, ``None`` while this step has not lasted long enough.
    """
    started = perf_counter()
    name = ws.spec.name
    trial, champion = ws.registry.trial(name), ws.registry.champion(name)
    if champion.version == version:
        return Health("healthy", (f"Version {version} serves all rows.",), 0.0)
    if trial is None or trial.proposal_hash != proposal.hash:
        return Health("unhealthy", (f"Version {version} is not tried any more.",), 0.0)
    if champion.version != trial.champion:
        return Health("unhealthy", (f"Version {champion.version} was put in service meanwhile.",), 0.0)
    tried = ws.registry.version(name, version)
    problems = problems_on_newest(ws, tried, proposal, options.max_probe_seconds, champion)
    if problems:
        return Health("unhealthy", tuple(problems), perf_counter() - started)
    compared = compare_in_service(
        ws,
        champion,
        tried,
        since=trial.after or since(ws, proposal),
        proposal_hash=proposal.hash,
        picked=picked(trial),
        blocks_per_window=options.blocks_per_window,
        min_block_rows=options.min_block_rows,
        tolerance_fraction=options.tolerance_fraction,
    )
    seconds = perf_counter() - started
    if compared.outcome == "failed":
        return Health("unhealthy", (str(compared),), seconds)
    if compared.outcome == "successful" and (step := earned(trial, compared)) is not None:
        return Health("next_step" if step else "healthy", (f"{compared} {step}".strip(),), seconds)
    if over := _over(ws, proposal, trial, options, compared, now):
        return Health("inconclusive", (f"{over} {compared}",), seconds)
    return Health("waiting", (str(compared),), seconds)


def _over(
    ws: Workspace, proposal: Proposal, trial: Traffic, options: TrialOptions, compared: SideBySide, now: datetime
) -> str:
    """Return why nothing more is waited for; empty while it is. People may have let it go on for as long again."""
    went_on = _let_go_on(ws, proposal)
    since_when = max([trial.begun_at, *went_on])
    if now > since_when + timedelta(seconds=ws.spec.rollout.watch_timeout_seconds):
        return "The time is over."
    if options.max_windows and len(compared.ends) >= options.max_windows * (1 + len(went_on)):
        return "As many windows have come as were to be waited for."
    return ""


def _let_go_on(ws: Workspace, proposal: Proposal) -> set[datetime]:
    """Return when people have answered that a trial goes on, which is to neither take it back nor promote it."""
    questions = [
        asked for asked in ws.ledger.proposals(proposal.incident_id) if asked.params.get(TAKES_BACK) == proposal.hash
    ]
    answers = [
        answer for asked in questions for answer in ws.ledger.approvals(asked.hash) if not answer.refused_because
    ]
    return {answer.at for answer in answers if answer.answer == "reject"}


def put_in_service(ws: Workspace, version: str, proposal: Proposal, now: datetime) -> str:
    """Make a version that was tried the champion, end its trial, and return how things stand.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : str
        The version that was tried.
    proposal : Proposal
        The deployment.
    now : datetime
        The moment of the promotion.
    """
    promotion = switch_to(ws, version, proposal, now)
    ws.registry.end_trial(ws.spec.name, proposal.hash)
    return f"Version {promotion.to_version} serves all rows in place of {promotion.from_version}."


def ended(ws: Workspace, version: str, proposal: Proposal, snapshot: Json, now: datetime) -> str:
    """End a trial, put back what served before if the version was put in service, and return how.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : str
        The version that was tried.
    proposal : Proposal
        The deployment.
    snapshot : dict
        ``champion`` names the version that served.
    now : datetime
        The moment.
    """
    ws.registry.end_trial(ws.spec.name, proposal.hash)
    return switch_back(ws, version, proposal, snapshot, now)
