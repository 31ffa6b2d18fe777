"""A bounded change of one setting, and what it would have done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from airmedic_core.records import Evidence, Verdict

Value = float | str

TurnedOut = Literal["real", "false"]


@dataclass(frozen=True)
class Suggestion:
    """A change to one setting, with what it would have done."""

    key: str
    before: Value
    after: Value
    windows: int
    """Says how many windows or actions it was played back over."""
    spared: tuple[str, ...]
    """Says what it would have spared: windows with a false alarm, or repetitions that did not help."""
    missed: tuple[str, ...]
    """Says what it would have lost: windows with a real alarm, or repetitions that helped. Must be empty."""
    kept: int
    """Says what it would rightly have kept."""
    effect: str
    """Says what it would have done, as a sentence."""

    @property
    def holds(self) -> bool:
        """Say whether it would have spared something and lost nothing."""
        return bool(self.spared) and not self.missed

    @property
    def value(self) -> Value:
        """Return what would stand under its key."""
        return self.after

    @property
    def sentence(self) -> str:
        """The change and its effect in words."""
        return f"With {self.key} at {shown(self.after)} in place of {shown(self.before)}, {self.effect}"


@dataclass(frozen=True)
class InQuestion:
    """One setting that history puts in question."""

    key: str
    before: Value
    options: tuple[Value, ...]
    """The values that may be proposed, all within bounds, the most effective first."""
    witnesses: tuple[Evidence, ...]
    """Says what happened under the present value."""
    play: Callable[[Value], Suggestion]
    """Plays one of the options back over what happened."""
    dear: bool = False
    """Says whether that reads rows and checks them again."""


def shown(value: Value) -> str:
    """Return a value as people write it."""
    return value if isinstance(value, str) else f"{value:g}"


def witness(
    key: str, subject: str, statement: str, turned_out: TurnedOut, *, window: str, value: float | None, source: str
) -> Evidence:
    """Return one past alarm or action as evidence for or against a change; its id is given by the packet.

    Parameters
    ----------
    key : str
        The setting that it speaks of.
    subject : str
        What it is evidence of.
    statement : str
        What happened, in a sentence.
    turned_out : TurnedOut
        Whether the alarm or action turned out right.
    window : str
        The window, or the day.
    value : float or None
        What was measured.
    source : str
        Where it is recorded.
    """
    return Evidence(
        id="",
        kind="review.witness",
        collector="review",
        subject=subject,
        statement=statement,
        value=value,
        window=window,
        source=source,
        trust="recorded",
        verdict=Verdict.OK,
        details={"turned_out": turned_out, "setting": key},
    )
