"""What each rollout strategy promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from airmedic.testing.production import NOW, approved, day, incident_of
from airmedic.testing.setting import Setting
from airmedic_core.records import Proposal
from airmedic_core.rollout import Health, RolloutStrategy
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_STATUSES = get_args(get_type_hints(Health)["status"])


@dataclass(frozen=True)
class _Deployed:
    ws: Workspace
    version: str
    proposal: Proposal
    options: Any


def its_options_can_be_left_out(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """A spec that names a strategy and nothing else is valid."""
    strategy.options()
    assert strategy.options.__doc__, "its options have no docstring"


def twice_has_the_effect_of_once(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """A deployment whose task is run again is the same deployment."""
    deployed = _deploy(strategy, setting)
    once = setting.records(deployed.ws)
    promotion = strategy.apply(deployed.ws, deployed.version, deployed.proposal, deployed.options, NOW)
    assert promotion.to_version == deployed.version
    assert setting.records(deployed.ws) == once
    assert strategy.verify(deployed.ws, deployed.version, deployed.proposal, deployed.options) == []


def what_is_undone_is_as_it_was(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """Undoing needs nothing but the snapshot of the deployment, and may itself be repeated."""
    deployed = _deploy(strategy, setting)
    for _ in range(2):
        told = strategy.undo(deployed.ws, deployed.version, deployed.proposal, {"champion": "1"}, deployed.options, NOW)
        assert told.strip(), "its undo does not say what it did"
        assert deployed.ws.registry.champion(deployed.ws.spec.name).version == "1"
    problems = strategy.verify(deployed.ws, deployed.version, deployed.proposal, deployed.options)
    assert problems, "what was undone verifies as deployed"


def the_version_before_can_come_back(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """Whatever the strategy does with traffic, the ledger knows what to go back to."""
    deployed = _deploy(strategy, setting)
    promotion = deployed.ws.ledger.promotions(deployed.ws.spec.name)[0]
    assert (promotion.from_version, promotion.to_version) == ("1", deployed.version)
    assert deployed.ws.registry.rollback_target(deployed.ws.spec.name).version == "1"


def its_health_is_asked_again_and_changes_nothing(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """It is asked by one process after another, and says the same as long as nothing new has happened."""
    deployed = _deploy(strategy, setting)
    before = setting.records(deployed.ws)
    first, second = (strategy.health(deployed.ws, deployed.proposal, deployed.options, NOW) for _ in range(2))
    assert first.status in _STATUSES, f"its health is {first.status!r}, which is none of {_STATUSES}"
    assert first.reasons, "its health has no reasons"
    assert (first.status, first.reasons) == (second.status, second.reasons)
    assert setting.records(deployed.ws) == before


PROMISES = (
    its_options_can_be_left_out,
    twice_has_the_effect_of_once,
    what_is_undone_is_as_it_was,
    the_version_before_can_come_back,
    its_health_is_asked_again_and_changes_nothing,
)


def _deploy(strategy: RolloutStrategy[Any], setting: Setting) -> _Deployed:
    ws = setting.workspace(prepare=_with_challenger)
    version = "2"
    proposal = approved(ws, incident_of(ws, 40), "deploy", {"version": version, "gate": {"champion": "1"}})
    options = strategy.options.model_validate(dict(setting.arranged.options))
    strategy.apply(ws, version, proposal, options, NOW)
    return _Deployed(ws, version, proposal, options)


def _with_challenger(ws: Workspace) -> None:
    from airmedic_core.training.fit import train

    train(ws, Window(day(0), day(40)), day(42), {})
