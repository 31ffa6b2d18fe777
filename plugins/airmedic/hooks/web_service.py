"""An API that speaks JSON over HTTP, behind an Airflow connection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from threading import Thread
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import NoticeError

if TYPE_CHECKING:
    import httpx
    from airflow.sdk import Connection

NO_CONNECTION = (
    "Make one under Admin, Connections. Outside of tasks, only those in the environment (AIRFLOW_CONN_…) and in secrets"
    " backends are known."
)
_SECONDS = 10.0
"""A service that has not answered in this time is given up, however slowly it drips: a remedy waits behind the notice.
"""
_MOST_BYTES = 1_000_000
"""Of an answer, a hundred issues of GitHub at once among them. A service that sends more is cut off."""
_SHOWN = 200
"""Characters of an answer that an error quotes."""

_OF_CLIENT = frozenset({"host", "connection", "content-length", "user-agent"})
"""Headers that the client adds by itself."""


class WebService:
    """An API behind an Airflow connection.

    The host is a whole address or a name. With a name, ``schema`` says ``http`` or ``https``, and otherwise what
    follows it. ``headers`` among the extras are sent with every request.

    Parameters
    ----------
    connection_id : str
        The connection.
    address : str
        Where the API is if the connection names no host.

    Raises
    ------
    NoticeError
        If there is no such connection, or it names no host and there is no usual one.
    """

    def __init__(self, connection_id: str, address: str = "") -> None:
        from airmedic.hooks.workspace import find_connection

        connection = find_connection(connection_id)
        if connection is None:
            raise NoticeError(f"There is no Airflow connection {connection_id!r}.", NO_CONNECTION)
        self._id = connection_id
        self._address = _address(connection) or address
        if not self._address:
            raise NoticeError(f"The connection {connection_id!r} names no host.", "Give it the address of the service.")
        self.address = self._address.rstrip("/")
        """Says where the service is."""
        self.login, self.password = connection.login or "", connection.password or ""
        self._headers = {str(key): str(value) for key, value in connection.extra_dejson.get("headers", {}).items()}

    def ask(
        self,
        method: str,
        path: str = "",
        *,
        body: Any = None,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        basic: bool = False,
    ) -> Any:
        """Make one request, and return the JSON that is answered; None where nothing or something else is.

        Parameters
        ----------
        method, path : str
            What is asked, below the address of the connection.
        body : object
            What is sent as JSON; nothing where None.
        query : mapping
            Fields of the query.
        headers : mapping
            Headers beside the connection's own.
        basic : bool
            Whether login and password are sent as HTTP's basic authentication.

        Raises
        ------
        NoticeError
            If nothing answers, or not with success. The address is left out: it may hold a secret. So is what the
            service repeats of the headers, the login and the password.
        """
        import httpx

        from airmedic_core.blanking import blanked

        url = f"{self._address.rstrip('/')}/{path.lstrip('/')}" if path else self._address
        request = httpx.Request(
            method,
            url,
            json=body,
            params=dict(query) if query else None,
            # What is packed may be far larger once it is unpacked.
            headers={"Accept-Encoding": "identity", **self._headers, **(headers or {})},
        )
        status, text = self._answer(request, httpx.BasicAuth(self.login, self.password) if basic else None)
        if not 200 <= status < 300:
            said = " ".join(blanked(text, self._secrets(request)).split())[:_SHOWN]
            raise NoticeError(f"The service of the connection {self._id!r} answered {status}: {said}")
        try:
            return json.loads(text)
        except ValueError:
            return None

    def _secrets(self, request: httpx.Request) -> tuple[str, ...]:
        """Return what an answer must not be quoted with."""
        from base64 import b64encode

        from airmedic_core.blanking import secrets_in

        person = f"{self.login}:{self.password}"
        sent = {name: value for name, value in request.headers.items() if name.lower() not in _OF_CLIENT}
        known = {"login": self.login, "password": self.password, "basic": b64encode(person.encode()).decode()}
        return secrets_in(sent | known, self._address)

    def _answer(self, request: httpx.Request, auth: httpx.Auth | None) -> tuple[int, str]:
        """Return status and text of an answer, of which a service that drips or never ends keeps nobody."""
        import httpx

        came: list[tuple[int, str] | httpx.HTTPError] = []

        def ask() -> None:
            try:
                with httpx.Client(timeout=_SECONDS) as client:
                    answer = client.send(request, stream=True, auth=auth)
                    text = bytearray()
                    for piece in answer.iter_raw():
                        text += piece
                        if len(text) > _MOST_BYTES:
                            break
                    came.append((answer.status_code, bytes(text[:_MOST_BYTES]).decode("utf-8", "replace")))
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                came.append(httpx.HTTPError(type(error).__name__))

        # The client's own limit begins anew with each byte.
        asking = Thread(target=ask, daemon=True)
        asking.start()
        asking.join(_SECONDS)
        told = came[0] if came else httpx.HTTPError("TimeoutError")
        if isinstance(told, httpx.HTTPError):
            raise NoticeError(
                f"The service of the connection {self._id!r} does not answer ({told}).", "Check its host and port."
            )
        return told


def _address(connection: Connection) -> str:
    host, schema = (connection.host or "").strip(), connection.schema or ""
    if not host:
        return ""
    # Airflow reads what follows the host of an address as its schema; its form asks for the protocol there.
    protocol, below = (schema, "") if schema in {"http", "https"} else ("", schema)
    if "://" not in host:
        host = f"{protocol or ('http' if connection.conn_type == 'http' else 'https')}://{host}"
    protocol, _, rest = host.partition("://")
    name, slash, path = rest.partition("/")
    port = f":{connection.port}" if connection.port and ":" not in name else ""
    address = f"{protocol}://{name}{port}{slash}{path}"
    return f"{address.rstrip('/')}/{below}" if below else address
