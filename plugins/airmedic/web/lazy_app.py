"""The application that Airflow mounts: made by the first request, so that nothing but the API server pays for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI

URL_PREFIX = "/airmedic"
"""Says where Airflow mounts the application."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]


class LazyApp:
    """Hands each request to the application.

    Airflow loads plugins in the scheduler, in the DAG processor and in every task. There, this object is all there is.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as every ASGI application does."""
        await _application()(scope, receive, send)


@cache
def _application() -> FastAPI:
    from airmedic.web.app import make_app

    return make_app()
