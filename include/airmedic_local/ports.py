"""Chooses ports on loopback."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from airmedic_local.errors import PortBusyError

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port on loopback that nobody listens on at the moment."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Say whether a program could listen on a port of loopback now."""
    with socket.socket() as listener:
        # As servers do: a connection of an earlier run that lingers in TIME_WAIT does not count as busy.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True


def ports_from(defaults: Mapping[str, int], env: Mapping[str, str] | None = None) -> tuple[int, ...]:
    """Return the port of each variable, or its default, after making sure that they are free and differ.

    Parameters
    ----------
    defaults : mapping of str to int
        Variable → port that is used where it is not set.
    env : mapping, optional
        The process's environment where not given.

    Raises
    ------
    PortBusyError
        If two are the same, somebody listens on one, or one is not a port.
    """
    chosen: dict[int, str] = {}
    for variable, default in defaults.items():
        port = port_from(variable, default, env)
        if port in chosen:
            raise PortBusyError(
                f"{chosen[port]} and {variable} are both {port}. Each program needs a port of its own, for example: "
                f"{variable}={free_port()} make demo"
            )
        chosen[port] = variable
    return tuple(chosen)


def port_from(variable: str, default: int, env: Mapping[str, str] | None = None) -> int:
    """Return the port that a variable names, or the default, after making sure that it is free.

    Parameters
    ----------
    variable : str
        Name of the environment variable.
    default : int
        Used where the variable is not set.
    env : mapping, optional
        The process's environment where not given.

    Raises
    ------
    PortBusyError
        If somebody listens on it, or it is not a port. The message names the variable.
    """
    text = (os.environ if env is None else env).get(variable) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise PortBusyError(f"{variable}={text!r} is not a port. Choose a number from 1 to 65535.")
    if not is_free(int(text)):
        raise PortBusyError(
            f"Port {text} on {HOST} is in use by another program. Stop that program, or choose another port with "
            f"{variable}, for example: {variable}={free_port()} make demo"
        )
    return int(text)
