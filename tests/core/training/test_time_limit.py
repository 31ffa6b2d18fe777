"""The time limit of a training that nobody has asked for."""

from __future__ import annotations

import signal
from time import monotonic

import pytest

from airmedic_core.errors import TrainingError
from airmedic_core.training.time_limit import time_limit


def wait() -> None:
    until = monotonic() + 20
    while monotonic() < until:
        pass


def test_what_takes_longer_is_stopped_and_the_signal_is_as_before() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TrainingError, match="stopped after"), time_limit(0.01):
        wait()
    assert signal.getsignal(signal.SIGALRM) is before


def test_an_outer_limit_goes_on_afterwards_and_stays_where_it_comes_first() -> None:
    before = signal.getsignal(signal.SIGALRM)
    # The runner of the tests may have a limit of its own.
    left, _ = signal.setitimer(signal.ITIMER_REAL, 500)
    try:
        with time_limit(100):
            assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
        assert 400 < signal.getitimer(signal.ITIMER_REAL)[0] <= 500
        with time_limit(1000):
            assert signal.getsignal(signal.SIGALRM) is before
            assert 400 < signal.getitimer(signal.ITIMER_REAL)[0] <= 500
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
