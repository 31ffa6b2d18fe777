"""A dial for faults: lets something happen at one call of a ledger or registry, and lets all others through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from airmedic_core.errors import AirmedicError

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.registry import Registry
    from airmedic_core.workspace import Workspace


class DialledError(AirmedicError):
    """The fault that a test has dialled. A retry does not help."""


class LostConnectionError(AirmedicError):
    """The loss of a connection that a test has dialled. A retry helps."""

    transient = True


class ProcessDied(BaseException):
    """The end of a process that a test has dialled."""


class Dial:
    """Counts the calls of everything it is put on, and lets something happen at one of them.

    Parameters
    ----------
    point : int
        At which call, counted from 1.
    after : bool
        Whether the call has its effect first.
    happens : callable, optional
        What happens, which may raise; the call fails for good where not given.
    """

    def __init__(self, point: int, *, after: bool, happens: Callable[[], None] | None = None) -> None:
        self.point = point
        self.after = after
        self.happens = happens or self._fail
        self.calls = 0

    @property
    def struck(self) -> bool:
        """Say whether the call at which something happens has been made."""
        return self.calls >= self.point

    def on(self, target: Any) -> Any:
        """Return a stand-in for an object whose public methods count as calls."""
        return _Dialled(target, self)

    def on_workspace(self, ws: Workspace) -> Workspace:
        """Return a workspace whose ledger and registry are counted."""
        return replace(ws, ledger=cast("Ledger", self.on(ws.ledger)), registry=cast("Registry", self.on(ws.registry)))

    def call(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a method, with what happens before or after it where its turn has come.

        Parameters
        ----------
        method : object
            The method.
        *args, **kwargs
            What it is called with.
        """
        self.calls += 1
        strikes = self.calls == self.point
        if strikes and not self.after:
            self.happens()
        answer = method(*args, **kwargs)
        if strikes and self.after:
            self.happens()
        return answer

    def _fail(self) -> None:
        raise DialledError(f"Call {self.point} fails, or its answer is lost, as dialled.")


class Disturbed:
    """An action at whose calls of ledger and registry, while it is applied, something happens.

    Parameters
    ----------
    action : object
        The action.
    dial : Dial
        What happens at which call.
    **traits
        Traits that differ from those of the action.
    """

    def __init__(self, action: Any, dial: Dial, **traits: Any) -> None:
        self._action = action
        self._dial = dial
        vars(self).update(traits)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._action, name)

    def apply(self, ws: Workspace, *approved: Any) -> Any:
        """Apply the action."""
        return self._action.apply(self._dial.on_workspace(ws), *approved)


class _Dialled:
    def __init__(self, target: Any, dial: Dial) -> None:
        self._target = target
        self._dial = dial

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        # A lock is held as long as its block runs: it is no call that comes back with an answer.
        if name.startswith("_") or not callable(value) or name in {"lock", "hold", "answering"}:
            return value

        @wraps(value)
        def counted(*args: Any, **kwargs: Any) -> Any:
            return self._dial.call(value, *args, **kwargs)

        return counted
