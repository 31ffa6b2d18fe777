"""Describes what each kind of target offers."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel

OptionsT = TypeVar("OptionsT", bound=BaseModel)


@dataclass(frozen=True)
class Shown:
    """Holds what a target is to do."""

    model: str
    champion: str
    """The version that answers."""
    tried: str | None = None
    """The version that answers a share of the entities, if one does."""
    fraction: float = 0.0
    """That share."""


class Target(Protocol[OptionsT]):
    """Says where a model serves online. A spec names it in ``rollout.target``."""

    options: type[OptionsT]
    """Its own options, each documented."""
    is_told: bool = True
    """Says whether it has to be told. Otherwise it follows the registry by itself."""

    @abstractmethod
    def require_ready(self, shown: Shown, options: OptionsT) -> None:
        """Raise unless the target answers. Changes nothing.

        Parameters
        ----------
        shown : Shown
            What it does now.
        options : OptionsT
            The target's options for the model.
        """

    @abstractmethod
    def apply(self, shown: Shown, options: OptionsT) -> None:
        """Tell the target what to do. Told again, it changes nothing.

        Parameters
        ----------
        shown : Shown
            What it is to do from now on.
        options : OptionsT
            The target's options for the model.
        """

    @abstractmethod
    def verify(self, shown: Shown, options: OptionsT) -> list[str]:
        """Return what the target does otherwise than it was told; nothing if all is well.

        Parameters
        ----------
        shown : Shown
            What it was told.
        options : OptionsT
            The target's options for the model.
        """
