"""Says what is wrong with a spec or options, in one line for each error."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from airmedic_core.errors import SpecError, closest

OptionsT = TypeVar("OptionsT", bound=BaseModel)


def validated(options: type[OptionsT], given: Mapping[str, Any], told: str) -> OptionsT:
    """Return the options that a spec gives to a member of a family.

    Parameters
    ----------
    options : type of BaseModel
        The member's options.
    given : mapping
        What the spec says.
    told : str
        What they are, to begin the message with: ``The options of the check 'drift'``.

    Raises
    ------
    SpecError
        If one is unknown or wrong. The message names the closest. A retry does not help.
    """
    try:
        return options.model_validate(dict(given))
    except ValidationError as error:
        raise SpecError(f"{told} are not valid:\n" + "\n".join(explain(error, options))) from error


def explain(
    error: ValidationError,
    model: type[BaseModel],
    most: int = 10,
    places: Collection[tuple[int | str, ...]] | None = None,
) -> list[str]:
    """Return one line for each validation error: where, what, and the closest known key.

    Parameters
    ----------
    error : pydantic.ValidationError
        What pydantic found.
    model : type of BaseModel
        The model that was validated, to look up known keys.
    most : int
        Lines at the most.
    places : collection of tuple, optional
        Only errors at these places are explained; all of them where not given.
    """
    lines = []
    problems = [
        problem
        for problem in error.errors(include_url=False, include_context=False)
        if places is None or problem["loc"] in places
    ]
    for problem in problems[:most]:
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            *parents, key = problem["loc"]
            lines.append(f"  {where}: unknown key. {closest(str(key), _keys_at(model, parents))}")
        elif problem["type"] == "missing":
            lines.append(f"  {where}: missing. It is required.")
        else:
            given = repr(problem["input"])
            message = problem["msg"].removeprefix("Value error, ").rstrip(".")
            # Where no key is named, all of it was given; the message itself names the key.
            shown = "" if not where or len(given) > 80 else f" Found {given}."
            message += "" if message.endswith("?") else "."
            lines.append(f"  {where}: {message}{shown}" if where else f"  {message}")
    more = len(problems) - most
    return [*lines, f"  … and {more} more."] if more > 0 else lines


def _keys_at(model: type[BaseModel], parents: list[int | str]) -> list[str]:
    for part in parents:
        if isinstance(part, int):
            continue  # the place in a list
        field = model.model_fields.get(str(part))
        candidates = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
        inner = next((kind for kind in candidates if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)
