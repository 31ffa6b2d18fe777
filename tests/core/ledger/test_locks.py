from __future__ import annotations

import pytest

from airmedic_core.errors import LedgerBusyError
from airmedic_core.ledger import Ledger


def test_a_name_has_one_holder_and_is_free_afterwards(url: str, ledger: Ledger) -> None:
    other = Ledger.open(url)
    with ledger.lock("champion of churn"):
        refused = pytest.raises(LedgerBusyError, match="locked by another")
        with refused as caught, other.lock("champion of churn", wait_seconds=0):
            raise AssertionError("two holders")
        with other.lock("champion of hotel", wait_seconds=0):
            pass
    assert caught.value.transient
    with other.lock("champion of churn", wait_seconds=0):
        pass


def test_a_failure_inside_lets_go(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.lock("x"):
        raise ZeroDivisionError
    with ledger.lock("x", wait_seconds=0):
        pass


def test_the_lock_of_a_dead_holder_ends_by_itself_and_is_not_let_go_by_him_later(url: str, ledger: Ledger) -> None:
    other = Ledger.open(url)
    held = other.lock("x", seconds=30, wait_seconds=1)
    with ledger.lock("x", seconds=0), held, pytest.raises(LedgerBusyError), ledger.lock("x", wait_seconds=0):
        raise AssertionError("two holders")
    with ledger.lock("x", wait_seconds=0):
        pass


def test_a_hold_outlasts_its_lease_for_as_long_as_its_process_lives(url: str, ledger: Ledger) -> None:
    other = Ledger.open(url)
    with ledger.hold("x", seconds=0.3, most_seconds=60) as hold:
        # The other one waits for three leases, in which the first is renewed in the background.
        with pytest.raises(LedgerBusyError), other.hold("x", most_seconds=60, wait_seconds=0.9):
            raise AssertionError("two holders")
        hold.require()
    with other.hold("x", most_seconds=60, wait_seconds=0):
        pass


def test_a_holder_that_hangs_lets_go_after_its_deadline(url: str, ledger: Ledger) -> None:
    other = Ledger.open(url)
    hangs = ledger.hold("x", seconds=0.2, most_seconds=0.1)
    with hangs as hanging, other.hold("x", most_seconds=60, wait_seconds=30), pytest.raises(LedgerBusyError):
        hanging.require()


def test_the_ledger_of_a_holder_that_was_taken_for_dead_writes_nothing(url: str, ledger: Ledger) -> None:
    with ledger.hold("x", seconds=30, most_seconds=60) as hold:
        mine = ledger.fenced(hold)
        mine.set_override("churn", "setting", "a", {}, author="a", reason="r")
        assert Ledger.open(url).renew("x", hold.holder, seconds=0), "as if it had not been renewed for half a minute"
        with Ledger.open(url).hold("x", most_seconds=60, wait_seconds=0):
            with pytest.raises(LedgerBusyError, match="taken over by another process"):
                mine.set_override("churn", "setting", "b", {}, author="a", reason="r")
            ledger.set_override("churn", "setting", "c", {}, author="a", reason="r")
    assert [override.key for override in ledger.overrides("churn")] == ["a", "c"]


def test_leases_are_as_long_as_the_ledger_was_opened_with(url: str, ledger: Ledger) -> None:
    assert ledger.lease_seconds == 30
    brief = Ledger.open(url, lease_seconds=0)
    with brief.lock("x"), ledger.lock("x", wait_seconds=0):
        pass


def test_a_holder_that_was_taken_for_dead_learns_it(url: str, ledger: Ledger) -> None:
    other = Ledger.open(url)
    with ledger.hold("x", seconds=30, most_seconds=60) as hold:
        assert other.renew("x", hold.holder, seconds=0), "as if it had not been renewed for half a minute"
        with other.hold("x", most_seconds=60, wait_seconds=0) as taken:
            with pytest.raises(LedgerBusyError, match="'x' was taken over by another process"):
                hold.require()
            taken.require()


def test_locks_leave_no_trace_in_the_audit(ledger: Ledger) -> None:
    with ledger.lock("x"):
        pass
    assert ledger.audit_head().sequence == 0
