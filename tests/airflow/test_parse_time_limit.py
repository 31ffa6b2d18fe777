from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from airmedic.parse_time_limit import time_limit
from airmedic_core.errors import SpecError

# Otherwise pytest's own time limit is an alarm of the same kind.
pytestmark = pytest.mark.timeout(60, method="thread")


class Rung(Exception):
    """The alarm of somebody else."""


@pytest.fixture
def alarm() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Rung

    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def compute(seconds: float) -> None:
    until = monotonic() + seconds
    while monotonic() < until:
        pass


def test_what_takes_too_long_is_ended(alarm: None) -> None:
    with (
        pytest.raises(SpecError, match=r"Making its DAG takes longer than 0\.05 s"),
        time_limit(0.05, "Making its DAG"),
    ):
        compute(10)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_the_alarm_of_others_is_put_back_with_what_is_left_of_its_time(alarm: None) -> None:
    signal.setitimer(signal.ITIMER_REAL, 60)
    with pytest.raises(SpecError), time_limit(0.05, "It"):
        compute(10)
    assert 50 < signal.getitimer(signal.ITIMER_REAL)[0] < 59.96
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    with pytest.raises(Rung):
        compute(10)


def test_the_alarm_of_others_rings_where_it_is_the_earlier_one(alarm: None) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    with pytest.raises(Rung), time_limit(5, "It"):
        compute(10)


def test_without_a_limit_and_in_other_threads_nothing_is_limited(alarm: None) -> None:
    with time_limit(None, "It"):
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    finished = []

    def work() -> None:
        with time_limit(0.01, "It"):
            compute(0.05)
        finished.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert finished == [True]
