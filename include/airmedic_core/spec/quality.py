"""Data quality by expectations."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from airmedic_core.spec.section import Section


class ExpectationSection(Section):
    """One expectation, in the form that Great Expectations exports."""

    type: str
    """Such as ``expect_column_values_to_be_between``."""
    kwargs: dict[str, Any]
    """Its arguments."""


class QualitySection(Section):
    """Data quality by expectations."""

    suite: str = ""
    """File in ``expectations/``; where empty, ``<model>.json`` if it exists, else one proposed from the reference."""
    expectations: dict[str, ExpectationSection] = Field(default_factory=dict)
    """Name → expectation beside the suite; it replaces the suite's own of that type on that column."""
