"""What runs behind a deployment: Airflow's own rules for branches and joins, played on the real DAG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.airflow.tasks import context_of

BEFORE = {"resume_deployment", "approve_deploy", "deploy", "watch_deployment"}


def left_out(task: Any, branch: str | None) -> set[str]:
    """Return the tasks that Airflow skips where a task follows a branch."""
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    with pytest.raises(DownstreamTasksSkipped) as caught:
        task.do_branch(context_of(task), branch)
    return {str(skipped[0] if isinstance(skipped, tuple) else skipped) for skipped in caught.value.tasks}


def ran(dag: Any, followed: dict[str, str | None]) -> set[str]:
    """Return the tasks that run where nothing fails, and the named tasks follow these branches."""
    from airflow.sdk import TriggerRule

    running: set[str] = set()
    skipped: set[str] = set()
    for task in dag.topological_sort():
        done = running & task.upstream_task_ids
        enough = {
            TriggerRule.ALL_SUCCESS: done == task.upstream_task_ids,
            TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS: bool(done),
            TriggerRule.ALL_DONE: True,
        }
        if task.task_id in skipped or not enough[task.trigger_rule]:
            continue
        running.add(task.task_id)
        if task.task_id in followed:
            skipped |= left_out(task, followed[task.task_id])
    return running


@pytest.mark.parametrize(
    ("verdict", "answer", "verdict_later", "expected"),
    [
        ("healthy", "", "", {"complete_deployment"}),
        ("unhealthy", "", "", {"roll_back_deployment"}),
        ("inconclusive", "", "", {"approve_taking_back", "take_back"}),
        ("undecided", "promote", "", {"decide_on_trial", "promote_version"}),
        ("undecided", "end", "", {"decide_on_trial", "stop_trying"}),
        ("undecided", "go_on", "healthy", {"decide_on_trial", "watch_further", "complete_deployment"}),
        ("undecided", "go_on", "unhealthy", {"decide_on_trial", "watch_further", "roll_back_deployment"}),
        ("undecided", "go_on", "inconclusive", {"decide_on_trial", "watch_further"}),
    ],
)
def test_what_follows_a_verdict_runs_and_nothing_else(
    content: Path, verdict: str, answer: str, verdict_later: str, expected: set[str]
) -> None:
    from airmedic.dags.remediate import remediate
    from airmedic_core.spec import load_spec

    dag = remediate(load_spec(content / "models" / "alpha.yaml"))
    followed = {"decide": "resume_deployment"}
    for task_id, chosen in (
        ("watch_deployment", verdict),
        ("decide_on_trial", answer),
        ("watch_further", verdict_later),
    ):
        if chosen:
            followed[task_id] = dag.get_task(task_id).branches.get(chosen)
    path = set(dag.task_group.get_task_group_dict()["deploy_path"].children)
    acting = {task.task_id for task in dag.tasks if task.task_type != "EmptyOperator"}
    assert (ran(dag, followed) & path & acting) - BEFORE == expected
