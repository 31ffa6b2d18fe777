"""Which way a remediation goes after the watch of a deployment."""

from __future__ import annotations

from typing import Any

import pytest

from tests.airflow.tasks import context_of, propose

BRANCHES = {
    "healthy": "complete_deployment",
    "unhealthy": "roll_back_deployment",
    "inconclusive": "approve_taking_back",
}


def watched(proposal_hash: str) -> Any:
    from airflow.sdk import DAG, BaseOperator

    from airmedic.sensors.deployment_health import DeploymentHealthSensor

    with DAG("remediate__meter"):
        watch = DeploymentHealthSensor(
            task_id="watch_deployment", model="meter", proposal_hash=proposal_hash, branches=BRANCHES
        )
        watch >> [BaseOperator(task_id=task_id) for task_id in BRANCHES.values()]
    return watch


@pytest.mark.usefixtures("adopted")
@pytest.mark.parametrize(
    ("status", "skipped"),
    [
        ("healthy", {"roll_back_deployment", "approve_taking_back"}),
        ("unhealthy", {"complete_deployment", "approve_taking_back"}),
        ("inconclusive", {"complete_deployment", "roll_back_deployment"}),
    ],
)
def test_the_verdict_decides_the_way(monkeypatch: pytest.MonkeyPatch, status: str, skipped: set[str]) -> None:
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    import airmedic_core.rollout
    from airmedic.hooks.workspace import open_workspace
    from airmedic_core.rollout import Health

    workspace = open_workspace("meter")
    proposal = propose(workspace, "deploy", {"version": "1", "gate": {"champion": "1"}, "for": status})
    monkeypatch.setattr(airmedic_core.rollout, "health", lambda *_, **__: Health(status, ("So it is.",), 0.1))  # type: ignore[arg-type]
    watch = watched(proposal.hash)
    context = context_of(watch)
    with pytest.raises(DownstreamTasksSkipped) as caught:
        watch.execute(context)
    assert {str(task[0] if isinstance(task, tuple) else task) for task in caught.value.tasks} == skipped
    assert context["ti"].pushed["health"]["status"] == status
    assert workspace.ledger.watched_as(proposal.hash) == status
    if status == "inconclusive":
        # The champion is the first version: there is nothing to go back to, and people learn that.
        assert context["ti"].pushed["proposal_hash"] == ""
        assert "It cannot be taken back" in workspace.ledger.decisions(proposal.incident_id)[-1]["reason"]


@pytest.mark.usefixtures("adopted")
def test_a_step_that_is_earned_is_taken_and_the_watch_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import airmedic_core.execution
    import airmedic_core.rollout
    from airmedic.hooks.workspace import open_workspace
    from airmedic_core.rollout import Health

    proposal = propose(open_workspace("meter"), "deploy", {"version": "1", "gate": {"champion": "1"}})
    taken: list[str] = []
    monkeypatch.setattr(airmedic_core.rollout, "health", lambda *_, **__: Health("next_step", ("Earned.",), 0.1))
    monkeypatch.setattr(airmedic_core.execution, "advance", lambda _, asked, **__: taken.append(asked) or "It grows.")
    watch = watched(proposal.hash)
    assert not watch.poke(context_of(watch)).is_done
    assert taken == [proposal.hash]


@pytest.mark.usefixtures("adopted")
@pytest.mark.parametrize("status", ["next_step", "healthy"])
def test_what_is_earned_waits_while_changes_are_held_up(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    import airmedic_core.execution
    import airmedic_core.rollout
    from airmedic.hooks.workspace import open_workspace
    from airmedic_core.errors import HeldUpError
    from airmedic_core.rollout import Health

    def frozen(*_: Any, **__: Any) -> str:
        raise HeldUpError("Changes are frozen.")

    proposal = propose(open_workspace("meter"), "deploy", {"version": "2", "gate": {"champion": "1"}, "for": status})
    monkeypatch.setattr(airmedic_core.rollout, "health", lambda *_, **__: Health(status, ("So it is.",), 0.1))  # type: ignore[arg-type]
    monkeypatch.setattr(airmedic_core.execution, "advance", frozen)
    monkeypatch.setattr(airmedic_core.execution, "held_up", lambda *_, **__: "Changes are frozen.")
    watch = watched(proposal.hash)
    assert not watch.poke(context_of(watch)).is_done
