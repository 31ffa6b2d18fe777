"""Says what a member of a family lacks of its contract: told before anything of it is used, or filled by defaults."""

from __future__ import annotations

import inspect
import re
from functools import cache
from types import MethodType
from typing import Any, ClassVar, Generic, Protocol, get_args, get_origin, get_type_hints

_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
"""Form of a key. It stands in specs, in file names and in the keys of findings, which are parted by colons."""


def faults_of(contract: type, name: str, offered: Any) -> list[str]:
    """Return what keeps an object from being a member of a family; nothing if it may be one.

    Parameters
    ----------
    contract : type
        The family's protocol.
    name : str
        The key under which the object is offered.
    offered : object
        The class, or the member that it made. Values are looked at in a member only: a class may set them when it makes
        one.

    Returns
    -------
    list of str
        One clause each, for a sentence that names the member.
    """
    if not _KEY.fullmatch(name):
        return [f"{name!r} is no key: use small letters, digits and underscores, a letter first"]
    missing = [part for part in _methods(contract) if not _has(offered, part) and not _has(contract, part)]
    if not isinstance(offered, type):
        missing += [part for part in _values(contract) if getattr(offered, part, None) is None]
    if missing:
        return [f"it lacks {', '.join(sorted(missing))}"]
    own = [part for part in _methods(contract) if _has(offered, part)]
    faults = [fault for part in own if (fault := _signature_fault(contract, part, offered))]
    if not isinstance(offered, type):
        faults += [fault for part, kind in _values(contract).items() if (fault := _value_fault(part, kind, offered))]
    return faults


def complete(contract: type, member: Any) -> None:
    """Give a member what its contract has a default for, where its class does not derive from the contract.

    So a trait that is added to a contract later breaks no package that was written before.
    """
    for part in _values(contract):
        if not hasattr(member, part) and hasattr(contract, part):
            setattr(member, part, getattr(contract, part))
    for part in _methods(contract):
        if not hasattr(member, part) and _has(contract, part):
            setattr(member, part, MethodType(getattr(contract, part), member))


def _has(offered: Any, part: str) -> bool:
    method = getattr(offered, part, None)
    return callable(method) and not getattr(method, "__isabstractmethod__", False)


def _signature_fault(contract: type, part: str, offered: Any) -> str:
    """Return a clause if a method cannot be called as its contract calls it."""
    wanted = list(inspect.signature(getattr(contract, part)).parameters.values())
    given = [None for parameter in wanted if parameter.kind is not parameter.KEYWORD_ONLY]
    named = {parameter.name: None for parameter in wanted if parameter.kind is parameter.KEYWORD_ONLY}
    method = inspect.getattr_static(offered, part)
    if not isinstance(method, type(_signature_fault)):
        return ""
    try:
        inspect.signature(method).bind(*given, **named)
    except TypeError:
        shown = ", ".join(parameter.name for parameter in wanted)
        return f"{part} takes {inspect.signature(method)}, not ({shown})"
    return ""


def _value_fault(part: str, kind: Any, offered: Any) -> str:
    """Return a clause if a value is not of the kind that the contract says."""
    from pydantic import ConfigDict, TypeAdapter, ValidationError
    from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

    value = getattr(offered, part)
    try:
        adapter = TypeAdapter(kind, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:
        # The kind, such as a model of pydantic, has a configuration of its own.
        adapter = TypeAdapter(kind)
    except PydanticSchemaGenerationError:
        return ""
    try:
        adapter.validate_python(value, strict=True)
    except ValidationError as error:
        return f"its {part} is {value!r:.80}: {error.errors(include_url=False)[0]['msg']}"
    return ""


@cache
def _methods(contract: type) -> tuple[str, ...]:
    return tuple(
        name
        for base in contract.__mro__
        if base not in _FOUNDATIONS
        for name, value in vars(base).items()
        if inspect.isfunction(value) and not name.startswith("_")
    )


@cache
def _values(contract: type) -> dict[str, Any]:
    """Return the values that a contract declares, with their kinds."""
    hints = get_type_hints(contract)
    return {
        name: get_args(kind)[0] if get_origin(kind) is ClassVar else kind
        for name, kind in hints.items()
        if not name.startswith("_")
    }


_FOUNDATIONS: frozenset[Any] = frozenset({object, Generic, Protocol})
"""Bases that belong to Python and not to a contract."""
