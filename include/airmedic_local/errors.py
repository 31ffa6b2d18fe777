"""Says what can go wrong while Airflow and MLflow run on one machine."""

from __future__ import annotations


class LocalError(Exception):
    """Base of the errors of this package. The message says what to do."""


class PortBusyError(LocalError):
    """Another program listens on the port. Free it, or choose another with the variable that the message names."""


class ServiceDiedError(LocalError):
    """A program that was started ended by itself. The message holds the end of its log."""


class WaitTimeoutError(LocalError):
    """Something that was waited for did not happen in time."""


class RequestRefusedError(LocalError):
    """A server answered with an error.

    Parameters
    ----------
    message : str
        The request and the answer.
    status : int
        The HTTP status.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
