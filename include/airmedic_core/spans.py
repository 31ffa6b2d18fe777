"""Spans of OpenTelemetry around checks and actions, below a span that somebody else has begun, such as Airflow's task.

Nothing is imported and nothing is configured here. Where no span is being recorded, that is all there is to it, so that
the engine neither needs OpenTelemetry nor pays for it. Attributes are names and counts: never the value of a row, nor
the text of an error, which may quote one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_API = "opentelemetry.trace"
"""Whoever records spans has imported it."""
_PREFIX = "airmedic."


class Recorded:
    """A span that is being recorded, or none."""

    def __init__(self, span: Any = None) -> None:
        self._span = span

    def note(self, **attributes: str | float | bool) -> None:
        """Add attributes to the span; empty texts are left out.

        Parameters
        ----------
        **attributes
            Names without the prefix ``airmedic.``, and their values.
        """
        if self._span is not None:
            self._span.set_attributes({_PREFIX + name: value for name, value in attributes.items() if value != ""})

    def failed(self, error: BaseException) -> None:
        """Mark the span as failed, with the kind of the error and not its text."""
        if self._span is not None:
            trace = sys.modules[_API]
            self._span.set_attribute("error.type", type(error).__name__)
            self._span.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))


_NONE = Recorded()


@contextmanager
def span(name: str, **attributes: str | float | bool) -> Iterator[Recorded]:
    """Record what the block does as a span, if a span is being recorded around it.

    Parameters
    ----------
    name : str
        What is done: one of few names, without those of models.
    **attributes
        Names without the prefix ``airmedic.``, and their values; empty texts are left out.
    """
    trace = sys.modules.get(_API)
    if trace is None or not trace.get_current_span().is_recording():
        yield _NONE
        return
    with trace.get_tracer("airmedic").start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as begun:
        recorded = Recorded(begun)
        recorded.note(**attributes)
        try:
            yield recorded
        except BaseException as error:
            recorded.failed(error)
            raise
