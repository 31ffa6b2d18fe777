"""Ends what takes too long, inside a process that others have set an alarm in as well."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType

from airmedic_core.errors import SpecError


@contextmanager
def time_limit(seconds: float | None, what: str) -> Iterator[None]:
    """Raise an error where the block takes longer than it may.

    It uses the process's alarm clock, as Airflow does while it reads a DAG file. Airflow's alarm is put back afterwards
    with what is left of its time, and where that is less than `seconds`, Airflow's is the one that rings. Other threads
    than the main one have no alarm; there, nothing is limited.

    Parameters
    ----------
    seconds : float or None
        What the block may take; None for as long as it needs.
    what : str
        What takes so long, as the subject of the error's sentence.

    Raises
    ------
    SpecError
        If the block takes longer. A retry does not help.
    """
    left_to_others = signal.getitimer(signal.ITIMER_REAL)[0]
    shorter = seconds is not None and not 0 < left_to_others <= seconds
    if seconds is None or not shorter or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_: int, __: FrameType | None) -> None:
        raise SpecError(
            f"{what} takes longer than {seconds:g} s.", "Look at what the spec names: a package, or a file far away."
        )

    others = signal.signal(signal.SIGALRM, ring)
    began = monotonic()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, others)
        if left_to_others:
            # Never 0, which would switch the alarm off: what is overdue rings at once.
            signal.setitimer(signal.ITIMER_REAL, max(left_to_others - (monotonic() - began), 0.001))
