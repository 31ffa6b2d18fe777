from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airmedic.error_mapping import airflow_errors
from airmedic_core.errors import LedgerBusyError, SpecError


def test_what_a_retry_cannot_help_is_not_retried() -> None:
    with pytest.raises(AirflowFailException, match="no such spec"), airflow_errors():
        raise SpecError("no such spec")


def test_what_a_retry_may_help_is_retried() -> None:
    with pytest.raises(AirflowException) as raised, airflow_errors():
        raise LedgerBusyError("busy")
    assert not isinstance(raised.value, AirflowFailException)


def test_a_library_of_an_extra_that_is_missing_is_named_and_not_waited_for() -> None:
    with pytest.raises(AirflowFailException, match=r'pip install "airmedic\[quality\]"'), airflow_errors():
        raise ModuleNotFoundError("No module named 'great_expectations'", name="great_expectations")


def test_any_other_missing_module_is_left_as_it_is() -> None:
    with pytest.raises(ModuleNotFoundError, match="xyz"), airflow_errors():
        raise ModuleNotFoundError("No module named 'xyz'", name="xyz")
