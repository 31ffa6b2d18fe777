"""The windows that a model is watched in, and the reference that they are compared with."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from airmedic_core.errors import SpecError
from airmedic_core.spec.section import Section, Step
from airmedic_core.windows import Every, Window, as_utc


@lru_cache
def _parsed(every: str) -> Every:
    """Return a step, parsed once: a page over a thousand models asks for a thousand."""
    return Every.parse(every)


class WindowSection(Section):
    """The unit of evidence."""

    every: Step = "day"
    """Length of a window: ``hour``, ``6 hours``, ``day``, ``week`` or ``month``, aligned to UTC."""
    min_rows: int = Field(default=30, ge=1)
    """Fewer rows say nothing: such a window is no history and no reference, and its drift is not judged. It is still
    looked at, since its volume may be what is wrong."""

    @property
    def step(self) -> Every:
        """The parsed step."""
        return _parsed(self.every)


class ReferenceSection(Section):
    """The rows that the first champion was accepted on. Later champions bring their own."""

    start: str
    """First moment, such as ``2026-01-01``."""
    end: str
    """First moment after it."""

    @field_validator("start", "end", mode="before")
    @classmethod
    def _unquoted(cls, value: Any) -> Any:
        # YAML reads 2026-01-31 without quotes as a date.
        return value.isoformat() if isinstance(value, date) else value

    @property
    def window(self) -> Window:
        """The reference as a window."""
        return Window(as_utc(self.start), as_utc(self.end))

    @model_validator(mode="after")
    def _is_a_window(self) -> Self:
        try:
            Window(as_utc(self.start), as_utc(self.end))
        except SpecError as error:
            raise ValueError(str(error)) from error
        return self
