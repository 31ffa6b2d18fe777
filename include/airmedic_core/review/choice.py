"""Says how a language model chooses in a review: one of the changes that code offers, with evidence, or none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pydantic import Field

from airmedic_core.diagnose.answer import MOST_ENTRIES, MOST_TEXT, Form, ReadingForm, object_of, readings_schema
from airmedic_core.diagnose.claims import about_citations, about_claims
from airmedic_core.diagnose.outbound import Outbound
from airmedic_core.diagnose.wording import plain, prose
from airmedic_core.records import Evidence, Json

NONE = "none"
_OPTIONS = frozenset({"review.change", "review.expectation"})


class ChoiceForm(Form):
    """The whole answer."""

    choice: str = Field(max_length=10)
    supporting: list[str] = Field(max_length=MOST_ENTRIES)
    contradicting: list[str] = Field(max_length=MOST_ENTRIES)
    explanation: str = Field(min_length=1, max_length=MOST_TEXT)
    readings: list[ReadingForm] = Field(max_length=30)


@dataclass(frozen=True)
class Choice:
    """An answer whose words have been made plain."""

    option: str
    """Evidence id of what was chosen; ``none`` where nothing should change."""
    supporting: tuple[str, ...]
    contradicting: tuple[str, ...]
    explanation: str


def choice_schema(options: Collection[str]) -> Json:
    """Return the JSON schema of the answer, with its closed list of options."""
    ids = {"type": "array", "items": {"type": "string"}}
    return object_of(
        choice={"type": "string", "enum": [*options, NONE]},
        supporting=ids,
        contradicting=ids,
        explanation={"type": "string"},
        readings=readings_schema(),
    )


def read_choice(
    form: ChoiceForm, options: Collection[str], items: Mapping[str, Evidence], outbound: Outbound
) -> tuple[Choice, list[str]]:
    """Return a choice as far as the evidence bears it out, and what it does not.

    Parameters
    ----------
    form : ChoiceForm
        The answer.
    options : collection of str
        Evidence ids of what may be chosen.
    items : mapping
        What the model was shown, by id.
    outbound : Outbound
        What it was shown it as.
    """
    problems = list(_about_choice(form, options, items))
    problems += about_claims([form.explanation], form.readings, items)
    return (
        Choice(
            form.choice if form.choice in options else NONE,
            tuple(dict.fromkeys(id_ for id_ in form.supporting if id_ in items)),
            tuple(dict.fromkeys(id_ for id_ in form.contradicting if id_ in items)),
            prose(outbound.unalias(form.explanation)),
        ),
        problems,
    )


def _about_choice(form: ChoiceForm, options: Collection[str], items: Mapping[str, Evidence]) -> Iterator[str]:
    yield from about_citations("It", form.supporting, form.contradicting, items)
    if form.choice == NONE:
        return
    if form.choice not in options:
        yield f"{plain(form.choice, 12)} is not one of the changes."
        return
    chosen = items[form.choice]
    if not any(id_ in items and _is_about(items[id_], chosen) for id_ in form.supporting):
        yield f"Nothing that happened is cited for {form.choice}."


def _is_about(item: Evidence, chosen: Evidence) -> bool:
    """Say whether evidence tells what happened under the setting, or to the column, that would change."""
    if item.kind in _OPTIONS:
        return False
    setting = chosen.details.get("setting")
    return item.details.get("setting") == setting if setting else item.subject == chosen.subject
