"""Calls of JSON over HTTP that end in time, with errors that say what came instead of an answer."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse, InvalidURL
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from airmedic_core.errors import TargetError, TargetUnavailableError
from airmedic_core.records import Json

_LONGEST = 1_000_000
"""Bytes of an answer: what is longer is none."""
_TOLD = 200
"""Characters of what somebody else says in a message of ours."""
_PIECE = 65_536
"""Bytes that are read at once: between two pieces it is seen whether the time is over."""
_WORTH_A_RETRY = frozenset({408, 425, 429})

_HEADER = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""What RFC 9110 lets a header hold."""


def call(
    method: str,
    url: str,
    body: Json | None = None,
    *,
    timeout_seconds: float,
    headers: Mapping[str, str] | None = None,
    ca_file: str = "",
) -> Json:
    """Call an address and return the JSON object that it answers.

    Parameters
    ----------
    method, url : str
        What to call. It is called itself: where it redirects, headers would go to somebody else.
    body : dict, optional
        What to send.
    timeout_seconds : float
        How long it may take to say something, and after which no more of its answer is read.
    headers : mapping, optional
        More headers.
    ca_file : str
        The certificates to trust; those of the system where empty.

    Raises
    ------
    TargetUnavailableError
        If it does not answer in time, or says that it cannot at the moment. A retry helps.
    TargetError
        If it refuses or redirects, answers something else, or cannot be called so. A retry does not help.
    """
    place = without_secrets(url)
    if not url.startswith(("http://", "https://")):
        raise TargetError(f"{place!r} is no address of HTTP.", "Begin it with http:// or https://.")
    sent = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
    for name, value in sent.items():
        # The library's own error would tell the value, which may be a token.
        if not _HEADER.fullmatch(value):
            raise TargetError(f"The header {name} for {place} holds what no header may.", "Look for line breaks in it.")
    deadline = monotonic() + timeout_seconds
    try:
        request = Request(  # noqa: S310  the scheme is looked at above
            url, data=None if body is None else json.dumps(body).encode(), headers=sent, method=method
        )
        with _opener(ca_file).open(request, timeout=timeout_seconds) as answer:
            said = _read(answer, deadline)
    except HTTPError as error:
        told = f"{place} answers {error.code}: {_words_of(error, deadline)}"
        if error.code >= 500 or error.code in _WORTH_A_RETRY:
            raise TargetUnavailableError(told, "Look at its log.") from error
        raise TargetError(told, "Look at its address, its rights and what it was sent.") from error
    except (InvalidURL, ValueError):
        raise TargetError(f"{place!r} cannot be called: it is no valid address.", "Correct it.") from None
    except (OSError, HTTPException) as error:
        raise TargetUnavailableError(
            f"{place} does not answer within {timeout_seconds:g} s: {error}", "Start it, or correct its address."
        ) from error
    try:
        answered = json.loads(said) if len(said) <= _LONGEST else None
    except (ValueError, RecursionError):
        answered = None
    if not isinstance(answered, dict):
        raise TargetError(
            f"{place} answers no JSON object: {said[:_TOLD].decode(errors='replace')!r}", "Look at its log."
        )
    return answered


def without_secrets(url: str) -> str:
    """Return an address as messages may show it: without a password and without its query.

    >>> without_secrets("https://anna:secret@host/hook?token=secret")
    'https://host/hook'
    """
    return re.sub(r"//[^/]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0])


class _NoRedirects(HTTPRedirectHandler):
    """Follows no redirect, so that it is answered as an error."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _opener(ca_file: str) -> Any:
    try:
        trusted = ssl.create_default_context(cafile=ca_file) if ca_file else None
    except OSError as error:
        raise TargetError(f"The certificates {ca_file!r} cannot be read: {error}", "Correct ca_file.") from error
    return build_opener(_NoRedirects, HTTPSHandler(context=trusted))


def _read(answer: HTTPResponse, deadline: float) -> bytes:
    """Read an answer up to what is too long."""
    said = b""
    while len(said) <= _LONGEST and (piece := answer.read1(_PIECE)):
        said += piece
        if monotonic() > deadline:
            raise TimeoutError("its answer does not end")
    return said


def _words_of(error: HTTPError, deadline: float) -> str:
    """Return what a refusal says; nothing where that does not come."""
    try:
        with error:
            return _read(error.fp, deadline).decode(errors="replace")[:_TOLD]  # type: ignore[arg-type]
    except (OSError, HTTPException):
        return ""
