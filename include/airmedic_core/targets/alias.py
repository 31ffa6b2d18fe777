"""Whoever serves follows the alias in MLflow: nobody has to be told."""

from __future__ import annotations

from typing import final

from pydantic import BaseModel, ConfigDict

from airmedic_core.targets.contract import Shown, Target


class Options(BaseModel):
    """There are none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@final
class Alias(Target[Options]):
    """Whoever serves follows the alias ``champion`` in MLflow, as `airmedic serve` does."""

    options = Options
    is_told = False

    def require_ready(self, shown: Shown, options: Options) -> None:
        """Nobody is told, so nobody has to be ready."""
        return None  # noqa: RET501

    def apply(self, shown: Shown, options: Options) -> None:
        """Leave it to those who follow."""
        return None  # noqa: RET501

    def verify(self, shown: Shown, options: Options) -> list[str]:
        """Believe the registry, which was read back."""
        return []
