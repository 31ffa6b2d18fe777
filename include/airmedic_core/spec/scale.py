"""Says how a model gets more capacity where it answers too slowly."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from airmedic_core.spec.section import Section


class ScaleSection(Section):
    """Says how a model gets more capacity: by a hook or by a DAG of the team's own, within bounds."""

    url: str = ""
    """A hook. A GET of it answers ``{"replicas": 2}``, a POST of ``{"model": …, "replicas": 3}`` sets them; it answers
    how many there are to be from then on, in the same form."""
    token_variable: str = ""
    """Environment variable with the token that is sent to the hook as ``Authorization: Bearer``; none where empty."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=300)
    """Sets how long the hook may take to answer."""
    dag: str = ""
    """A DAG in place of a hook. Its run gets ``model``, ``add``, ``least``, ``most`` and the incident as its conf."""
    undo_dag: str = ""
    """The DAG that is run, with the same conf, if that of ``dag`` fails; where empty, nothing is undone."""
    step: int = Field(default=1, ge=1, le=100)
    """Replicas that are added at once."""
    least: int = Field(default=1, ge=1)
    """There are never fewer replicas."""
    most: int = Field(default=4, ge=1, le=1000)
    """There are never more replicas."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.url) == bool(self.dag):
            raise ValueError("scale: name a hook (url) or a DAG (dag), and not both.")
        if self.url and not self.url.startswith(("https://", "http://")):
            raise ValueError("scale.url: begin it with http:// or https://.")
        if self.undo_dag and not self.dag:
            raise ValueError("scale.undo_dag: it takes back what scale.dag has done; a hook is told the number before.")
        if self.least > self.most:
            raise ValueError(f"scale: least ({self.least}) is more than most ({self.most}).")
        return self
