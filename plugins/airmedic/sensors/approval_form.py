"""The form of an approval: a comment, and what may be narrowed; and what people fill in, there or on the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow.sdk import Param

from airmedic_core.decide.narrow import fields_of
from airmedic_core.narrowing import RESERVED
from airmedic_core.records import Json, Proposal


@dataclass(frozen=True)
class FilledIn:
    """Holds what people have filled in. It comes from outside: Airflow does not hold it to the form."""

    comment: str = ""
    snooze: str = ""
    narrowing: Mapping[str, Any] = field(default_factory=dict)
    """All other fields, also those that the form does not have."""


def form_of(proposal: Proposal) -> dict[str, Json]:
    """Return the fields of an answer, as Airflow keeps them.

    Airflow's buttons stand below the fields, and each takes a seventh of the screen: the comment has no description,
    and how long a rejection holds is asked on the page alone.
    """
    fields = {"comment": Param("", type=["string", "null"], title="Comment")}
    for narrow in (narrow for narrow in fields_of(proposal) if narrow.name not in RESERVED):
        bounds = f"As proposed, or narrower: {narrow.bounds}."
        fields[narrow.name] = Param(narrow.proposed, title=narrow.title, description=bounds, **narrow.schema)
    return {name: param.serialize() for name, param in fields.items()}


def filled_in(event: Json) -> FilledIn:
    """Return what an event of Airflow's says that people have filled in."""
    fields = event.get("params_input")
    if not isinstance(fields, dict):
        return FilledIn()
    comment, snooze = (_storable(str(fields.get(name) or "")) for name in ("comment", "snooze"))
    return FilledIn(comment, snooze, {str(name): value for name, value in fields.items() if name not in RESERVED})


def _storable(text: str) -> str:
    """Return a text without what no database takes: half of a surrogate pair, and the sign with the number 0."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
