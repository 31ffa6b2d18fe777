"""Airflow DAGs ``remediate__<model>``: diagnose an incident, ask, act, and prove that it helped."""

from __future__ import annotations

from airflow.sdk import DAG, BaseOperator, Param, TriggerRule

from airmedic.dag_factory import dags_of_specs, model_dag
from airmedic.operators.apply_change import ApplyChangeOperator
from airmedic.operators.close_incident import CloseIncidentOperator
from airmedic.operators.collect_evidence import CollectEvidenceOperator
from airmedic.operators.decide import DecideOperator
from airmedic.operators.deploy import DeployOperator
from airmedic.operators.escalate import EscalateOperator
from airmedic.operators.evaluate_gate import EvaluateGateOperator
from airmedic.operators.llm_diagnosis import LLMDiagnosisOperator
from airmedic.operators.quarantine import QuarantineOperator
from airmedic.operators.recommend import RecommendOperator
from airmedic.operators.rerun_pipeline import RerunPipelineOperator
from airmedic.operators.retrain import RetrainOperator
from airmedic.operators.rollback import RollbackOperator
from airmedic.operators.train_in_dag import TrainInDagOperator
from airmedic.operators.undo_deployment import UndoDeploymentOperator
from airmedic.sensors.approval import ApprovalSensor
from airmedic.sensors.deployment_health import DeploymentHealthSensor
from airmedic_core.decide.request import AUTOMATIC, form
from airmedic_core.spec import ModelSpec

DOC = """
Diagnoses an incident of **{title}**, proposes a remedy, waits for an approval, carries it out, verifies it, and undoes
it if it did not help. `monitor__{name}` starts it; its run id is the incident's id.

Trigger it by hand to have the model looked at now. *Automatic* does what policy and diagnosis say, the other actions
are what you want. Whatever changes something is approved first, in *Required Actions*. With *dry run* nothing changes,
and you see what would happen.
"""

REQUEST = {
    "action": "{{ params.action }}",
    "reason": "{{ params.reason }}",
    "by": "{{ dag_run.triggering_user_name or '' }}",
    "dry_run": "{{ params.dry_run }}",
    "version": "{{ params.version or '' }}",
    "override": "{{ params.override or '' }}",
}
INCIDENT = "{{ ti.xcom_pull(task_ids='collect_evidence', key='incident_id') or params.incident_id or '' }}"


def proposal_of(*task_ids: str, key: str = "proposal_hash") -> str:
    """Return the template for the hash that the first of these tasks to have one has proposed."""
    pulls = [f"ti.xcom_pull(task_ids='{task_id}', key='{key}')" for task_id in task_ids]
    return "{{ " + " or ".join([*pulls, "''"]) + " }}"


def request_form() -> dict[str, Param]:
    """Return the form of a remediation that a person starts."""
    offered = form()
    return {
        "action": Param(
            AUTOMATIC,
            type="string",
            enum=list(offered),
            values_display=offered,
            title="Action",
            description_md="*Automatic* follows diagnosis and policy. What changes something is approved first.",
        ),
        "reason": Param(
            "incident",
            type="string",
            minLength=3,
            title="Reason",
            description_md="Why? It is kept with the incident and shown to whoever approves.",
        ),
        "dry_run": Param(
            False, type="boolean", title="Dry run", description_md="Change nothing, show what would happen."
        ),
        "version": Param(
            None,
            type=["null", "string"],
            title="Version",
            description_md=(
                "Roll back: the version to go back to. Empty: the newest that did not leave service as bad. "
                "The approval lists the versions with how they left."
            ),
        ),
        "override": Param(
            None,
            type=["null", "string"],
            title="Override",
            description_md=(
                "Roll back: a version that left service as bad, or is clearly worse on the newest rows, is refused "
                "unless you say here why you want it. The approver sees it in red."
            ),
        ),
        "incident_id": Param(
            None,
            # Airflow's page asks for every field whose type does not allow null.
            type=["null", "string"],
            title="Incident",
            description_md="Empty: a new one is opened for this request.",
        ),
    }


def remediate(spec: ModelSpec) -> DAG:
    """Make the remediation DAG of one model."""
    model = spec.name
    decided = proposal_of("decide")
    deployment = proposal_of("evaluate_gate_again", "evaluate_gate")
    with model_dag(
        "remediate",
        spec,
        schedule=None,
        # Only an incident or a person starts it, and neither must wait because somebody forgot to unpause it.
        is_paused_upon_creation=False,
        description=f"Heals {spec.title or spec.name}",
        doc_md=DOC.format(title=spec.title or spec.name, name=spec.name),
        params=request_form(),
    ) as dag:
        collect_evidence = CollectEvidenceOperator(
            task_id="collect_evidence", model=model, incident_id="{{ params.incident_id or '' }}", request=REQUEST
        )
        diagnose = LLMDiagnosisOperator(task_id="diagnose", model=model, incident_id=INCIDENT)
        decide = DecideOperator(
            task_id="decide",
            model=model,
            incident_id=INCIDENT,
            request=REQUEST,
            branches={
                "retrain": "approve_retrain",
                "rollback": "approve_rollback",
                "quarantine": "quarantine_batch",
                "change": "approve_change",
                "recommend": "recommend",
                "escalate": "escalate",
            },
        )

        approve_retrain = ApprovalSensor(task_id="approve_retrain", model=model, proposal_hash=decided)
        retrain = RetrainOperator(task_id="retrain", model=model, proposal_hash=decided)
        evaluate_gate = EvaluateGateOperator(
            task_id="evaluate_gate",
            model=model,
            incident_id=INCIDENT,
            proposal_hash=decided,
            branches={"passed": "approve_deploy", "refused": "improve_and_retrain"},
        )
        # The approval covers one more attempt: carried out again after a refusal, the proposal trains in another way.
        improve_and_retrain = RetrainOperator(task_id="improve_and_retrain", model=model, proposal_hash=decided)
        evaluate_gate_again = EvaluateGateOperator(
            task_id="evaluate_gate_again",
            model=model,
            incident_id=INCIDENT,
            proposal_hash=decided,
            branches={"passed": "approve_deploy", "refused": "escalate_refusal"},
        )
        escalate_refusal = RecommendOperator(
            task_id="escalate_refusal",
            model=model,
            incident_id=INCIDENT,
            headline="Somebody has to look",
            reason="No retrained model has passed the gate. The champion goes on serving.",
        )
        approve_deploy = ApprovalSensor(
            task_id="approve_deploy",
            model=model,
            proposal_hash=deployment,
            trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        )
        deploy = DeployOperator(task_id="deploy", model=model, proposal_hash=deployment)
        watch_deployment = DeploymentHealthSensor(
            task_id="watch_deployment",
            model=model,
            proposal_hash=deployment,
            branches={"unhealthy": "roll_back_deployment", "inconclusive": "approve_taking_back"},
            mode="reschedule",
            poke_interval=30,
            # The rollout gives up earlier by itself, with a verdict.
            timeout=spec.rollout.watch_timeout_seconds + 3600,
        )
        roll_back_deployment = UndoDeploymentOperator(
            task_id="roll_back_deployment", model=model, proposal_hash=deployment, watched_by="watch_deployment"
        )

        unproven = proposal_of("watch_deployment")
        approve_taking_back = ApprovalSensor(task_id="approve_taking_back", model=model, proposal_hash=unproven)
        take_back = RollbackOperator(task_id="take_back", model=model, proposal_hash=unproven)

        approve_rollback = ApprovalSensor(task_id="approve_rollback", model=model, proposal_hash=decided)
        roll_back = RollbackOperator(task_id="roll_back", model=model, proposal_hash=decided)
        quarantine_batch = QuarantineOperator(task_id="quarantine_batch", model=model, proposal_hash=decided)
        approve_change = ApprovalSensor(task_id="approve_change", model=model, proposal_hash=decided)
        apply_change = ApplyChangeOperator(task_id="apply_change", model=model, proposal_hash=decided)
        recommend = RecommendOperator(
            task_id="recommend",
            model=model,
            incident_id=INCIDENT,
            reason="{{ ti.xcom_pull(task_ids='decide', key='reason') }}",
        )
        escalate = EscalateOperator(task_id="escalate", model=model, proposal_hash=decided)
        close_incident = CloseIncidentOperator(
            task_id="close_incident",
            model=model,
            incident_id=INCIDENT,
            request=REQUEST,
            trigger_rule=TriggerRule.ALL_DONE,
        )

        collect_evidence >> diagnose >> decide
        if spec.retrain.using.startswith("dag:"):
            train_in_dag = TrainInDagOperator(
                task_id="train_in_dag",
                model=model,
                proposal_hash=decided,
                other_dag=spec.retrain.using.removeprefix("dag:"),
            )
            approve_retrain >> train_in_dag >> retrain
        decide >> approve_retrain >> retrain >> evaluate_gate >> [improve_and_retrain, approve_deploy]
        improve_and_retrain >> evaluate_gate_again >> [approve_deploy, escalate_refusal]
        approve_deploy >> deploy >> watch_deployment >> [roll_back_deployment, approve_taking_back]
        approve_taking_back >> take_back
        decide >> approve_rollback >> roll_back
        decide >> quarantine_batch
        decide >> approve_change >> apply_change
        decide >> [recommend, escalate]
        ends: list[BaseOperator] = [roll_back_deployment, take_back, escalate_refusal, roll_back]
        ends += [quarantine_batch, apply_change, recommend, escalate]
        if spec.upstream_dag:
            rerun = proposal_of("decide", key="follow_up_hash")
            approve_rerun = ApprovalSensor(task_id="approve_rerun", model=model, proposal_hash=rerun)
            rerun_pipeline = RerunPipelineOperator(
                task_id="rerun_pipeline", model=model, proposal_hash=rerun, other_dag=spec.upstream_dag
            )
            quarantine_batch >> approve_rerun >> rerun_pipeline
            ends.append(rerun_pipeline)
        ends >> close_incident
    return dag


globals().update(dags_of_specs("remediate", remediate))
