"""Reaches Claude through an Airflow connection of type ``anthropic``, where there is one."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any, cast

from airmedic.hooks.workspace import find_connection

if TYPE_CHECKING:
    from anthropic import Anthropic

    from airmedic_core.diagnose.language_model import LanguageModel
    from airmedic_core.diagnose.token_prices import Price

log = logging.getLogger(__name__)


def language_model(connection_id: str) -> LanguageModel | None:
    """Return the language model behind a connection, or nothing where there is none.

    The provider's own hook builds the client, so that everything its connections can say is respected: ``host`` for a
    gateway or a local server with a Messages-compatible endpoint, other clouds, ``model`` in the extras. The extra
    ``usd_per_million_tokens``, two numbers for input and output, says what a model costs that no price list holds.

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
    try:
        # The clients for other clouds differ in how they sign in, not in how they are asked.
        return ClaudeDiagnoser(
            cast("Anthropic", hook.get_conn()), model=hook.default_model, price=_price(connection.extra_dejson)
        )
    except Exception as error:  # noqa: BLE001 - a connection that is set up wrongly leaves the rules, which need none
        log.warning("The connection %r makes no client, the rules diagnose: %s", connection_id, error)
        return None


def _price(extra: dict[str, Any]) -> Price | None:
    from airmedic_core.diagnose.token_prices import Price

    stated = extra.get("usd_per_million_tokens")
    if stated is None:
        return None
    usd_in, usd_out = (float(price) for price in stated)
    if not (0 <= usd_in < math.inf and 0 <= usd_out < math.inf):
        raise ValueError("usd_per_million_tokens takes two numbers that are not negative")
    return Price(usd_in, usd_out)
