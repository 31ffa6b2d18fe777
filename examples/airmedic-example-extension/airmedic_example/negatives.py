"""Negatives: values below zero in columns that never had any."""

from __future__ import annotations

from typing import final

from pydantic import Field

from airmedic_core.causes import Cause
from airmedic_core.checks import Check, CheckOptions
from airmedic_core.comparison import CheckContext
from airmedic_core.profile import NumericProfile
from airmedic_core.records import Finding, Role, Verdict


class Options(CheckOptions):
    """When negative values count as broken."""

    limit_fraction: float = Field(default=0.01, gt=0, le=1)
    """Share of negative values that is an alert."""


@final
class Negatives(Check[Options]):
    """Values below zero in columns that never had any."""

    group = "data"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Count values below zero where the reference has none."""
        findings = []
        for name, column in context.profile.columns.items():
            usual = context.reference.whole.columns.get(name)
            if not isinstance(column, NumericProfile) or not isinstance(usual, NumericProfile):
                continue
            if usual.negatives or not column.rows:
                continue
            share = column.negatives / column.rows
            broken = share > options.limit_fraction
            findings.append(
                Finding(
                    "negatives",
                    name,
                    "negative_fraction",
                    Verdict.ALERT if broken else Verdict.OK,
                    value=share,
                    baseline=0.0,
                    limit=options.limit_fraction,
                    effect=share,
                    sample_size=column.rows,
                    unit="fraction",
                    message=f"{share:.1%} of {name} are below zero; none were.",
                    role=Role.DATA_FAULT,
                    suggests=(Cause.DATA_CORRUPTION,) if broken else (),
                )
            )
        return findings
