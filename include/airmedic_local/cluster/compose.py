"""Reads a compose file: its services with variables filled in, and nothing that is not understood."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from airmedic_local.errors import LocalError

Json = dict[str, Any]

_KNOWN = frozenset(
    {
        "build", "command", "configs", "depends_on", "entrypoint", "environment", "expose", "healthcheck", "image",
        "mem_limit", "ports", "profiles", "restart", "user", "volumes",
    }
)  # fmt: skip
"""Says what a service may say. ``user`` has no meaning outside of a container and is passed over."""
_CONDITIONS = ("service_healthy", "service_completed_successfully", "service_started")
_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?:(?P<kind>:?[-?])(?P<rest>[^}]*))?\}|\$(?P<bare>\w+)")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_SIZES = {"k": 2**10, "m": 2**20, "g": 2**30}


class ComposeError(LocalError):
    """The compose file says something that cannot be run without Docker, or leaves something out.

    Change the file, or teach this package what it means.
    """


@dataclass(frozen=True)
class Healthcheck:
    """Says how a service says that it is well."""

    test: tuple[str, ...]
    """``CMD`` or ``CMD-SHELL`` and what to run."""
    interval: float
    timeout: float
    retries: int
    start_period: float


@dataclass(frozen=True)
class Mount:
    """A folder of the host, or a named volume, inside of a service."""

    source: str
    target: str


@dataclass(frozen=True)
class Service:
    """One service, with all variables filled in."""

    name: str
    image: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    published: Mapping[int, int]
    """Port inside → port on this machine."""
    exposed: tuple[int, ...]
    scripts: Mapping[str, str]
    """Path inside → content of a config."""
    depends_on: Mapping[str, str]
    """Name of another service → what has to be true of it."""
    healthcheck: Healthcheck | None
    restarts: bool
    """Says whether it is started again when it ends by itself."""
    most_memory: int | None
    """Bytes that it may take; nothing where that is not said."""


def read_compose(path: Path, env: Mapping[str, str]) -> dict[str, Service]:
    """Return the services of a compose file that belong to no profile.

    Parameters
    ----------
    path : Path
        The file.
    env : mapping
        The variables that it names, as ``.env`` would hold them.

    Raises
    ------
    ComposeError
        If a variable is missing that has to be there, or a service says something that is not known here.
    """
    file = yaml.safe_load(path.read_text(encoding="utf-8"))
    configs = {name: _filled(config["content"], env) for name, config in file.get("configs", {}).items()}
    services = {
        name: _service(name, _filled(told, env), configs)
        for name, told in file["services"].items()
        if not told.get("profiles")
    }
    for service in services.values():
        for other in set(service.depends_on) - set(services):
            raise ComposeError(f"{service.name} depends on {other!r}, which is no service.")
    return services


def in_order(services: Mapping[str, Service]) -> list[Service]:
    """Return services so that each comes after those that it depends on.

    Raises
    ------
    ComposeError
        If they depend on each other in a circle.
    """
    ordered: dict[str, Service] = {}
    while waiting := [service for name, service in services.items() if name not in ordered]:
        ready = [service for service in waiting if set(service.depends_on) <= set(ordered)]
        if not ready:
            raise ComposeError(f"These services wait for each other: {sorted(service.name for service in waiting)}.")
        ordered |= {service.name: service for service in ready}
    return list(ordered.values())


def _service(name: str, told: Json, configs: Mapping[str, str]) -> Service:
    unknown = sorted(set(told) - _KNOWN)
    if unknown:
        raise ComposeError(f"services.{name}: {unknown} is not understood here. Known keys: {sorted(_KNOWN)}.")
    depends_on = {other: condition["condition"] for other, condition in told.get("depends_on", {}).items()}
    for condition in depends_on.values():
        if condition not in _CONDITIONS:
            raise ComposeError(f"services.{name}.depends_on: {condition!r} is none of {_CONDITIONS}.")
    return Service(
        name=name,
        image=told.get("image", ""),
        entrypoint=_words(told.get("entrypoint", ())),
        command=_words(told.get("command", ())),
        environment={key: str(value) for key, value in told.get("environment", {}).items()},
        mounts=tuple(Mount(*volume.split(":")[:2]) for volume in told.get("volumes", ())),
        published=dict(_published(name, port) for port in told.get("ports", ())),
        exposed=tuple(int(port) for port in told.get("expose", ())),
        scripts={config["target"]: configs[config["source"]] for config in told.get("configs", ())},
        depends_on=depends_on,
        healthcheck=_healthcheck(name, told["healthcheck"]) if "healthcheck" in told else None,
        restarts=told.get("restart") == "always",
        most_memory=_bytes(told["mem_limit"]) if "mem_limit" in told else None,
    )


def _healthcheck(name: str, told: Json) -> Healthcheck:
    test = tuple(told["test"])
    if test[0] not in {"CMD", "CMD-SHELL"}:
        raise ComposeError(f"services.{name}.healthcheck: {test[0]!r} is neither CMD nor CMD-SHELL.")
    return Healthcheck(
        test=test,
        interval=_seconds(told["interval"]),
        timeout=_seconds(told["timeout"]),
        retries=int(told["retries"]),
        start_period=_seconds(told["start_period"]),
    )


def _published(name: str, port: str) -> tuple[int, int]:
    """Return port inside and port outside of ``127.0.0.1:outside:inside``."""
    address, _, inside = port.rpartition(":")
    host, _, outside = address.rpartition(":")
    if host != "127.0.0.1":
        raise ComposeError(f"services.{name}.ports: {port!r} is not published on 127.0.0.1 alone.")
    return int(inside), int(outside)


def _seconds(text: str) -> float:
    return float(text[:-1]) * _UNITS[text[-1]]


def _bytes(text: str) -> int:
    return int(float(text[:-1]) * _SIZES[text[-1]])


def _words(told: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(shlex.split(told)) if isinstance(told, str) else tuple(str(word) for word in told)


def _filled(told: Any, env: Mapping[str, str]) -> Any:
    """Return something with the variables in all its texts filled in."""
    if isinstance(told, dict):
        return {key: _filled(value, env) for key, value in told.items()}
    if isinstance(told, list):
        return [_filled(value, env) for value in told]
    return _VARIABLE.sub(lambda match: _value(match, env), told) if isinstance(told, str) else told


def _value(match: re.Match[str], env: Mapping[str, str]) -> str:
    if match[0] == "$$":
        return "$"
    name = match["name"] or match["bare"]
    value = env.get(name, "")
    if value or not match["kind"]:
        if not value and name not in env:
            raise ComposeError(f"The compose file uses {match[0]}, and {name} is not set.")
        return value
    if "?" in match["kind"]:
        raise ComposeError(f"The compose file wants {name}: {match['rest']}.")
    return match["rest"]
