"""Says what every part of a spec has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from airmedic_core.errors import SpecError
from airmedic_core.windows import Every


def _step(text: str) -> str:
    try:
        Every.parse(text)
    except SpecError as error:
        raise ValueError(str(error)) from error
    return text


Step = Annotated[str, AfterValidator(_step)]
"""A step in time such as ``month`` or ``6 hours``."""


class Section(BaseModel):
    """A part of the spec. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
