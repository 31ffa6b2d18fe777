"""A limit on the time that a training may take which nobody has asked for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType

from airmedic_core.errors import TrainingError

_LEAST_SECONDS = 0.001
"""States what is left of an outer limit at the least: a timer that is set to zero never ends."""


class _TimeOverError(BaseException):
    """Not an ``Exception``: a training that goes on after any of these would swallow it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop the block after so many seconds; an outer limit that comes first stays, and goes on afterwards.

    Only the main thread can be stopped so, and only between two steps of Python: one long step ends first. Elsewhere
    nothing is limited.

    Parameters
    ----------
    seconds : float
        How long the block may take.

    Raises
    ------
    TrainingError
        If the time is over. A retry does not help.
    """
    outer = signal.getitimer(signal.ITIMER_REAL)[0] if hasattr(signal, "SIGALRM") else 0.0
    if not hasattr(signal, "SIGALRM") or current_thread() is not main_thread() or 0 < outer <= seconds:
        yield
        return

    def stop(_: int, __: FrameType | None) -> None:
        raise _TimeOverError

    started, before = monotonic(), signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, _LEAST_SECONDS))
    try:
        yield
    except _TimeOverError:
        raise TrainingError(
            f"The training was stopped after {seconds:.0f} seconds.", "Raise limits.trial_minutes_per_day."
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (monotonic() - started), _LEAST_SECONDS))
