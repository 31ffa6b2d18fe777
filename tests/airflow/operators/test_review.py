"""The review of a model, as an operator."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.airflow.production.alarms import KEY, false_alarms


def execute(workspace_name: str, run_id: str) -> tuple[dict[str, Any], Any]:
    from airmedic.operators.review import ReviewOperator

    pushed: dict[str, Any] = {}
    operator = ReviewOperator(task_id="review", model=workspace_name)
    task = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}), map_index=-1)
    return pushed, operator.execute({"ti": task, "task": operator, "run_id": run_id})  # type: ignore[typeddict-item]


def test_the_operator_proposes_what_the_last_windows_suggest(content: Path) -> None:
    import shutil

    from airmedic.hooks.workspace import open_workspace

    shutil.copytree(Path(__file__).parents[3] / "include" / "policies", content / "policies")
    workspace = open_workspace("alpha")
    false_alarms(workspace)
    pushed, result = execute("alpha", "r1")
    proposal = workspace.ledger.proposal(pushed["setting_hash"])
    assert (proposal.params["key"], proposal.params["value"]) == (KEY, 0.15)
    assert pushed["expectation_hash"] == ""
    assert result == {"incident_id": proposal.incident_id, "upstream": []}
    assert execute("alpha", "r1")[0] == pushed, "a retry proposes the same"


def test_nothing_to_say_leaves_no_record(content: Path) -> None:
    from airmedic.hooks.workspace import open_workspace

    pushed, result = execute("alpha", "r1")
    assert set(pushed.values()) == {""}
    assert result == {"incident_id": "", "upstream": []}
    assert open_workspace("alpha").ledger.incidents() == []
