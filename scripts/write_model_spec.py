"""Write docs/model-spec.md from the spec's own model, so that the page stays true.

Run it after a change of spec/, or of the options of a check, rollout strategy or notifier:
python scripts/write_model_spec.py
"""

from __future__ import annotations

import ast
import inspect
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from airmedic_core.checks import CHECKS
from airmedic_core.family import Family
from airmedic_core.notifiers import NOTIFIERS
from airmedic_core.rollout import STRATEGIES
from airmedic_core.spec import ModelSpec
from airmedic_core.targets import TARGETS

PAGE = Path(__file__).parents[1] / "docs" / "model-spec.md"
_NAMES = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "nothing"}

_HEAD = """\
# The model spec

One YAML file in `include/models/` says what a monitored model is and where its batches arrive. The file's name is the
model's name. `airmedic init FILE --target COLUMN` writes one; `airmedic validate` checks all.

*This page is written by `scripts/write_model_spec.py` from the code.*

A short one:

```yaml
name: hotel_cancellations
task: binary
target: is_canceled
data:
  path: ${AIRMEDIC_DATA}/hotel_bookings/hotel_bookings.csv.gz
  time_column: arrival_date
label_time_column: reservation_status_date
exclude: [reservation_status, assigned_room_type]
reference: {start: 2015-07-01, end: 2016-04-01}
```

* Unknown keys are errors that name the closest key.
* `${NAME}` and `${NAME:-default}` come from the environment.
* Fractions are between 0 and 1, times are in UTC, steps in time are `hour`, `6 hours`, `day`, `week`, `month`.
* A spec that is not valid is an import error of that model in Airflow; other models go on.
"""

_CHECKS = """\
## Checks

Every check below runs with its defaults. `checks` changes options or leaves a check out. A check of an installed
package runs for the models that name it, with options or with `true`:

```yaml
checks:
  drift:
    least_effect: 0.2
  anomalies: false
```
"""

_NOTIFIERS = """\
## Notifiers

`notify` holds each notifier with its options. The short form of one option joins the two names:

```yaml
notify:
  slack_channel: "#models"        # the same as slack: {channel: "#models"}
```
"""


def page() -> str:
    """Return the whole page."""
    parts = [_HEAD, "## Keys\n", _table(ModelSpec, "", sections=False)]
    for name, model in _sections(ModelSpec):
        parts.append(f"## {name}\n\n{_first_line(model)}\n")
        parts.append(_table(model, f"{name}."))
    parts.append(_CHECKS)
    parts += _family(CHECKS)
    parts.append("## Rollout strategies\n\n`rollout.strategy` names one, `rollout.options` holds its options.\n")
    parts += _family(STRATEGIES)
    parts.append("## Targets\n\n`rollout.target` names one, `rollout.target_options` holds its options.\n")
    parts += _family(TARGETS)
    parts.append(_NOTIFIERS)
    parts += _family(NOTIFIERS)
    return "\n".join(parts).rstrip() + "\n"


def _family(family: Family[Any]) -> Iterator[str]:
    for name in family.ours():
        member = family.member(name)
        group = f" ({member.group})" if hasattr(member, "group") else ""
        yield f"### {name}{group}\n\n{_description(member)}\n"
        if member.options.model_fields:
            yield _table(member.options, "")


def _sections(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        inner = _model_of(field.annotation)
        if inner is not None:
            yield name, inner


def _table(model: type[BaseModel], prefix: str, *, sections: bool = True) -> str:
    lines = ["| Key | Type | Default | Meaning |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in _rows(model, prefix, sections=sections)]
    return "\n".join(lines) + "\n"


def _rows(model: type[BaseModel], prefix: str, *, sections: bool) -> Iterator[tuple[str, str, str, str]]:
    meanings = _meanings(model)
    for name, field in model.model_fields.items():
        inner = _model_of(field.annotation)
        kind = _kind(field) if inner is None else "keys, see below" if not sections else "keys"
        yield f"`{prefix}{name}`", kind, _default(field), meanings.get(name, "").replace("|", "\\|")
        if inner is not None and sections:
            yield from _rows(inner, f"{prefix}{name}.", sections=True)


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


def _description(member: object) -> str:
    """Return what a member's docstring says, up to its first section: examples are for those who read the code."""
    text = inspect.getdoc(type(member)) or ""
    return re.split(r"\n\n[^\n]+\n-{3,}\n", text, maxsplit=1)[0].strip()


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().partition("\n")[0]


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
