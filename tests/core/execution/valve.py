"""An action on a valve whose failures can be dialled, for tests of what is left after it fails or is killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airmedic_core.actions import Action
from airmedic_core.records import Proposal
from airmedic_core.workspace import Workspace


class Killed(BaseException):
    """The process ends here: nothing that comes after it runs."""


@dataclass
class Valve(Action):
    """An action on a valve whose failures can be dialled: what fails, where, and with which error."""

    description = "Opens a valve."
    changes_production = True
    deadline_seconds: float = 60.0
    position: str = "shut"
    fails: dict[str, BaseException] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    """What happens while it is half open."""

    def plan(self, ws: Any, incident: Any, diagnosis: Any) -> Any:
        return {}, "It is open."

    def dry_run(self, ws: Any, params: Any) -> str:
        return "It would be open."

    def precheck(self, ws: Any, proposal: Any) -> None:
        self._step("precheck")

    def snapshot(self, ws: Any, proposal: Any) -> Any:
        return {"position": self.position}

    def apply(self, ws: Any, proposal: Any, now: Any) -> Any:
        self._step("apply")
        self.position = "half open"
        self.meanwhile()
        self._step("amid")
        self.position = "open"
        self._step("end")
        return {"summary": "It is open."}

    def verify(self, ws: Any, proposal: Any, output: Any) -> list[str]:
        self._step("verify")
        return ["It leaks."] if "leak" in self.fails else []

    def undo(self, ws: Any, proposal: Any, snapshot: Any, now: Any) -> str:
        self._step("undo")
        self.position = snapshot["position"]
        self._step("undone")
        return f"It is {self.position} as before."

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if name in self.fails:
            raise self.fails[name]


def allow(folder: Path, permission: str) -> None:
    rules = f"permissions: [{{actions: [open_valve], permission: {permission}}}]"
    (folder / "policies" / "default.yaml").write_text(rules)


def status(ws: Workspace, asked: Proposal) -> str:
    last = ws.ledger.last_attempt(asked.hash)
    assert last is not None
    return last.status
