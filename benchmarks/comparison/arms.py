"""The arms: who acts on an incident, and how. Each acts in a copy of the same world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

import pandas as pd

from airmedic_core.diagnose.language_model import LanguageModel
from airmedic_core.records import Assessment, Batch
from airmedic_core.training.rows import training_window, unusable_windows
from airmedic_core.training.training_run import GATE_TAG
from comparison.incident import Incident
from comparison.memory import Memory
from comparison.production import between, week
from comparison.world import CONTENT, World
from healing.playback import follow, look

TRUSTING = "verified"
"""The delivered policy that lets much happen without asking where the cause is verified, and asks about deployments."""


@dataclass
class Acted:
    """Holds what an arm did about one incident."""

    arm: str
    world: World
    before: str
    """The version that served when the incident began."""
    after: str
    steps: list[str] = field(default_factory=list)
    offered: set[str] = field(default_factory=set)
    """Versions that it trained in order to deploy them, or meant to go back to."""
    kept_out: bool = False
    """Says whether the rows of the incident are out of use: quarantined, held or repaired."""
    answers: int = 0
    """Questions that a person answered, and each time that a problem was left to a person."""
    wrong_advice: int = 0
    """Unsafe first actions that a language model recommended and that were not followed."""
    followed_advice: int = 0
    """Unsafe first actions that a language model recommended and that were followed."""
    seconds: float = 0.0
    """Seconds of computing."""


@dataclass(frozen=True)
class Watched:
    """The incident's first week, as monitoring sees it: the same for all arms that go by it."""

    world: World
    batch: Batch
    assessment: Assessment
    seconds: float


def watch(world: World, incident: Incident) -> Watched:
    """Look at the first week of an incident.

    Parameters
    ----------
    world : World
        A world of its own.
    incident : Incident
        The incident.
    """
    began = process_time()
    batch, assessment = look(world.ws, week(incident.weeks.start))
    return Watched(world, batch, assessment, process_time() - began)


def always_retrain(world: World, incident: Incident, rows: pd.DataFrame) -> Acted:
    """Refit on the newest weeks at each alarm, and deploy what comes of it.

    Parameters
    ----------
    world : World
        A world of its own.
    incident : Incident
        The incident.
    rows : pandas.DataFrame
        All rows as they are delivered.
    """
    acted, began = Acted("always retrain", world, world.serving, ""), process_time()
    for number in incident.weeks:
        window = training_window(world.ws.spec, week(number).end)
        acted.offered.add(world.put_in_service(between(rows, window)))
        acted.steps.append("retrain and deploy")
    acted.after, acted.seconds = world.serving, process_time() - began
    return acted


def always_roll_back(world: World, incident: Incident, rows: pd.DataFrame) -> Acted:  # noqa: ARG001  as its sibling
    """Go back to the version before at the alarm.

    Parameters
    ----------
    world : World
        A world of its own.
    incident : Incident
        The incident.
    rows : pandas.DataFrame
        All rows as they are delivered.
    """
    acted, began = Acted("always roll back", world, world.serving, "", ["roll back"]), process_time()
    previous = world.ws.registry.by_alias(world.name, "previous")
    if previous is not None:
        world.ws.registry.client.set_registered_model_alias(world.name, "champion", previous.version)
        acted.offered.add(previous.version)
    acted.after, acted.seconds = world.serving, process_time() - began
    return acted


def airmedic(
    arm: str,
    home: Path,
    watched: Watched,
    incident: Incident,
    *,
    policy: str = "default",
    model: LanguageModel | None = None,
    memory: Memory | None = None,
) -> Acted:
    """Do what Airmedic does: week by week, until something has come into service. A person approves all it asks.

    Parameters
    ----------
    arm : str
        The arm's name.
    home : Path
        The folder of its world.
    watched : Watched
        The first week, as monitoring sees it.
    incident : Incident
        The incident.
    policy : str
        The delivered policy that it goes by.
    model : LanguageModel, optional
        Asked for a diagnosis beside the rules.
    memory : Memory, optional
        The cases of earlier incidents, by which allowed actions are ordered; this one is added to them.
    """
    world = watched.world.copy(home, content=memory.content if memory else CONTENT, policy=policy)
    if memory:
        memory.recalled_by(world)
    acted, began = Acted(arm, world, world.serving, ""), process_time()
    for number in incident.weeks:
        try:
            batch, assessment = watched.batch, watched.assessment
            if number != incident.weeks.start:
                batch, assessment = look(world.ws, week(number))
            played = follow(world.ws, batch, assessment, language_model=model)
        except Exception as error:  # noqa: BLE001  one incident that cannot be handled is shown, and ends no run
            acted.steps.append(f"failed: {type(error).__name__}: {error}")
            break
        acted.steps.append(f"{played.outcome} {played.cause}: {', '.join(played.actions) or 'nothing'}")
        acted.answers += played.asked + played.escalated
        if world.serving != acted.before:
            break
    if memory:
        memory.add(world, incident.name)
    acted.kept_out = week(incident.weeks.start) in unusable_windows(world.ws) or bool(
        world.ws.ledger.overrides(world.name, "repaired")
    )
    acted.offered = _offered(world)
    acted.after, acted.seconds = world.serving, watched.seconds + process_time() - began
    return acted


def heed(acted: Acted, incident: Incident, first_action: str) -> None:
    """Count what a language model recommended, if it is unsafe: followed where its answer stands, else blocked.

    Parameters
    ----------
    acted : Acted
        What the arm did.
    incident : Incident
        The incident.
    first_action : str
        What the language model recommends first.
    """
    ledger = acted.world.ws.ledger
    asked = [diagnosis for known in ledger.incidents(acted.world.name) for diagnosis in ledger.diagnoses(known.id)]
    theirs = [(diagnosis, stands) for diagnosis, stands in asked if diagnosis.engine != "rules"]
    if not theirs or first_action in incident.remedies or first_action not in CHANGING:
        return
    if any(stands for _, stands in theirs):
        acted.followed_advice += 1
    else:
        acted.wrong_advice += 1


CHANGING = frozenset({"retrain", "recalibrate", "rollback"})
"""Actions of a diagnosis that train, or change what serves."""

NAIVE: tuple[Callable[[World, Incident, pd.DataFrame], Acted], ...] = (always_retrain, always_roll_back)


def _offered(world: World) -> set[str]:
    """Return the versions that came to a gate, and those that a rollback was proposed to."""
    gated = {version.version for version in world.ws.registry.versions(world.name) if GATE_TAG in version.tags}
    proposed = [
        proposal
        for incident in world.ws.ledger.incidents(world.name)
        for proposal in world.ws.ledger.proposals(incident.id)
    ]
    return gated | {str(proposal.params["version"]) for proposal in proposed if proposal.action == "rollback"}
