"""Units: columns, or a share of their rows, that are now measured in another unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from airmedic_core.checks import Check
from airmedic_core.checks.units.options import LIMITS, Options
from airmedic_core.columns import category_name
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Json, Role, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.checks.units.conversions import Map
    from airmedic_core.checks.units.converted_column import ConvertedColumn
    from airmedic_core.checks.units.converted_groups import ConvertedGroup, Groups
    from airmedic_core.comparison import CheckContext
    from airmedic_core.measures.ties import Ties


@final
class Units(Check[Options]):
    """Columns, or a share of their rows, that are now measured in another unit.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(amount=day["amount"] * 100))
    >>> finding = Units().run(context, Options())[0]
    >>> finding.subject, finding.verdict.value, finding.details["map"], finding.details["conversion"]
    ('amount', 'alert', 'times hundred (percent, cents, cm)', 'x / 100')
    """

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
                of_column = _other_zone(context, name, options) or _column(context, name, ties, options)
                if of_column and rows is not None and _counts_on(context, rows, context.frame, name):
                    continue
                findings += of_column or (_group(context, name, groups, options) if groups else [])
        if not findings:
            count = len(context.profile.edges.numeric)
            findings.append(
                Finding(
                    "units", "batch", "columns", Verdict.OK, value=count, message=f"No unit changed in {count} columns."
                )
            )
        return findings


def _other_zone(context: CheckContext, name: str, options: Options) -> list[Finding]:
    from airmedic_core.checks.units.clock import hours_ahead
    from airmedic_core.checks.units.way_back import clock_back

    rows = context.reference_rows
    if rows is None:
        return []
    ahead = hours_ahead(rows, context.frame, name, context.spec.data.time_column, options.least_share)
    if ahead is None:
        return []
    hours, share = ahead
    text = f"{_values(name, share)} tell the hour of another time zone: {hours:+d} hours."
    details = {"hours": hours} | clock_back(name, hours, share)
    return [_finding(name, share, context.rows_seen, options, text, details)]


def _column(context: CheckContext, name: str, ties: Ties | None, options: Options) -> list[Finding]:
    from airmedic_core.checks.units.converted_column import converted_column
    from airmedic_core.checks.units.way_back import column_back

    column = converted_column(context, name, ties, options)
    if column is None:
        return []
    conversion, factors = column.conversion, column.factors
    turned = conversion.factor == -1.0
    change = "have the other sign" if turned else f"are in another unit: {conversion.name}"
    range_of_factors = factors.sentence() if factors else ""
    text = f"{_values(name, column.share)} {change}. {_inverse(conversion)} brings them back. {range_of_factors}"
    details = _details(column)
    if factors:
        details |= {"factor_low": factors.low, "factor_high": factors.high}
    details |= column_back(context, name, column)
    # No quantity is measured in negative units: a turned sign is an error of the source.
    cause = Cause.DATA_CORRUPTION if turned else Cause.UNIT_CHANGE
    return [_finding(name, column.share, column.rows, options, text.rstrip(), details, cause)]


def _counts_on(context: CheckContext, past: pd.DataFrame, now: pd.DataFrame, name: str) -> bool:
    """Return whether a column is a counter, which is where it should be by now."""
    from airmedic_core.checks.units.counters import goes_on_counting

    return goes_on_counting(past, now, name, context.spec.data.time_column)


def _group(context: CheckContext, name: str, groups: Groups, options: Options) -> list[Finding]:
    from airmedic_core.checks.units.conversions import known_maps
    from airmedic_core.checks.units.converted_groups import converted_group
    from airmedic_core.checks.units.way_back import group_back
    from airmedic_core.profile import NumericProfile, ks

    now, reference = context.profile.columns[name], context.reference.whole.columns[name]
    if not isinstance(now, NumericProfile) or not isinstance(reference, NumericProfile):
        return []
    # A group that moved takes the whole column along by its share.
    if not ks(reference, now) >= LIMITS.group_move * options.least_share:
        return []
    group = converted_group(groups, name, known_maps())
    if group is None or group.share < options.least_share:
        return []
    column, _, level = group.group.partition("=")
    past, rows = (frame[frame[column].map(category_name) == level] for frame in (groups.past, groups.frame))
    if _counts_on(context, past, rows, name):
        return []
    hidden = context.spec.is_private(group.group)
    where = "in one group of rows" if hidden else f"where {group.group}"
    unit = f"are in another unit: {group.conversion.name}"
    text = f"The values of {name} {where} {unit}. {_inverse(group.conversion)} brings them back."
    details = _details(group) | ({} if hidden else {"group": group.group}) | group_back(context, name, group)
    return [_finding(name, group.share, context.rows_seen, options, text, details)]


def _finding(
    name: str,
    share: float,
    rows: int,
    options: Options,
    text: str,
    details: Json,
    cause: Cause = Cause.UNIT_CHANGE,
) -> Finding:
    return Finding(
        "units", name, "converted_share", Verdict.ALERT, value=share, baseline=0.0, limit=options.least_share,
        effect=share, sample_size=rows, unit="fraction", message=text, suggests=(cause,), role=Role.DATA_FAULT,
        details=details,
    )  # fmt: skip


def _values(name: str, share: float) -> str:
    return f"All values of {name}" if share > LIMITS.whole else f"{percent(share)} of the values of {name}"


def _details(converted: ConvertedColumn | ConvertedGroup) -> Json:
    conversion = converted.conversion
    return {
        "factor": conversion.factor, "offset": conversion.offset, "conversion": _inverse(conversion),
        "map": conversion.name, "distance_before": round(converted.before, 4),
        "distance_after": round(converted.after, 4),
    }  # fmt: skip


def _inverse(conversion: Map) -> str:
    if conversion.offset:
        return f"(x − {conversion.offset:g}) / {conversion.factor:g}"
    if 0 < conversion.factor < 1:
        return f"x × {1 / conversion.factor:g}"
    return f"x / {conversion.factor:g}"
