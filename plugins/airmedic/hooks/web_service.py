"""An API that speaks JSON over HTTP, behind an Airflow connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import NoticeError

if TYPE_CHECKING:
    from airflow.sdk import Connection

_SECONDS = 10.0
"""What does not answer in this time is given up: a remedy waits behind the notice."""
_SHOWN = 200
"""Characters of an answer that an error quotes."""


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
            raise NoticeError(
                f"There is no Airflow connection {connection_id!r}.", "Make one under Admin, Connections."
            )
        self._id = connection_id
        self._address = _address(connection) or address
        if not self._address:
            raise NoticeError(f"The connection {connection_id!r} names no host.", "Give it the address of the service.")
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
            If nothing answers, or not with success. The address is left out: it may hold a secret.
        """
        import httpx

        url = f"{self._address.rstrip('/')}/{path.lstrip('/')}" if path else self._address
        try:
            answer = httpx.request(
                method,
                url,
                json=body,
                params=query,
                headers={**self._headers, **(headers or {})},
                auth=(self.login, self.password) if basic else None,
                timeout=_SECONDS,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoticeError(
                f"The service of the connection {self._id!r} does not answer ({type(error).__name__}).",
                "Check its host and port.",
            ) from None
        if not answer.is_success:
            said = " ".join(answer.text.split())[:_SHOWN]
            raise NoticeError(f"The service of the connection {self._id!r} answered {answer.status_code}: {said}")
        try:
            return answer.json()
        except ValueError:
            return None


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
