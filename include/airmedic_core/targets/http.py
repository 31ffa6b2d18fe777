"""A hook of the team's own: told by a POST what is to serve, it answers what does."""

from __future__ import annotations

from typing import final

from pydantic import BaseModel, ConfigDict, Field

from airmedic_core.errors import TargetError
from airmedic_core.json_calls import bearer, call, without_secrets
from airmedic_core.records import Json
from airmedic_core.targets.contract import Shown, Target


class Options(BaseModel):
    """Says where the hook is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    """A GET of it answers what serves, a POST says what is to serve: ``{"model", "champion", "tried", "fraction"}``.
    Both answer the same four, as they are then."""
    token_variable: str = ""
    """Environment variable with the token that is sent as ``Authorization: Bearer``; none where empty."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=300)
    """Sets how long it may take to say something."""


@final
class Http(Target[Options]):
    """A hook of the team's own is told by a POST what is to serve, and answers what does."""

    options = Options

    def require_ready(self, shown: Shown, options: Options) -> None:
        """Ask what serves."""
        _asked("GET", options)

    def apply(self, shown: Shown, options: Options) -> None:
        """Post what is to serve."""
        answered = _asked("POST", options, _told(shown))
        if answered.get("champion") != shown.champion:
            told = f"{without_secrets(options.url)} was told that version {shown.champion} serves, and answers "
            raise TargetError(f"{told}{answered.get('champion')!r}.", "It has to answer what serves from now on.")

    def verify(self, shown: Shown, options: Options) -> list[str]:
        """Ask what serves."""
        answered, wanted = _asked("GET", options), _told(shown)
        differ = [name for name in wanted if answered.get(name) != wanted[name]]
        return [f"Its {name} is {answered.get(name)!r}, not {wanted[name]!r}." for name in differ]


def _told(shown: Shown) -> Json:
    return {"model": shown.model, "champion": shown.champion, "tried": shown.tried, "fraction": shown.fraction}


def _asked(method: str, options: Options, body: Json | None = None) -> Json:
    headers = bearer(options.token_variable)
    return call(method, options.url, body, timeout_seconds=options.timeout_seconds, headers=headers)
