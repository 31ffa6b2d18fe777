"""The two parts of a headline: what has happened, and the finding that decides."""

from __future__ import annotations

_DETAIL = ": "
"""Stands before the finding. Findings have colons of their own, and titles of causes have none."""


def parts_of(headline: str) -> tuple[str, str]:
    """Return what a headline says before its first colon, and the finding after it; no finding where there is no colon.

    >>> parts_of("Values are missing: age: 40 % of the rows have none.")
    ('Values are missing', 'age: 40 % of the rows have none.')
    """
    title, _, detail = headline.partition(_DETAIL)
    return title, detail
