"""Turns the engine's errors into Airflow's, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from airmedic_core.errors import AirmedicError, QuietAlarmError
from airmedic_core.extras import missing_extra


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Raise what Airflow understands where the engine raises its own.

    Every ``execute`` runs inside it.

    Raises
    ------
    AirflowException
        If the engine's error is transient: Airflow retries the task, if it has retries left.
    AirflowSkipException
        If the alarm behind an action has gone quiet: nothing has failed, and what follows has nothing to do.
    AirflowFailException
        For all other errors of the engine, and where a library of an extra is not installed: a retry does not help, so
        Airflow does not retry.
    """
    try:
        yield
    except QuietAlarmError as error:
        raise AirflowSkipException(str(error)) from error
    except AirmedicError as error:
        kind = AirflowException if error.transient else AirflowFailException
        raise kind(str(error)) from error
    except ModuleNotFoundError as error:
        if missing := missing_extra(error):
            raise AirflowFailException(str(missing)) from error
        raise
