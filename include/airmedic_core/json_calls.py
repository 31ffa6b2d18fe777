"""Calls of JSON over HTTP that end in time, with errors that say what came instead of an answer."""

from __future__ import annotations

import json
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from http.client import HTTPException, HTTPResponse, InvalidURL
from threading import Thread
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from airmedic_core.blanking import BLANK, blanked, blanked_values, secrets_in
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
"""Says what RFC 9110 lets a header hold."""
_HOST = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:\d*)?")
"""A host with its port, as far as can be told without looking it up."""


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
        How long it may take in all, however slowly its answer drips.
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
    secrets = secrets_in(headers or {}, url)
    try:
        request = Request(  # noqa: S310  the scheme is looked at above
            url, data=None if body is None else json.dumps(body).encode(), headers=sent, method=method
        )
    except (InvalidURL, ValueError):
        raise TargetError(f"{place!r} cannot be called: it is no valid address.", "Correct it.") from None
    opener = _opener(ca_file)
    came: list[Json | Exception] = []

    def ask() -> None:
        try:
            for told in _told(opener, request, place, secrets, timeout_seconds):
                came.append(told)  # noqa: PERF402  what came first is seen while more is waited for
        except Exception as error:  # noqa: BLE001  it is raised where somebody waits for it
            came.append(error)

    # The library's own limit begins anew with each byte, and a server may drip even its headers.
    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(timeout_seconds)
    answered = came[-1] if came else _not_in_time(place, timeout_seconds, "the time is over")
    if isinstance(answered, Exception):
        raise answered
    return answered


def bearer(token_variable: str) -> dict[str, str]:
    """Return the header that holds the token of an environment variable; none where no variable is named.

    Raises
    ------
    TargetError
        If the variable is not set. A retry does not help.
    """
    if not token_variable:
        return {}
    token = os.environ.get(token_variable, "").strip()
    if not token:
        raise TargetError(f"The environment variable {token_variable} is not set.", "It holds the token.")
    return {"Authorization": f"Bearer {token}"}


def _told(
    opener: Any, request: Request, place: str, secrets: tuple[str, ...], timeout_seconds: float
) -> Iterator[Json | TargetError]:
    """Return what comes of a request; of a refusal first that there is one, and then with its words."""
    deadline = monotonic() + timeout_seconds
    try:
        with opener.open(request, timeout=timeout_seconds) as answer:
            said = _read(answer, deadline)
    except HTTPError as error:
        yield _refused(place, error.code, "")
        words = blanked(_words_of(error, deadline), secrets)
        yield _refused(place, error.code, words[:_TOLD])
        return
    except (InvalidURL, ValueError):
        yield TargetError(f"{place!r} cannot be called: it is no valid address.", "Correct it.")
        return
    except (OSError, HTTPException) as error:
        # What is no HTTP is quoted by the library.
        yield _not_in_time(place, timeout_seconds, blanked(str(error), secrets)[:_TOLD])
        return
    try:
        answered = json.loads(said) if len(said) <= _LONGEST else None
    except (ValueError, RecursionError):
        answered = None
    if isinstance(answered, dict):
        yield blanked_values(answered, secrets)
    else:
        words = blanked(said.decode(errors="replace"), secrets)[:_TOLD]
        yield TargetError(f"{place} answers no JSON object: {words!r}", "Look at its log.")


def _refused(place: str, code: int, words: str) -> TargetError:
    told = f"{place} answers {code}: {words}"
    if code >= 500 or code in _WORTH_A_RETRY:
        return TargetUnavailableError(told, "Look at its log.")
    return TargetError(told, "Look at its address, its rights and what it was sent.")


def _not_in_time(place: str, timeout_seconds: float, why: str) -> TargetUnavailableError:
    told = f"{place} does not answer within {timeout_seconds:g} s: {why}"
    return TargetUnavailableError(told, "Start it, or correct its address.")


def without_secrets(url: str) -> str:
    """Return an address as messages may show it: without a password and without its query.

    Where an ``@`` follows the host, or the port is no number, the password may stand where the host seems to: only the
    scheme is shown then.

    >>> without_secrets("https://anna:secret@host/hook?token=secret")
    'https://host/hook'
    >>> without_secrets("https://anna:se#cret@host/hook")
    'https://…'
    """
    scheme, between, rest = url.partition("://")
    if not between:
        scheme, rest = "", url
    end = re.search(r"[/?#\\]|$", rest)
    authority, behind = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    host = authority.rpartition("@")[2]
    if "@" in behind or not _HOST.fullmatch(host):
        return f"{scheme}{between}{BLANK}"
    return f"{scheme}{between}{host}{re.split(r'[?#]', behind, maxsplit=1)[0]}"


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
            raise TimeoutError("the time is over")
    return said


def _words_of(error: HTTPError, deadline: float) -> str:
    """Return what a refusal says; nothing where that does not come."""
    try:
        with error:
            return _read(error.fp, deadline).decode(errors="replace")  # type: ignore[arg-type]
    except (OSError, HTTPException):
        return ""
