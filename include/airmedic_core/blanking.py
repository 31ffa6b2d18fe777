"""Blanks in what a service answers whatever it repeats of the secrets that it was sent.

A service that refuses a request often quotes it, and its words reach messages, logs and the ledger.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

BLANK = "…"
"""Stands where a secret stood."""
_SCHEMES = frozenset({"basic", "bearer", "digest", "token"})
"""Words before a secret in ``Authorization`` that are none themselves."""
_OF_CONTENT = frozenset({"accept", "accept-encoding", "content-type"})
"""Headers that say how a body is written, and hold no secret."""
_LEAST_IN_VALUES = 6
"""Characters of a secret that is blanked in an answer's values as well: a shorter one may be a version or a name."""


def secrets_in(headers: Mapping[str, str], url: str = "") -> tuple[str, ...]:
    """Return what must not be repeated of a request, the longest first.

    Parameters
    ----------
    headers : mapping
        The headers that are sent.
    url : str
        The address: user, password and the values of its query.

    Examples
    --------
    >>> secrets_in({"Authorization": "Bearer abc", "Accept": "text/html"})
    ('Bearer abc', 'abc')
    """
    texts = [text for name, value in headers.items() if name.lower() not in _OF_CONTENT for text in _parts(value)]
    texts += _of_address(url)
    return tuple(sorted({text for text in texts if text.strip()}, key=lambda text: (-len(text), text)))


def blanked(text: str, secrets: tuple[str, ...]) -> str:
    """Return a text without the secrets, however they are escaped in it.

    Parameters
    ----------
    text : str
        What a service says, whole: a secret that is cut is not recognized any more.
    secrets : tuple of str
        What :func:`secrets_in` returns.
    """
    written = {form: None for secret in secrets for form in _forms(secret)}
    if not written:
        return text
    longest_first = sorted(written, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), BLANK, text, flags=re.IGNORECASE)


def blanked_values(answered: Any, secrets: tuple[str, ...]) -> Any:
    """Return JSON with the secrets blanked in all its texts.

    Parameters
    ----------
    answered : object
        What a service answers.
    secrets : tuple of str
        What :func:`secrets_in` returns.
    """
    return _blanked_values(answered, tuple(secret for secret in secrets if len(secret) >= _LEAST_IN_VALUES))


def _blanked_values(answered: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(answered, str):
        return blanked(answered, secrets)
    if isinstance(answered, list):
        return [_blanked_values(value, secrets) for value in answered]
    if isinstance(answered, dict):
        return {key: _blanked_values(value, secrets) for key, value in answered.items()}
    return answered


def _parts(value: str) -> Iterator[str]:
    """Return a header's value and what it is made of: a token without its scheme, a login and a password."""
    yield value
    yield value.strip()
    words = value.split()
    scheme = words[0].lower() if words else ""
    yield from words[1:] if scheme in _SCHEMES else words
    if scheme == "basic":
        for word in words[1:]:
            try:
                login = base64.b64decode(word, validate=True).decode(errors="replace")
            except (binascii.Error, ValueError):
                continue
            yield from (login, *login.split(":", 1))


def _of_address(url: str) -> Iterator[str]:
    try:
        address = urlsplit(url)
    except ValueError:
        return
    yield address.query
    for _, value in parse_qsl(address.query):
        yield value
    person, at, _ = address.netloc.rpartition("@")
    if at:
        yield from (person, *person.split(":", 1), *map(unquote, person.split(":", 1)))


def _forms(secret: str) -> Iterator[str]:
    """Return how a secret may be written in JSON, in HTML and in an address."""
    yield secret
    in_json = json.dumps(secret)[1:-1]
    yield from (in_json, in_json.replace("/", "\\/"), json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (html.escape(secret), quote(secret, safe=""), quote(secret), repr(secret)[1:-1])
