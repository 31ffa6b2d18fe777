"""The templates by which tasks hand hashes on, rendered as Airflow renders them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.airflow.tasks import Task


def rendered(template: str, **pushed: str) -> str:
    from jinja2 import Environment

    task = Task(pulled={(task_id, "proposal_hash"): value for task_id, value in pushed.items()})
    return Environment().from_string(template).render(ti=task)  # noqa: S701  no page is made of it


def test_what_was_approved_comes_before_what_was_asked() -> None:
    from airmedic.dags.templates import approved, first_of, xcom

    asked = xcom("decide")
    assert rendered(first_of(asked)) == ""
    assert rendered(first_of(asked), decide="a") == "a"
    assert rendered(approved("approve_retrain", asked), decide="a", approve_retrain="b") == "b"
    # A sensor of an earlier version has pushed none, and neither has one that somebody marked as a success.
    assert rendered(approved("approve_retrain", asked), decide="a") == "a"


def acting(dag: Any) -> dict[str, Any]:
    return {
        task.task_id: task.proposal_hash
        for task in dag.tasks
        if hasattr(task, "proposal_hash") and not task.task_id.startswith(("approve_", "decide_on_"))
    }


@pytest.mark.parametrize(
    ("spec", "sensors"),
    [
        (
            {"retrain": "dag:train", "upstream_dag": "ingest"},
            {
                "train_in_dag": "approve_retrain",
                "retrain": "approve_retrain",
                "evaluate_gate": "approve_retrain",
                "improve_and_retrain": "approve_retrain",
                "evaluate_gate_again": "approve_retrain",
                "deploy": "approve_deploy",
                "watch_deployment": "approve_deploy",
                "complete_deployment": "approve_deploy",
                "roll_back_deployment": "approve_deploy",
                "watch_further": "approve_deploy",
                "promote_version": "decide_on_trial",
                "stop_trying": "decide_on_trial",
                "take_back": "approve_taking_back",
                "roll_back": "approve_rollback",
                "repair_batch": "approve_repair",
                "rerun_pipeline": "approve_rerun",
                "apply_change": "approve_change",
            },
        ),
    ],
)
def test_each_task_behind_an_approval_takes_the_hash_that_was_approved(
    content: Path, spec: dict[str, Any], sensors: dict[str, str]
) -> None:
    from airmedic.dags.remediate import remediate
    from airmedic_core.spec import load_spec

    path = content / "models" / "alpha.yaml"
    path.write_text(path.read_text() + "".join(f"{key}: {value}\n" for key, value in spec.items()))
    hashes = acting(remediate(load_spec(path)))
    assert {task_id: rendered(template, **{sensors[task_id]: "b"}) for task_id, template in hashes.items()
            if task_id in sensors} == dict.fromkeys(sensors, "b")  # fmt: skip
    # Nobody is asked in front of these.
    assert hashes.keys() - sensors.keys() == {"quarantine_batch", "escalate"}


def test_a_review_takes_what_was_approved_as_well(content: Path) -> None:
    from airmedic.dags.review import review
    from airmedic_core.spec import load_spec

    hashes = acting(review(load_spec(content / "models" / "alpha.yaml")))
    assert rendered(hashes["apply_setting"], approve_setting="b") == "b"
    assert rendered(hashes["apply_expectation"], approve_expectation="c") == "c"
