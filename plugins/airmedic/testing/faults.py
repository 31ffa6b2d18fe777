"""A dial for faults: lets one call of a ledger or registry fail, and all others through."""

from __future__ import annotations

from functools import wraps
from typing import Any

from airmedic_core.errors import AirmedicError


class DialledError(AirmedicError):
    """The fault that a test has dialled. A retry does not help."""


class Dial:
    """Counts the calls of everything it is put on, and lets one of them fail.

    Parameters
    ----------
    point : int
        Which call fails, counted from 1.
    after : bool
        Whether the call has its effect first, and only its answer is lost.
    """

    def __init__(self, point: int, *, after: bool) -> None:
        self.point = point
        self.after = after
        self.calls = 0

    @property
    def struck(self) -> bool:
        """Whether the call that fails has been made."""
        return self.calls >= self.point

    def on(self, target: Any) -> Any:
        """Return a stand-in for an object whose public methods count as calls."""
        return _Dialled(target, self)

    def call(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a method, unless its turn has come to fail.

        Parameters
        ----------
        method : object
            The method.
        *args, **kwargs
            What it is called with.
        """
        self.calls += 1
        fails = self.calls == self.point
        if fails and not self.after:
            raise DialledError(f"{method.__name__} fails, as dialled.")
        answer = method(*args, **kwargs)
        if fails:
            raise DialledError(f"The answer of {method.__name__} is lost, as dialled.")
        return answer


class _Dialled:
    def __init__(self, target: Any, dial: Dial) -> None:
        self._target = target
        self._dial = dial

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        # A lock is held as long as its block runs: it is no call that comes back with an answer.
        if name.startswith("_") or not callable(value) or name in {"lock", "answering"}:
            return value

        @wraps(value)
        def counted(*args: Any, **kwargs: Any) -> Any:
            return self._dial.call(value, *args, **kwargs)

        return counted
