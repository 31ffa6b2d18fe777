"""The operators that change something."""

from __future__ import annotations

import pytest

from tests.airflow.tasks import context_of, propose


@pytest.mark.usefixtures("adopted")
def test_an_action_needs_its_own_approval() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators.retrain import RetrainOperator
    from airmedic.operators.rollback import RollbackOperator

    proposal = propose(open_workspace("meter"), "retrain")
    unapproved = RetrainOperator(task_id="retrain", model="meter", proposal_hash=proposal.hash)
    with pytest.raises(AirflowFailException, match="needs 1 approval"):
        unapproved.execute(context_of(unapproved))
    other = RollbackOperator(task_id="roll_back", model="meter", proposal_hash=proposal.hash)
    with pytest.raises(AirflowFailException, match="RollbackOperator does not carry out 'retrain'"):
        other.execute(context_of(other))
    unknown = RetrainOperator(task_id="retrain", model="meter", proposal_hash="0" * 64)
    with pytest.raises(AirflowFailException, match="no proposal"):
        unknown.execute(context_of(unknown))
