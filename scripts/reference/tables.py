"""Tables of the keys that pydantic models take, with what each of them means."""

from __future__ import annotations

import ast
import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_NAMES = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    datetime: "time",
    type(None): "nothing",
}


def sections(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the keys that hold keys of their own, with their model."""
    for name, field in model.model_fields.items():
        inner = _model_of(field.annotation)
        if inner is not None:
            yield name, inner


def table(
    model: type[BaseModel], prefix: str, *, nested: bool = True, told: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return the table of a model's keys.

    Parameters
    ----------
    model : type of BaseModel
        The model.
    prefix : str
        What stands in front of each key, such as ``data.``.
    nested : bool
        Whether the keys of its sections follow in the same table.
    told : mapping of str to str
        Key, with its prefix, to its meaning: where the model itself says none.
    """
    lines = ["| Key | Type | Default | Meaning |", "|---|---|---|---|"]
    for key, kind, default, meaning in _rows(model, prefix, nested=nested):
        said = (meaning or told.get(key, "")).replace("|", "\\|")
        lines.append(f"| `{key}` | {kind} | {default} | {said} |")
    return "\n".join(lines) + "\n"


def _rows(model: type[BaseModel], prefix: str, *, nested: bool) -> Iterator[tuple[str, str, str, str]]:
    meanings = _meanings(model)
    for name, field in model.model_fields.items():
        inner = _model_of(field.annotation)
        kind = _kind(field) if inner is None else "keys" if nested else "keys, see below"
        yield f"{prefix}{name}", kind, _default(field), meanings.get(name, "")
        if inner is not None and nested:
            yield from _rows(inner, f"{prefix}{name}.", nested=True)


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return the text below each field, which Python itself does not keep."""
    body = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a class
    meanings = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            value = text.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                meanings[field.target.id] = " ".join(value.value.split()).replace("``", "`")
    return meanings


def _kind(field: FieldInfo) -> str:
    # The only validated text of a spec is a step in time; its type keeps no other trace.
    is_step = any(type(item).__name__ == "AfterValidator" for item in field.metadata)
    kind = "step in time" if is_step else _type(field.annotation)
    bounds = {"Ge": "≥", "Gt": ">", "Le": "≤", "Lt": "<"}
    limits = []
    for limit in field.metadata:
        sign = bounds.get(type(limit).__name__)
        if sign:
            limits.append(f"{sign} {getattr(limit, type(limit).__name__.lower()):g}")
    return f"{kind}, {', '.join(limits)}" if limits else kind


def _type(annotation: Any) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _NAMES:
        return _NAMES[annotation]
    if origin is typing.Annotated:
        return _type(inner[0])
    if inspect.isclass(annotation) and issubclass(annotation, StrEnum):
        return " or ".join(f"`{value}`" for value in annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{str(value).lower() if value is False else value}`" for value in inner)
    if origin in {typing.Union, types.UnionType}:
        kinds = [_type(kind) for kind in inner if kind is not type(None)]
        return "value" if len(kinds) > 2 else " or ".join(kinds)
    if origin is tuple:
        return f"list of {_type(inner[0])}"
    if inspect.isclass(origin) and issubclass(origin, typing.Mapping):
        return "keys"
    return "value"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    default = field.get_default(call_default_factory=True)
    if default is None or default in ("", (), {}) or isinstance(default, BaseModel):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _model_of(annotation: Any) -> type[BaseModel] | None:
    candidates = [annotation, *typing.get_args(annotation)]
    return next((kind for kind in candidates if inspect.isclass(kind) and issubclass(kind, BaseModel)), None)


def first_line(model: type[BaseModel]) -> str:
    """Return the first line of a model's docstring."""
    return (model.__doc__ or "").strip().partition("\n")[0]
