"""Messages as text that Airflow's database takes."""

from __future__ import annotations

from typing import Any

_MOST_CHARACTERS = 10_000
"""Of a message. A window needs a few dozen; a notice of object storage about ten files has 8,000."""


def text_of(raw: bytes | str) -> str:
    """Return a message as text. Signs that are no UTF-8, or that no database takes, are replaced.

    A message that is no window must not stop the trigger: it comes with the next run, and is refused there.

    >>> text_of(b"2026-01-31")
    '2026-01-31'
    >>> text_of(b"")
    '""'
    """
    text = raw.decode("utf-8", errors="replace") if isinstance(raw, bytes) else raw
    # An empty text would count as no message.
    return text[:_MOST_CHARACTERS].replace("\0", "\ufffd") or '""'


def text_of_kafka(message: Any) -> str | None:
    """Return what a message of Kafka says; nothing of a tombstone, which announces nothing."""
    value = message.value()
    return None if value is None else text_of(value)
