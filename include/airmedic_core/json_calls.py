"""Calls of JSON over HTTP that end in time, with errors that say what came instead of an answer."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from airmedic_core.errors import TargetError, TargetUnavailableError
from airmedic_core.records import Json

_LONGEST = 1_000_000
"""Bytes of an answer: what is longer is none."""
_TOLD = 200
"""Characters of what somebody else says in a message of ours."""
_WORTH_A_RETRY = frozenset({408, 425, 429})


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
        What to call.
    body : dict, optional
        What to send.
    timeout_seconds : float
        How long it may take to say something.
    headers : mapping, optional
        More headers.
    ca_file : str
        The certificates to trust; those of the system where empty.

    Raises
    ------
    TargetUnavailableError
        If it does not answer in time, or says that it cannot at the moment. A retry helps.
    TargetError
        If it refuses, or answers something else. A retry does not help.
    """
    if not url.startswith(("http://", "https://")):
        raise TargetError(f"{url!r} is no address of HTTP.", "Begin it with http:// or https://.")
    sent = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
    request = Request(  # noqa: S310  the scheme is looked at above
        url, data=None if body is None else json.dumps(body).encode(), headers=sent, method=method
    )
    trusted = ssl.create_default_context(cafile=ca_file) if ca_file else None
    try:
        with urlopen(request, timeout=timeout_seconds, context=trusted) as answer:  # noqa: S310
            said = answer.read(_LONGEST + 1)
    except HTTPError as error:
        told = f"{url} answers {error.code}: {error.read(_LONGEST).decode(errors='replace')[:_TOLD]}"
        if error.code >= 500 or error.code in _WORTH_A_RETRY:
            raise TargetUnavailableError(told, "Look at its log.") from error
        raise TargetError(told, "Look at its address, its rights and what it was sent.") from error
    except (OSError, HTTPException) as error:
        raise TargetUnavailableError(
            f"{url} does not answer within {timeout_seconds:g} s: {error}", "Start it, or correct its address."
        ) from error
    try:
        answered = json.loads(said) if len(said) <= _LONGEST else None
    except ValueError:
        answered = None
    if not isinstance(answered, dict):
        raise TargetError(
            f"{url} answers no JSON object: {said[:_TOLD].decode(errors='replace')!r}", "Look at its log."
        )
    return answered
