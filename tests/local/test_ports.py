from __future__ import annotations

import socket

import pytest

from airmedic_local.errors import PortBusyError
from airmedic_local.ports import HOST, free_port, is_free, port_from, ports_from


def test_a_busy_port_is_reported_with_the_variable_that_changes_it() -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(PortBusyError, match=rf"Port {port} .* is in use .* AIRMEDIC_AIRFLOW_PORT"):
            port_from("AIRMEDIC_AIRFLOW_PORT", port, env={})


def test_the_variable_wins_over_the_default() -> None:
    port = free_port()
    assert port_from("AIRMEDIC_MLFLOW_PORT", 1, env={"AIRMEDIC_MLFLOW_PORT": str(port)}) == port


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(PortBusyError, match="is not a port"):
        port_from("AIRMEDIC_MLFLOW_PORT", 5000, env={"AIRMEDIC_MLFLOW_PORT": text})


def test_two_programs_do_not_get_one_port() -> None:
    port = str(free_port())
    same = {"AIRMEDIC_AIRFLOW_PORT": port, "AIRMEDIC_MLFLOW_PORT": port}
    with pytest.raises(PortBusyError, match=rf"AIRMEDIC_AIRFLOW_PORT and AIRMEDIC_MLFLOW_PORT are both {port}"):
        ports_from(dict.fromkeys(same, 1), env=same)
    other = same | {"AIRMEDIC_MLFLOW_PORT": str(free_port())}
    assert ports_from(dict.fromkeys(other, 1), env=other) == tuple(map(int, other.values()))
