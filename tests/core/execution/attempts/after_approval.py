"""Attempts to carry out what was approved, and is not permitted any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from airmedic_core.records import Cause
from tests.core.execution.attempts.case import RULES, Case
from tests.core.renewals import observe


def approved_then(change: Callable[[Case], None]) -> Callable[[Case], None]:
    def run(case: Case) -> None:
        assert case.answer().refused_because == ""
        change(case)

    return run


def an_approver_is_taken_off_the_list(case: Case) -> None:
    case.ws = replace(case.ws, spec=case.ws.spec.model_copy(update={"approvers": ("bob",)}))


def the_variable_of_airflow_is_set(case: Case) -> None:
    case.ws = replace(case.ws, switches=(lambda model: f"The variable stops {model}.",))


def a_kill_switch_is_thrown(case: Case, model: str = "renewals") -> None:
    case.ledger.set_override(model, "kill_switch", "all", {}, author="bob", reason="Stop")


def a_kill_switch_is_thrown_and_its_row_deleted(case: Case) -> None:
    a_kill_switch_is_thrown(case, "*")
    case.sql("DELETE FROM overrides")


def a_kill_switch_is_thrown_and_its_row_ended(case: Case) -> None:
    a_kill_switch_is_thrown(case)
    case.sql("UPDATE overrides SET revoked_at = '2020-01-01 00:00:00.000000', revoked_by = 'bob'")


def another_model_carries_it_out(case: Case) -> None:
    case.ws = replace(case.ws, spec=case.ws.spec.model_copy(update={"name": "another"}))


def its_alarm_goes_quiet(case: Case) -> None:
    observe(case.ws, 50, outcome="healthy", cause=Cause.HEALTHY)


ATTEMPTS: dict[str, Callable[[Case], Any]] = {
    "the alarm goes quiet meanwhile": approved_then(its_alarm_goes_quiet),
    "the policy denies it meanwhile": approved_then(lambda case: case.rule(permissions=[])),
    "the policy recommends it meanwhile": approved_then(
        lambda case: case.rule(permissions=[RULES[0] | {"permission": "recommend"}])
    ),
    "the policy wants two meanwhile": approved_then(
        lambda case: case.rule(permissions=[RULES[0] | {"permission": "ask_two"}])
    ),
    "the policy only observes meanwhile": approved_then(lambda case: case.rule(autonomy={"incident": "observe"})),
    "the policy is switched off meanwhile": approved_then(lambda case: case.rule(switched_off=True)),
    "the policy is gone meanwhile": approved_then(lambda case: (case.ws.settings.policies / "default.yaml").unlink()),
    "changes are frozen meanwhile": approved_then(
        lambda case: case.rule(
            freezes=[{"start": "2020-01-01", "end": "2099-01-01", "reason": "Year end"}], limits={"exempt": ["hold"]}
        )
    ),
    "the approver is taken off the list": approved_then(an_approver_is_taken_off_the_list),
    "the variable of Airflow is set": approved_then(the_variable_of_airflow_is_set),
    "the kill switch is thrown": approved_then(a_kill_switch_is_thrown),
    "the kill switch is thrown and its row deleted": approved_then(a_kill_switch_is_thrown_and_its_row_deleted),
    "the kill switch is thrown and its row ended": approved_then(a_kill_switch_is_thrown_and_its_row_ended),
    "another model carries it out": approved_then(another_model_carries_it_out),
}
