"""Units: columns, or a share of their rows, that are now measured in another unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.checks.units.conversions import Map
    from airmedic_core.checks.units.converted_groups import Groups
    from airmedic_core.comparison import CheckContext
    from airmedic_core.measures.ties import Ties


class Options(CheckOptions):
    """When a column counts as converted."""

    least_share: float = Field(default=0.05, gt=0, le=1)
    """A smaller share of converted rows is not looked for."""
    least_distance: float = Field(default=0.1, gt=0, le=1)
    """Columns that moved less than this (Kolmogorov–Smirnov), or no more than usual, are not looked at."""


class Units(Check[Options]):
    """Columns, or a share of their rows, that are now measured in another unit."""

    group = "data"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Look for columns that are an affine map of their reference, by a known factor or by a large one."""
        if not context.batch.rows:
            return []
        from airmedic_core.checks.units.converted_groups import Groups
        from airmedic_core.measures.ties import Ties

        rows = context.reference_rows
        groups = Groups(context, rows, options.least_share) if rows is not None else None
        ties = Ties(context, rows) if rows is not None else None
        findings = []
        for name in context.profile.edges.numeric:
            if name not in context.profile.missing:
                found = _column(context, name, ties, options)
                findings += found or (_group(context, name, groups, options) if groups else [])
        if not findings:
            count = len(context.profile.edges.numeric)
            findings.append(
                Finding(
                    "units", "batch", "columns", Verdict.OK, value=count, message=f"No unit changed in {count} columns."
                )
            )
        return findings


def _column(context: CheckContext, name: str, ties: Ties | None, options: Options) -> list[Finding]:
    from airmedic_core.checks.units.converted_column import converted_column
    from airmedic_core.checks.units.converted_rows import WHOLE

    if (zone := _other_zone(context, name, options)) is not None:
        return [zone]
    found = converted_column(context, name, ties, options)
    if found is None:
        return []
    one, factors = found.one, found.factors
    turned = one.factor == -1.0
    said = "have the other sign" if turned else f"are in another unit: {one.name}"
    rows = "All values" if found.share > WHOLE else f"{percent(found.share)} of the values"
    told = factors.sentence() if factors else ""
    return [
        Finding(
            "units", name, "converted_share", Verdict.ALERT, value=found.share, baseline=0.0,
            limit=options.least_share, effect=found.share, sample_size=found.rows, unit="fraction",
            message=f"{rows} of {name} {said}. {_inverse(one)} brings them back. {told}".rstrip(),
            # No quantity is measured in negative units: a turned sign is an error of the source.
            suggests=(Cause.DATA_CORRUPTION if turned else Cause.UNIT_CHANGE,),
            role=Role.DATA_FAULT,
            details={
                "factor": one.factor, "offset": one.offset, "conversion": _inverse(one), "map": one.name,
                "distance_before": round(found.before, 4), "distance_after": round(found.after, 4),
                **({"factor_low": factors.low, "factor_high": factors.high} if factors else {}),
            },
        )
    ]  # fmt: skip


def _group(context: CheckContext, name: str, groups: Groups, options: Options) -> list[Finding]:
    from airmedic_core.checks.units.conversions import known_maps
    from airmedic_core.checks.units.converted_groups import LEAST_MOVE, converted_group
    from airmedic_core.profile import NumericProfile, ks

    now, reference = context.profile.columns[name], context.reference.whole.columns[name]
    if not isinstance(now, NumericProfile) or not isinstance(reference, NumericProfile):
        return []
    # A group that moved takes the whole column along by its share.
    if not ks(reference, now) >= LEAST_MOVE * options.least_share:
        return []
    found = converted_group(groups, name, known_maps())
    if found is None or found.share < options.least_share:
        return []
    one = found.one
    hidden = context.spec.is_private(found.group)
    where = "in one group of rows" if hidden else f"where {found.group}"
    return [
        Finding(
            "units", name, "converted_share", Verdict.ALERT, value=found.share, baseline=0.0,
            limit=options.least_share, effect=found.share, sample_size=context.rows_seen, unit="fraction",
            message=f"The values of {name} {where} are in another unit: {one.name}. {_inverse(one)} brings them back.",
            suggests=(Cause.UNIT_CHANGE,),
            role=Role.DATA_FAULT,
            details={
                "factor": one.factor, "offset": one.offset, "conversion": _inverse(one), "map": one.name,
                "distance_before": round(found.before, 4), "distance_after": round(found.after, 4),
                **({} if hidden else {"group": found.group}),
            },
        )
    ]  # fmt: skip


def _inverse(one: Map) -> str:
    if one.offset:
        return f"(x − {one.offset:g}) / {one.factor:g}"
    return f"x × {1 / one.factor:g}" if 0 < one.factor < 1 else f"x / {one.factor:g}"


def _other_zone(context: CheckContext, name: str, options: Options) -> Finding | None:
    from airmedic_core.checks.units.clock import hours_ahead

    rows = context.reference_rows
    if rows is None:
        return None
    found = hours_ahead(rows, context.frame, name, context.spec.data.time_column, options.least_share)
    if found is None:
        return None
    hours, share = found
    values = "All values" if share > 0.95 else f"{percent(share)} of the values"
    return Finding(
        "units", name, "converted_share", Verdict.ALERT, value=share, baseline=0.0, limit=options.least_share,
        effect=share, sample_size=context.rows_seen, unit="fraction",
        message=f"{values} of {name} tell the hour of another time zone: {hours:+d} hours.",
        suggests=(Cause.UNIT_CHANGE,), role=Role.DATA_FAULT, details={"hours": hours},
    )  # fmt: skip
