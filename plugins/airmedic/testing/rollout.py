"""Says what each rollout strategy promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from airmedic.testing.production import NOW, approved, day, incident_of
from airmedic.testing.setting import Setting
from airmedic_core.records import Json, Promotion, Proposal
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
    promotion: Promotion | None


def its_options_can_be_left_out(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """A spec that names a strategy and nothing else needs no options of it."""
    strategy.options()
    assert strategy.options.__doc__, "its options have no docstring"


def twice_has_the_effect_of_once(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """A deployment whose task is run again is the same deployment, and so is its completion."""
    deployed = _deploy(strategy, setting)
    once = _stands(deployed, setting)
    strategy.apply(deployed.ws, deployed.version, deployed.proposal, deployed.options, NOW)
    assert _stands(deployed, setting) == once
    assert strategy.verify(deployed.ws, deployed.version, deployed.proposal, deployed.options) == []
    _complete(strategy, deployed)
    once = _stands(deployed, setting)
    _complete(strategy, deployed)
    assert _stands(deployed, setting) == once


def what_is_tried_first_serves_once_it_is_completed(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """Until then either the version serves by a promotion, or the champion goes on serving, and nothing in between."""
    deployed = _deploy(strategy, setting)
    serving = deployed.ws.registry.champion(deployed.ws.spec.name).version
    assert serving == ("1" if deployed.promotion is None else deployed.version)
    _complete(strategy, deployed)
    assert deployed.ws.registry.champion(deployed.ws.spec.name).version == deployed.version
    assert deployed.ws.registry.trial(deployed.ws.spec.name) is None, "something is still tried"


def what_is_undone_is_as_it_was(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """Undoing needs nothing but the snapshot of the deployment, and may itself be repeated."""
    _undo_twice(strategy, _deploy(strategy, setting))


def what_is_completed_can_be_undone(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """A completion that was cut off is taken back as the deployment is."""
    deployed = _deploy(strategy, setting)
    _complete(strategy, deployed)
    _undo_twice(strategy, deployed)


def the_version_before_can_come_back(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """Whatever the strategy does with traffic, the ledger knows what to go back to."""
    deployed = _deploy(strategy, setting)
    _complete(strategy, deployed)
    promotion = deployed.ws.ledger.promotions(deployed.ws.spec.name)[0]
    assert (promotion.from_version, promotion.to_version) == ("1", deployed.version)
    assert promotion.proposal_hash == deployed.proposal.hash
    assert deployed.ws.registry.rollback_target(deployed.ws.spec.name).version == "1"


def its_health_is_asked_again_and_changes_nothing(strategy: RolloutStrategy[Any], setting: Setting) -> None:
    """It is asked by one process after another, and says the same as long as nothing new has happened."""
    deployed = _deploy(strategy, setting)
    before = _stands(deployed, setting)
    first, second = (strategy.health(deployed.ws, deployed.proposal, deployed.options, NOW) for _ in range(2))
    assert first.status in _STATUSES, f"its health is {first.status!r}, which is none of {_STATUSES}"
    assert first.reasons, "its health has no reasons"
    assert (first.status, first.reasons) == (second.status, second.reasons)
    assert _stands(deployed, setting) == before


PROMISES = (
    its_options_can_be_left_out,
    twice_has_the_effect_of_once,
    what_is_tried_first_serves_once_it_is_completed,
    what_is_undone_is_as_it_was,
    what_is_completed_can_be_undone,
    the_version_before_can_come_back,
    its_health_is_asked_again_and_changes_nothing,
)


def _deploy(strategy: RolloutStrategy[Any], setting: Setting) -> _Deployed:
    ws = setting.workspace(prepare=_with_challenger)
    version = "2"
    proposal = approved(ws, incident_of(ws, 40), "deploy", {"version": version, "gate": {"champion": "1"}})
    options = strategy.options.model_validate(dict(setting.arranged.options))
    promotion = strategy.apply(ws, version, proposal, options, NOW)
    return _Deployed(ws, version, proposal, options, promotion)


def _complete(strategy: RolloutStrategy[Any], deployed: _Deployed) -> None:
    told = strategy.complete(deployed.ws, deployed.version, deployed.proposal, deployed.options, NOW)
    assert told.strip(), "its completion does not say how things stand"


def _undo_twice(strategy: RolloutStrategy[Any], deployed: _Deployed) -> None:
    ws, version, proposal, options = deployed.ws, deployed.version, deployed.proposal, deployed.options
    for _ in range(2):
        told = strategy.undo(ws, version, proposal, {"champion": "1"}, options, NOW)
        assert told.strip(), "its undo does not say what it did"
        assert ws.registry.champion(ws.spec.name).version == "1"
        assert ws.registry.trial(ws.spec.name) is None, "something is still tried"
    assert strategy.verify(ws, version, proposal, options), "what was undone verifies as deployed"


def _stands(deployed: _Deployed, setting: Setting) -> Json:
    """Return how production stands, without the moments at which it was changed."""
    trial = deployed.ws.registry.trial(deployed.ws.spec.name)
    tried = None if trial is None else (trial.kind, trial.version, trial.champion, trial.fraction)
    return setting.records(deployed.ws) | {"tried": tried}


def _with_challenger(ws: Workspace) -> None:
    from airmedic_core.training.fit import train

    train(ws, Window(day(0), day(40)), day(42), {})
