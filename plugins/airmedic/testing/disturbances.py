"""Says what befalls an action on its whole way through the driver: approved, carried out, cut off, and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from airmedic.testing.faults import Dial, Disturbed, LostConnectionError, ProcessDied
from airmedic.testing.production import NOW, approved, incident_of
from airmedic.testing.setting import FLIPPED_ON, Arrangement, Setting
from airmedic_core.actions import ACTIONS, Action
from airmedic_core.errors import LedgerBusyError
from airmedic_core.execution import carry_out
from airmedic_core.ledger import Ledger
from airmedic_core.records import Json, Proposal
from airmedic_core.registry import Registry
from airmedic_core.workspace import Workspace

INCIDENT_ON = FLIPPED_ON + 5
"""The day of the incident that an action is for."""

_MOMENTS = 3
"""Calls at which a disturbance is tried, spread over all that ``apply`` makes: each costs a production of its own."""

_NEVER = 10**9
_SHORT_SECONDS = 0.2
"""Deadline and lease of a process that hangs: it is waited for."""


def proposed(ws: Workspace, action: Action, setting: Setting) -> Proposal:
    """Return an approved proposal of the action.

    Parameters
    ----------
    ws : Workspace
        The production.
    action : Action
        The action.
    setting : Setting
        It names the action, and may arrange its parameters.
    """
    incident = incident_of(ws, INCIDENT_ON)
    arranged = setting.arranged.params
    params: Json = dict(arranged) if arranged is not None else action.plan(ws, incident, None)[0]
    return approved(ws, incident, setting.name, params)


def what_loses_its_connection_is_gone_on_with(action: Action, setting: Setting) -> None:
    """A server that does not answer is no failure: the retry goes on, and the effect is there once."""

    def lose() -> None:
        raise LostConnectionError("The connection is lost, as dialled.")

    _is_gone_on_with(action, setting, lose, LostConnectionError)


def what_dies_is_gone_on_with(action: Action, setting: Setting) -> None:
    """Nothing that handles errors runs when a process dies; the next one goes on, and the effect is there once."""

    def die() -> None:
        raise ProcessDied

    _is_gone_on_with(action, setting, die, ProcessDied)


def what_hangs_lets_another_go_on(action: Action, setting: Setting) -> None:
    """After its deadline another process does the work; the one that hung wakes up and changes nothing."""
    for trial in _trials(action, setting):
        others: list[str] = []

        def hang(trial: _Trial = trial, others: list[str] = others) -> None:
            with trial.offering(trial.action):
                others.append(trial.carried_out())

        dial = Dial(trial.point, after=trial.after, happens=hang)
        hanging = Disturbed(action, dial, deadline_seconds=_SHORT_SECONDS)
        with trial.offering(hanging):
            try:
                trial.carried_out(lease_seconds=_SHORT_SECONDS)
            except LedgerBusyError:
                pass
            else:
                raise AssertionError(f"{trial}: it wakes up, and goes on as if nobody had taken its work over")
        assert others == ["done"], f"{trial}: the other process ended with {others}"
        trial.require_once()


def two_at_once_do_it_once(action: Action, setting: Setting) -> None:
    """A second process comes while the first is in the middle of its work."""
    for trial in _trials(action, setting):
        with ThreadPoolExecutor(1) as pool:
            second: list[Any] = []

            def come(trial: _Trial = trial, second: list[Any] = second, pool: ThreadPoolExecutor = pool) -> None:
                second.append(pool.submit(trial.carried_out))

            disturbed = Disturbed(action, Dial(trial.point, after=trial.after, happens=come))
            with trial.offering(disturbed):
                assert trial.carried_out() == "done"
                assert [coming.result() for coming in second] == ["done"], f"{trial}: the second one was not done"
        trial.require_once()


DISTURBANCES = (
    what_loses_its_connection_is_gone_on_with,
    what_dies_is_gone_on_with,
    what_hangs_lets_another_go_on,
    two_at_once_do_it_once,
)


@dataclass(frozen=True)
class _Trial:
    """One disturbance, in a production of its own."""

    action: Action
    setting: Setting
    ws: Workspace
    proposal: Proposal
    point: int
    after: bool
    once: Json

    def __str__(self) -> str:
        return f"disturbed {'after' if self.after else 'before'} call {self.point}"

    @contextmanager
    def offering(self, action: Any) -> Iterator[None]:
        """Let an action be the one that the driver finds under the name."""
        name = self.setting.name
        members = ACTIONS._members  # noqa: SLF001  the action may be one that no package has installed
        before = members.get(name)
        members[name] = action
        try:
            yield
        finally:
            if before is None:
                del members[name]
            else:
                members[name] = before

    def carried_out(self, lease_seconds: float = 30) -> str:
        """Carry the proposal out as a process of its own does it, and return how that ended."""
        settings = self.ws.settings
        ledger = Ledger.open(settings.ledger_url, lease_seconds=lease_seconds)
        ws = replace(self.ws, ledger=ledger, registry=Registry(settings.tracking_uri, ledger))
        return carry_out(ws, self.proposal.hash, now=NOW).status

    def require_once(self) -> None:
        """Fail unless production is as after one undisturbed attempt, and the audit chain whole."""
        assert _counted(self.setting, self.ws) == self.once, f"{self}: production is not as after one attempt"
        attempts = self.ws.ledger.actions(incident_id=self.proposal.incident_id)
        assert [attempt.status for attempt in attempts] == ["done"], f"{self}: {attempts}"
        self.ws.ledger.verify_audit()


def _is_gone_on_with(action: Action, setting: Setting, happens: Callable[[], None], met: type[BaseException]) -> None:
    for trial in _trials(action, setting):
        with trial.offering(Disturbed(action, Dial(trial.point, after=trial.after, happens=happens))):
            try:
                trial.carried_out()
            except met:
                pass
            else:
                raise AssertionError(f"{trial}: it takes no notice")
        with trial.offering(action):
            assert trial.carried_out() == "done", f"{trial}: the next process did not end it"
        trial.require_once()


def _trials(action: Action, setting: Setting) -> Iterator[_Trial]:
    """Yield the disturbances, after one attempt that nothing disturbs; none where ``apply`` calls nothing."""
    # The action is the same object in all of its tests; a protocol does not say that it can be hashed.
    calls, once = _undisturbed(action, setting.name, setting.arranged)  # type: ignore[arg-type]
    points = sorted({1 + calls * moment // _MOMENTS for moment in range(_MOMENTS)} if calls else ())
    # A call that is cut off had its effect, or had it not: by turns, and both at an only call.
    for point, after in {(1, False), (1, True), *zip(points, cycle((False, True)), strict=False)} if points else ():
        yield _trial(action, setting, f"{point}_{after}", point, after=after, once=once)


@cache
def _undisturbed(action: Action, name: str, arranged: Arrangement) -> tuple[int, Json]:
    """Return how many calls ``apply`` makes, and how production is after one attempt: the same for all disturbances."""
    dial = Dial(_NEVER, after=False)
    setting = Setting(name, Path(mkdtemp(prefix="airmedic_testing")), arranged)
    trial = _trial(action, setting, "undisturbed", _NEVER, after=False, once={})
    with trial.offering(Disturbed(action, dial)):
        assert trial.carried_out() == "done"
    return dial.calls, _counted(trial.setting, trial.ws)


def _trial(action: Action, setting: Setting, name: str, point: int, *, after: bool, once: Json) -> _Trial:
    folder = setting.folder / name
    folder.mkdir()
    own = replace(setting, folder=folder)
    ws = own.workspace()
    ws.settings.policies.mkdir(exist_ok=True)
    rule = f"permissions: [{{actions: [{setting.name}], permission: ask}}]"
    (ws.settings.policies / "default.yaml").write_text(rule, encoding="utf-8")
    return _Trial(action, own, ws, proposed(ws, action, own), point, after, once)


def _counted(setting: Setting, ws: Workspace) -> Json:
    # Where a reference is kept has the id of a run in it, which is another one in each production.
    return {name: value for name, value in setting.records(ws).items() if name != "reference"}
