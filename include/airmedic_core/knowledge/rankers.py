"""Further rankers that an installation names: an embedder and a reranker, as ``package.module:function``."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import SpecError

if TYPE_CHECKING:
    from airmedic_core.knowledge.retrieve import Embedder, Reranker
    from airmedic_core.settings import Settings


def embedder_of(settings: Settings) -> Embedder | None:
    """Return what ``AIRMEDIC_EMBEDDER`` names, or nothing where it is not set.

    Raises
    ------
    SpecError
        If it cannot be made, or is no embedder. A retry does not help.
    """
    embedder: Embedder | None = _made(settings.embedder, "AIRMEDIC_EMBEDDER", "similarities")
    return embedder


def reranker_of(settings: Settings) -> Reranker | None:
    """Return what ``AIRMEDIC_RERANKER`` names; see :func:`embedder_of`."""
    reranker: Reranker | None = _made(settings.reranker, "AIRMEDIC_RERANKER", "rerank")
    return reranker


@cache
def _made(name: str, variable: str, method: str) -> Any:
    """Call the function once for each process: what it makes may have to load a model."""
    if not name:
        return None
    module, _, function = name.partition(":")
    try:
        made = getattr(import_module(module), function)()
    except Exception as error:
        raise SpecError(
            f"{variable}={name!r} makes nothing: {type(error).__name__}: {str(error)[:200]}",
            "Write it as package.module:function, a function without arguments.",
        ) from error
    if not callable(getattr(made, method, None)):
        raise SpecError(f"What {variable}={name!r} makes has no method {method}().", "See docs/diagnosis.md.")
    return made
