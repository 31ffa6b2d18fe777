"""Which operator carries out which action."""

from __future__ import annotations

import pytest

from airmedic_core.actions import ACTIONS, Path


@pytest.mark.parametrize("action", ACTIONS.names())
def test_what_has_no_operator_of_its_own_is_a_change(action: str) -> None:
    from airmedic.operators.apply_change import ApplyChangeOperator
    from airmedic.operators.deploy import DeployOperator
    from airmedic.operators.repair import RepairOperator
    from airmedic.operators.retrain import RetrainOperator
    from airmedic.operators.rollback import RollbackOperator
    from airmedic.operators.scale import ScaleOperator

    path = ACTIONS.member(action).path
    change = ApplyChangeOperator(task_id="apply_change", model="meter", proposal_hash="")
    own = {
        Path.RETRAIN: RetrainOperator, Path.DEPLOY: DeployOperator, Path.ROLLBACK: RollbackOperator,
        Path.REPAIR: RepairOperator, Path.SCALE: ScaleOperator,
    }  # fmt: skip
    if path in own:
        assert own[path](task_id="own", model="meter", proposal_hash="").carries_out(path)
    # The pipeline's rerun is a trigger, and no action operator at all.
    assert change.carries_out(path) is (path not in {*own, Path.RERUN})
