"""Reaches Claude through an Airflow connection of type ``anthropic``, where there is one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airmedic.hooks.workspace import find_connection

if TYPE_CHECKING:
    from airmedic_core.diagnose import LanguageModel

log = logging.getLogger(__name__)


def language_model(connection_id: str) -> LanguageModel | None:
    """Return the language model behind a connection, or nothing where there is none.

    The provider's own hook builds the client, so that everything its connections can say is respected: ``host`` for a
    gateway or a local server with a Messages-compatible endpoint, other clouds, ``model`` in the extras.

    Parameters
    ----------
    connection_id : str
        Id of the connection.
    """
    connection = find_connection(connection_id)
    if connection is None:
        log.info("There is no connection %r: the rules diagnose.", connection_id)
        return None
    # The provider and the client take two seconds to import: only where they are used.
    from airflow.providers.anthropic.hooks.anthropic import AnthropicHook
    from airmedic_core.diagnose.claude import ClaudeDiagnoser

    hook = AnthropicHook(conn_id=connection_id)
    return ClaudeDiagnoser(hook.get_conn(), model=hook.default_model)
