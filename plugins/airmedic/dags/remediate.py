"""Airflow DAGs ``remediate__<model>``: diagnose an incident, ask, act, and prove that it helped."""

from __future__ import annotations

from airflow.sdk import DAG, BaseOperator, Param, TriggerRule

from airmedic.dag_factory import model_dag
from airmedic.dags.branch import Branch, group
from airmedic.dags.deploy_path import deploy_branch
from airmedic.dags.templates import approved, first_of, xcom
from airmedic.operators.announce import AnnounceOperator
from airmedic.operators.apply_change import ApplyChangeOperator
from airmedic.operators.close_incident import CloseIncidentOperator
from airmedic.operators.collect_evidence import CollectEvidenceOperator
from airmedic.operators.decide import FOLLOW_UP_HASH, REPAIR_HASH, DecideOperator
from airmedic.operators.escalate import EscalateOperator
from airmedic.operators.evaluate_gate import EvaluateGateOperator
from airmedic.operators.llm_diagnosis import LLMDiagnosisOperator
from airmedic.operators.quarantine import QuarantineOperator
from airmedic.operators.recommend import RecommendOperator
from airmedic.operators.repair import RepairOperator
from airmedic.operators.rerun_pipeline import RerunPipelineOperator
from airmedic.operators.retrain import RetrainOperator
from airmedic.operators.roll_back_in_dag import RollBackInDagOperator
from airmedic.operators.rollback import RollbackOperator
from airmedic.operators.scale import ScaleOperator
from airmedic.operators.scale_in_dag import ScaleInDagOperator
from airmedic.operators.train_in_dag import TrainInDagOperator
from airmedic.sensors.approval import ApprovalSensor
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


DECIDED = xcom("decide")
FOLLOW_UP = xcom("decide", FOLLOW_UP_HASH)
TO_REPAIR = xcom("decide", REPAIR_HASH)


def retrain_branch(spec: ModelSpec) -> Branch:
    """Make the path that trains a challenger, has the gate compare it, and deploys it."""
    model = spec.name
    with group("retrain_path", "Retrain", "Trains a challenger, and lets the gate compare it with the champion."):
        approve_retrain = ApprovalSensor(task_id="approve_retrain", model=model, proposal_hash=first_of(DECIDED))
        training = approved("approve_retrain", DECIDED)
        retrain = RetrainOperator(task_id="retrain", model=model, proposal_hash=training)
        evaluate_gate = EvaluateGateOperator(
            task_id="evaluate_gate",
            model=model,
            incident_id=INCIDENT,
            proposal_hash=training,
            branches={"passed": "approve_deploy", "refused": "improve_and_retrain"},
        )
        # The approval covers one more attempt: carried out again after a refusal, the proposal trains in another way.
        improve_and_retrain = RetrainOperator(task_id="improve_and_retrain", model=model, proposal_hash=training)
        evaluate_gate_again = EvaluateGateOperator(
            task_id="evaluate_gate_again",
            model=model,
            incident_id=INCIDENT,
            proposal_hash=training,
            branches={"passed": "approve_deploy", "refused": "escalate_refusal"},
        )
        escalate_refusal = RecommendOperator(
            task_id="escalate_refusal",
            model=model,
            incident_id=INCIDENT,
            headline="Somebody has to look",
            reason=(
                "The DAG that trains puts into service what it has made. The next predictions tell whether it has."
                if spec.only_logged
                else "No retrained model has passed the gate. The champion goes on serving."
            ),
        )
        if spec.retrain.using.startswith("dag:"):
            train_in_dag = TrainInDagOperator(
                task_id="train_in_dag",
                model=model,
                proposal_hash=training,
                other_dag=spec.retrain.using.removeprefix("dag:"),
            )
            approve_retrain >> train_in_dag >> retrain
    deployment = deploy_branch(spec, gates=[evaluate_gate, evaluate_gate_again])
    approve_retrain >> retrain >> evaluate_gate >> improve_and_retrain >> evaluate_gate_again >> escalate_refusal
    return Branch([approve_retrain, *deployment.first], [escalate_refusal, *deployment.last])


def rollback_branch(spec: ModelSpec) -> Branch:
    """Make the path that returns to a version that served before, by the team's own DAG if the spec names one."""
    model = spec.name
    with group("rollback_path", "Roll back", "Returns to a version that served before."):
        approve_rollback = ApprovalSensor(task_id="approve_rollback", model=model, proposal_hash=first_of(DECIDED))
        rollback = approved("approve_rollback", DECIDED)
        roll_back: BaseOperator
        if spec.rollout.dag:
            roll_back = RollBackInDagOperator(
                task_id="roll_back", model=model, proposal_hash=rollback, other_dag=spec.rollout.dag
            )
        else:
            roll_back = RollbackOperator(task_id="roll_back", model=model, proposal_hash=rollback)
    approve_rollback >> roll_back
    return Branch([approve_rollback], [roll_back])


def quarantine_branch(spec: ModelSpec) -> Branch:
    """Make the path that sets a batch aside, and has it repaired, or delivered again where the spec says by which DAG.

    A repair stands on it as well when it is decided on by itself: the quarantine in front of it is then skipped.
    """
    model = spec.name
    with group("quarantine_path", "Hold the data", "Sets the batch aside, and has it repaired or delivered again."):
        quarantine_batch = QuarantineOperator(task_id="quarantine_batch", model=model, proposal_hash=first_of(DECIDED))
        approve_repair = ApprovalSensor(
            task_id="approve_repair",
            model=model,
            proposal_hash=first_of(TO_REPAIR),
            trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        )
        repair_batch = RepairOperator(
            task_id="repair_batch", model=model, proposal_hash=approved("approve_repair", TO_REPAIR)
        )
        quarantine_batch >> approve_repair >> repair_batch
        if not spec.upstream_dag:
            return Branch([quarantine_batch, approve_repair], [quarantine_batch, repair_batch])
        approve_rerun = ApprovalSensor(task_id="approve_rerun", model=model, proposal_hash=first_of(FOLLOW_UP))
        rerun_pipeline = RerunPipelineOperator(
            task_id="rerun_pipeline",
            model=model,
            proposal_hash=approved("approve_rerun", FOLLOW_UP),
            other_dag=spec.upstream_dag,
        )
    quarantine_batch >> approve_rerun >> rerun_pipeline
    return Branch([quarantine_batch, approve_repair], [quarantine_batch, repair_batch, rerun_pipeline])


def scale_branch(spec: ModelSpec) -> Branch | None:
    """Make the path that adds capacity, where the spec says how."""
    if spec.scale is None:
        return None
    model = spec.name
    with group("scale_path", "Add capacity", "Adds replicas, as the spec says."):
        approve_scale = ApprovalSensor(task_id="approve_scale", model=model, proposal_hash=first_of(DECIDED))
        asked = approved("approve_scale", DECIDED)
        scale: BaseOperator
        if spec.scale.dag:
            scale = ScaleInDagOperator(task_id="scale", model=model, proposal_hash=asked, other_dag=spec.scale.dag)
        else:
            scale = ScaleOperator(task_id="scale", model=model, proposal_hash=asked)
    approve_scale >> scale
    return Branch([approve_scale], [scale])


def change_branch(model: str) -> Branch:
    """Make the path of whatever needs no path of its own."""
    with group("change_path", "Change", "Carries out what nothing has to follow, such as a new setting."):
        approve_change = ApprovalSensor(task_id="approve_change", model=model, proposal_hash=first_of(DECIDED))
        apply_change = ApplyChangeOperator(
            task_id="apply_change", model=model, proposal_hash=approved("approve_change", DECIDED)
        )
    approve_change >> apply_change
    return Branch([approve_change], [apply_change])


def people_branch(model: str) -> Branch:
    """Make the path on which people are told, and nothing changes."""
    with group("people_path", "Tell people", "Changes nothing, and says who should do what."):
        recommend = RecommendOperator(
            task_id="recommend",
            model=model,
            incident_id=INCIDENT,
            reason="{{ ti.xcom_pull(task_ids='decide', key='reason') }}",
        )
        escalate = EscalateOperator(task_id="escalate", model=model, proposal_hash=first_of(DECIDED))
    return Branch([recommend, escalate], [recommend, escalate])


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
    with model_dag(
        "remediate",
        spec,
        schedule=None,
        # Only an incident or a person starts it, and neither must wait because somebody forgot to unpause it.
        is_paused_upon_creation=False,
        # A canary is watched for weeks. Whoever wants to end it, and the data that break meanwhile, must not wait.
        max_active_runs=2,
        description=f"Heals {spec.title or spec.name}",
        doc_md=DOC.format(title=spec.title or spec.name, name=spec.name),
        params=request_form(),
    ) as dag:
        collect_evidence = CollectEvidenceOperator(
            task_id="collect_evidence", model=model, incident_id="{{ params.incident_id or '' }}", request=REQUEST
        )
        diagnose = LLMDiagnosisOperator(task_id="diagnose", model=model, incident_id=INCIDENT)
        # Beside the decision: nothing waits for a message, and no remedy fails with one.
        announce = AnnounceOperator(task_id="announce", model=model, incident_id=INCIDENT, request=REQUEST)
        decide = DecideOperator(
            task_id="decide",
            model=model,
            incident_id=INCIDENT,
            request=REQUEST,
            branches={
                "retrain": "approve_retrain",
                "deploy": "resume_deployment",
                "rollback": "approve_rollback",
                "quarantine": "quarantine_batch",
                "repair": "approve_repair",
                "scale": "approve_scale",
                "change": "approve_change",
                "recommend": "recommend",
                "escalate": "escalate",
            },
        )
        close_incident = CloseIncidentOperator(
            task_id="close_incident",
            model=model,
            incident_id=INCIDENT,
            request=REQUEST,
            tolerated=[announce.task_id],
            trigger_rule=TriggerRule.ALL_DONE,
        )
        collect_evidence >> diagnose >> [announce, decide]
        announce >> close_incident
        branches = (
            retrain_branch(spec),
            rollback_branch(spec),
            quarantine_branch(spec),
            scale_branch(spec),
            change_branch(model),
            people_branch(model),
        )
        for branch in filter(None, branches):
            decide >> branch.first
            branch.last >> close_incident
    return dag
