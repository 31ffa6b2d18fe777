"""Reads model specs from files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from airmedic_core.bounded_yaml import read_yaml
from airmedic_core.errors import SpecError, UnsetVariableError, closest
from airmedic_core.spec.explain import explain
from airmedic_core.spec.model_spec import ModelSpec

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def load_spec(path: Path, env: Mapping[str, str] | None = None) -> ModelSpec:
    """Read one model spec.

    Parameters
    ----------
    path : Path
        The YAML file.
    env : mapping, optional
        Variables for ``${NAME}`` and ``${NAME:-default}``; the process's environment where not given.

    Raises
    ------
    SpecError
        If the file is missing or unreadable, is not YAML, names an unset variable, or has a missing, unknown or wrong
        key. The message names the file, the key and the closest known key, and no value of a variable, which may be a
        password: pages and logs show it. A retry does not help.
    """
    try:
        raw = read_yaml(path)
    except FileNotFoundError as error:
        known = [file.name for file in path.parent.glob("*.yaml")]
        raise SpecError(f"There is no model spec {str(path)!r}.", closest(path.name, known)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"The model spec {str(path)!r} cannot be read: {error}.", "Check the file.") from error
    except yaml.YAMLError as error:
        raise SpecError(f"{path.name} is not valid YAML{_told(error)}.", "Correct it there.") from error
    if not isinstance(raw, dict):
        raise SpecError(f"{path.name} holds no keys.", "Start with name, task, target and data.")
    return _parse_filled_in(raw, _substitute(raw, os.environ if env is None else env, path.name), path.name)


def parse_spec(raw: Mapping[str, Any], origin: str = "the model spec") -> ModelSpec:
    """Validate a spec that is already a mapping. Raises as :func:`load_spec` does."""
    try:
        return ModelSpec.model_validate(dict(raw))
    except ValidationError as error:
        raise SpecError(f"{origin} is not valid:\n" + "\n".join(explain(error, ModelSpec))) from error


def _parse_filled_in(raw: dict[str, Any], filled_in: dict[str, Any], origin: str) -> ModelSpec:
    if filled_in == raw:
        return parse_spec(raw, origin=origin)
    try:
        return ModelSpec.model_validate(filled_in)
    except ValidationError as error:
        places = [problem["loc"] for problem in error.errors(include_url=False, include_context=False)]
    # Raised outside of the handler: the error of pydantic holds the values, and logs would show it as the cause.
    raise SpecError(f"{origin} is not valid:\n" + "\n".join(_explain_unfilled(raw, places)))


def _explain_unfilled(raw: dict[str, Any], places: list[tuple[int | str, ...]]) -> list[str]:
    """Explain what is wrong at some places from a spec in which variables stand for themselves."""
    lines, explained = [], set()
    try:
        ModelSpec.model_validate(raw)
    except ValidationError as error:
        lines = explain(error, ModelSpec, places=places)
        explained = {problem["loc"] for problem in error.errors(include_url=False, include_context=False)}
    for place in dict.fromkeys(places):
        if place not in explained:
            where = f"{'.'.join(map(str, place))}: " if place else ""
            lines.append(f"  {where}not valid with the values that its variables have here.")
    return lines


def spec_files(folder: Path) -> Iterator[Path]:
    """Yield the model specs of a folder by name; files that begin with ``_`` or ``.`` are not specs."""
    yield from sorted(path for path in folder.glob("*.yaml") if not path.name.startswith(("_", ".")))


def _told(error: yaml.YAMLError) -> str:
    """Return where YAML breaks, and why, in one line."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f": {error}" if str(error) else ""
    why = getattr(error, "problem", None) or "it ends too early"
    return f": line {mark.line + 1}, column {mark.column + 1}: {why}"


def _substitute(value: Any, env: Mapping[str, str], origin: str) -> Any:
    if isinstance(value, dict):
        return {key: _substitute(inner, env, origin) for key, inner in value.items()}
    if isinstance(value, list):
        return [_substitute(inner, env, origin) for inner in value]
    if not isinstance(value, str):
        return value

    def look_up(match: re.Match[str]) -> str:
        text = env.get(match[1], match[2])
        if text is None:
            raise UnsetVariableError(
                f"{origin} uses ${{{match[1]}}}, which is not set.", f"Set the variable {match[1]}."
            )
        return text

    return _VARIABLE.sub(look_up, value)
