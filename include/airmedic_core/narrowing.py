"""Narrowing: the parameters of a proposal that an approver may change, each with its bounds.

The bounds follow from the proposal alone: what the form shows, what is answered days later and what is carried out are
held to the same ones. What people fill in comes from outside and may be anything.
"""

from __future__ import annotations

import math
import reprlib
from dataclasses import dataclass
from typing import Any, Protocol

from airmedic_core.errors import NarrowingError, SpecError
from airmedic_core.records import Json
from airmedic_core.windows import as_utc

RESERVED = frozenset({"comment", "snooze"})
"""Fields that every form has: no parameter of such a name can be narrowed."""
_LONGEST = 40
"""Characters of a moment or number that is read: the longest form of a moment has 32."""

_shown = reprlib.Repr()
_shown.maxstring = _shown.maxother = _shown.maxlong = 60


class Field(Protocol):
    """One parameter that an approver may narrow."""

    @property
    def name(self) -> str:
        """The parameter, and the field of the form."""

    @property
    def title(self) -> str:
        """Return what people are shown in place of the name."""

    @property
    def proposed(self) -> Any:
        """Return what is proposed, as the parameter holds it."""

    @property
    def bounds(self) -> str:
        """Return what is allowed, as it ends a sentence: ``between … and …``."""

    @property
    def schema(self) -> Json:
        """The JSON schema of what is allowed, for the form."""

    def read(self, said: Any) -> Any:
        """Return what somebody has filled in, as the parameter holds it.

        Raises
        ------
        NarrowingError
            If it is out of bounds, or nothing that can be read. The message names the bounds.
        """


@dataclass(frozen=True)
class Moment:
    """A moment that may be moved within an interval, both ends included.

    >>> start = Moment("window_start", "First rows", "2026-01-01T00:00:00+00:00", "2026-01-01", "2026-01-31")
    >>> start.read("2026-01-05T00:00:00Z")
    '2026-01-05T00:00:00+00:00'
    >>> start.read("2025-12-31")
    Traceback (most recent call last):
    airmedic_core.errors.NarrowingError: First rows is '2025-12-31'. It has to be between 2026-01-01 00:00 and ...
    """

    name: str
    title: str
    proposed: str
    """ISO 8601."""
    earliest: str
    latest: str

    @property
    def bounds(self) -> str:
        """The interval."""
        return f"between {as_utc(self.earliest):%Y-%m-%d %H:%M} and {as_utc(self.latest):%Y-%m-%d %H:%M} UTC"

    @property
    def schema(self) -> Json:
        """A string in the form of a moment: JSON schema knows no bounds for it."""
        return {"type": "string", "format": "date-time"}

    def read(self, said: Any) -> str:
        """Return a moment within the interval."""
        try:
            moment = as_utc(_text(said))
        except (SpecError, ValueError, OverflowError) as error:
            raise _refused(self, said) from error
        if not as_utc(self.earliest) <= moment <= as_utc(self.latest):
            raise _refused(self, said)
        return self.proposed if moment == as_utc(self.proposed) else moment.isoformat()


@dataclass(frozen=True)
class Number:
    """A number within two bounds, both included.

    >>> Number("margin", "Margin", -0.01, low=-0.01, high=0.0).read("-0.005")
    -0.005
    """

    name: str
    title: str
    proposed: float
    low: float
    high: float

    @property
    def bounds(self) -> str:
        """The interval."""
        return f"between {self.low:g} and {self.high:g}"

    @property
    def schema(self) -> Json:
        """A number within the bounds."""
        return {"type": "number", "minimum": self.low, "maximum": self.high}

    def read(self, said: Any) -> float:
        """Return a number within the bounds."""
        try:
            number = float(_text(said) if isinstance(said, str) else said)
        except (TypeError, ValueError, OverflowError) as error:
            raise _refused(self, said) from error
        if isinstance(said, bool) or not math.isfinite(number) or not self.low <= number <= self.high:
            raise _refused(self, said)
        return self.proposed if number == self.proposed else number


@dataclass(frozen=True)
class Choice:
    """One of some words, of which the proposed one is the first.

    >>> Choice("version", "Version", "2", ("1",)).read("1")
    '1'
    """

    name: str
    title: str
    proposed: str
    others: tuple[str, ...]

    @property
    def options(self) -> tuple[str, ...]:
        """All that may be chosen."""
        return (self.proposed, *self.others)

    @property
    def bounds(self) -> str:
        """The options."""
        return f"one of {', '.join(self.options)}"

    @property
    def schema(self) -> Json:
        """A string out of a list."""
        return {"type": "string", "enum": list(self.options)}

    def read(self, said: Any) -> str:
        """Return one of the options."""
        if not isinstance(said, str) or said not in self.options:
            raise _refused(self, said)
        return said


def _text(said: Any) -> str:
    if not isinstance(said, str) or len(said) > _LONGEST:
        raise ValueError("It is no short text.")
    return said.strip()


def _refused(field: Field, said: Any) -> NarrowingError:
    return NarrowingError(f"{field.title} is {_shown.repr(said)}.", f"It has to be {field.bounds}.")
