"""The path of a deployment: approved, put in service or tried, watched, and completed or taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import BaseOperator, TriggerRule

from airmedic.dags.branch import Branch, group
from airmedic.dags.templates import approved, first_of, xcom
from airmedic.operators.apply_change import ApplyChangeOperator
from airmedic.operators.complete_deployment import CompleteDeploymentOperator
from airmedic.operators.deploy import DeployOperator
from airmedic.operators.rollback import RollbackOperator
from airmedic.operators.undo_deployment import UndoDeploymentOperator
from airmedic.sensors.approval import ApprovalSensor
from airmedic.sensors.deployment_health import PROMOTION_HASH, DeploymentHealthSensor
from airmedic.sensors.trial_question import TrialQuestionSensor
from airmedic_core.spec import ModelSpec

# Only one of them is there: what a gate proposes, or what is asked about again.
TO_DEPLOY = xcom("evaluate_gate_again"), xcom("evaluate_gate"), xcom("decide", "deployment_hash")
# The rollout gives up by itself, with a verdict, as its deployment was approved: what the spec says later, or how long
# people are asked meanwhile, must not end the watch.
LOOKING: dict[str, Any] = {"mode": "reschedule", "poke_interval": 30, "timeout": timedelta(days=3650).total_seconds()}


def deploy_branch(spec: ModelSpec, *, gates: list[BaseOperator]) -> Branch:
    """Make the path that puts a challenger into service once it has passed one of the gates, and watches it there."""
    model = spec.name
    with group("deploy_path", "Deploy", "Puts the challenger into service, and takes it back if it does no good."):
        # A deployment that was approved before its alarm went quiet is asked about again without another training.
        resume_deployment = EmptyOperator(task_id="resume_deployment")
        approve_deploy = ApprovalSensor(
            task_id="approve_deploy",
            model=model,
            proposal_hash=first_of(*TO_DEPLOY),
            trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        )
        deployment = approved("approve_deploy", *TO_DEPLOY)
        deploy = DeployOperator(task_id="deploy", model=model, proposal_hash=deployment)
        watch_deployment = DeploymentHealthSensor(
            task_id="watch_deployment",
            model=model,
            proposal_hash=deployment,
            branches={
                "healthy": "confirm_health",
                "unhealthy": "confirm_fault",
                "inconclusive": "approve_taking_back",
                "undecided": "decide_on_trial",
            },
            **LOOKING,
        )
        # Airflow skips what a branch leaves out, unless the chosen task leads there too, as the question about a trial
        # does by the second watch. Without these two tasks, what completes a deployment, and what takes it back, would
        # run once people have promoted the version or ended its trial.
        confirm_health = EmptyOperator(task_id="confirm_health")
        confirm_fault = EmptyOperator(task_id="confirm_fault")
        untold = xcom("watch_deployment"), xcom("watch_deployment", PROMOTION_HASH)
        decide_on_trial = TrialQuestionSensor(
            task_id="decide_on_trial",
            model=model,
            proposal_hash=first_of(untold[0]),
            promotion_hash=first_of(untold[1]),
            branches={"promote": "promote_version", "end": "stop_trying", "go_on": "watch_further"},
        )
        chosen = first_of(xcom("decide_on_trial"))
        promote_version = ApplyChangeOperator(task_id="promote_version", model=model, proposal_hash=chosen)
        stop_trying = RollbackOperator(task_id="stop_trying", model=model, proposal_hash=chosen)
        # Once more only: where that shows nothing either, it stays as it is, and the form promotes or ends it.
        watch_further = DeploymentHealthSensor(
            task_id="watch_further",
            model=model,
            proposal_hash=deployment,
            branches={"healthy": "complete_deployment", "unhealthy": "roll_back_deployment"},
            **LOOKING,
        )
        complete_deployment = CompleteDeploymentOperator(
            task_id="complete_deployment",
            model=model,
            proposal_hash=deployment,
            trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        )
        roll_back_deployment = UndoDeploymentOperator(
            task_id="roll_back_deployment",
            model=model,
            proposal_hash=deployment,
            trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        )
        unproven = xcom("watch_deployment")
        approve_taking_back = ApprovalSensor(
            task_id="approve_taking_back", model=model, proposal_hash=first_of(unproven)
        )
        take_back = RollbackOperator(
            task_id="take_back", model=model, proposal_hash=approved("approve_taking_back", unproven)
        )
    (
        [*gates, resume_deployment]
        >> approve_deploy
        >> deploy
        >> watch_deployment
        >> [confirm_health, confirm_fault, approve_taking_back, decide_on_trial]
    )
    confirm_health >> complete_deployment
    confirm_fault >> roll_back_deployment
    approve_taking_back >> take_back
    decide_on_trial >> [promote_version, stop_trying, watch_further]
    watch_further >> [complete_deployment, roll_back_deployment]
    ends: list[BaseOperator] = [complete_deployment, roll_back_deployment, take_back, promote_version, stop_trying]
    return Branch([resume_deployment], ends)
