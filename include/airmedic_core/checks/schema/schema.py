"""Schema: columns, their types and their vocabulary against those of the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from airmedic_core.checks import Check
from airmedic_core.checks.schema.options import LIMITS, Options
from airmedic_core.records import Cause, Finding, Json, Role, Verdict
from airmedic_core.repair import ExchangeColumns, RenameColumn, RenameValues, repairable

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext

_SUGGESTS = (Cause.SCHEMA_CHANGE,)


@final
class Schema(Check[Options]):
    """Columns, their types and their vocabulary against those of the reference.

    Columns that are missing, renamed or exchanged, values of another type, categories under other names, and a table of
    another grain.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.rename(columns={"amount": "loan_amount"}))
    >>> finding = Schema().run(context, Options())[0]
    >>> print(f"{finding.verdict}: {finding.message}")
    alert: The column amount is missing; loan_amount holds the same values: it was probably renamed.
    """

    group = "data"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Compare columns, types, vocabularies and grain with the reference's."""
        from airmedic_core.checks.schema.constant_columns import constant_findings
        from airmedic_core.checks.schema.renames import renamed_columns
        from airmedic_core.checks.schema.unreadable_columns import unreadable_findings
        from airmedic_core.checks.schema.vocabulary import vocabulary_findings

        if not context.batch.rows:
            return []
        missing, new = _missing_and_new(context)
        renamed = renamed_columns(context, missing, new)
        findings = [_missing(context, name, renamed.get(name)) for name in missing]
        findings += [_missing(context, name, None) for name in _missing_predictions(context)]
        present = [name for name in context.features if name not in missing]
        for name in present:
            findings += unreadable_findings(context, name, options) + vocabulary_findings(context, name, options)
            findings += constant_findings(context, name, options)
            findings += _recoded(context, name)
        findings += _grain(context, options) + _exchanged(context) + _slid(context)
        findings += _new_columns(context, sorted(set(new) - set(renamed.values())))
        if not any(finding.verdict is Verdict.ALERT for finding in findings):
            count = len(context.features)
            findings.append(
                Finding(
                    "schema", "batch", "columns", Verdict.OK, value=count, message=f"All {count} inputs are as before."
                )
            )
        return findings


def _missing_and_new(context: CheckContext) -> tuple[list[str], list[str]]:
    present = [str(name) for name in context.frame.columns]
    expected = set(context.features) | {context.spec.entity_column} - {""}
    known = set(context.reference.schema)
    missing = sorted(name for name in expected if name not in present)
    return missing, sorted(name for name in set(present) - known if context.spec.may_be_feature(name))


def _missing_predictions(context: CheckContext) -> list[str]:
    """Return the columns of predictions that the spec names and the batch lacks.

    What only describes a prediction, such as its latency, is missed where the reference had it.
    """
    spec, known = context.spec, context.reference.schema
    logged, present = spec.prediction, {str(name) for name in context.frame.columns}
    by_class = spec.task == "multiclass" and bool(logged.score)
    if by_class:
        scored = [f"{logged.score}_<class>"] if not any(map(spec.is_class_score, present)) else []
    else:
        scored = [logged.score]
    also = [name for name in (logged.version, logged.latency_ms) if name in known]
    return [name for name in (*scored, logged.label, *also) if name and name not in present]


def _missing(context: CheckContext, name: str, new_name: str | None) -> Finding:
    text = f"The column {name} is missing."
    if new_name:
        shown = _public_name(context, new_name)
        text = f"The column {name} is missing; {shown} holds the same values: it was probably renamed."
    details: Json = {}
    if new_name and not context.spec.is_private(new_name):
        details = {"renamed_to": new_name} | repairable(RenameColumn(new_name, name))
    return Finding(
        "schema", name, "missing_column", Verdict.ALERT, value=1.0, effect=1.0, sample_size=context.batch.rows,
        message=text, suggests=_SUGGESTS, role=Role.DATA_FAULT, details=details,
    )  # fmt: skip


def _public_name(context: CheckContext, name: str) -> str:
    """Return a column's name as a finding on another column may say it."""
    return "another column" if context.spec.is_private(name) else name


def _new_columns(context: CheckContext, names: list[str]) -> list[Finding]:
    public = [name for name in names if not context.spec.is_private(name)]
    if not public:
        return []
    shown = ", ".join(public[: LIMITS.named_columns]) + (", …" if len(public) > LIMITS.named_columns else "")
    return [
        Finding(
            "schema", "batch", "new_columns", Verdict.OK, value=len(public), message=f"New columns: {shown}.",
            details={"columns": public[: LIMITS.kept_columns]},
        )
    ]  # fmt: skip


def _exchanged(context: CheckContext) -> list[Finding]:
    from airmedic_core.checks.schema.exchanged_columns import exchanged_columns

    return [
        _exchanged_with(context, name, partner)
        for first, second in exchanged_columns(context)
        for name, partner in ((first, second), (second, first))
    ]


def _recoded(context: CheckContext, name: str) -> list[Finding]:
    from airmedic_core.checks.schema.recoded_values import BLANK, recoded_values

    named = recoded_values(context, name)
    if not named:
        return []

    def shown(value: str) -> str:
        return "blank" if value == BLANK else repr(value)

    pairs = ", ".join(f"{shown(old)} is {shown(new)}" for old, new in list(named.items())[: LIMITS.named_columns])
    return [
        Finding(
            "schema", name, "recoded", Verdict.ALERT, value=float(len(named)), baseline=0.0, effect=1.0,
            sample_size=context.rows_seen,
            message=f"Values of {name} have another code: {pairs} now, with the same share of the rows.",
            suggests=(Cause.SCHEMA_CHANGE, Cause.DATA_CORRUPTION), role=Role.DATA_FAULT,
            explained_by=(Cause.UNIT_CHANGE,), details={"recoded": named} | _names_back(context, name, named),
        )
    ]  # fmt: skip


def _names_back(context: CheckContext, name: str, named: dict[str, str]) -> Json:
    """Return how codes are undone. Where two values share one code now, nobody can tell them apart again."""
    from airmedic_core.checks.schema.recoded_values import shares_tell, usual_values

    kept = set(named.values()) - set(named)
    shared = kept & usual_values(context, name)
    if shared or len(set(named.values())) < len(named):
        return repairable(why_not=f"Values of {name} share one code with others now, and cannot be told apart again.")
    if not shares_tell(context, name, named):
        return repairable(why_not=f"The shares of the values of {name} do not prove which of them is which.")
    return repairable(RenameValues(name, tuple(sorted((new, old) for old, new in named.items()))))


def _slid(context: CheckContext) -> list[Finding]:
    from airmedic_core.checks.schema.slid_rows import slid_rows
    from airmedic_core.numbers import percent

    slid = slid_rows(context)
    if slid is None:
        return []
    names = "the column before" if slid.steps > 0 else "the next column"
    first = "" if context.spec.is_private(slid.first) else f", from {slid.first} on"
    return [
        Finding(
            "schema", "batch", "slid_fraction", Verdict.ALERT, value=slid.share, baseline=slid.usual,
            limit=slid.usual + LIMITS.slid_fraction, effect=slid.share - slid.usual, sample_size=context.rows_seen,
            unit="fraction",
            message=f"In {percent(slid.share)} of the rows each column holds what belongs to {names}{first}.",
            suggests=(Cause.SCHEMA_CHANGE, Cause.DATA_CORRUPTION), role=Role.DATA_FAULT,
        )
    ]  # fmt: skip


def _exchanged_with(context: CheckContext, name: str, partner: str) -> Finding:
    private, shown = context.spec.is_private(partner), _public_name(context, partner)
    details: Json = {}
    if not private:
        details = {"exchanged_with": partner} | repairable(ExchangeColumns(*sorted((name, partner))))
    that = "that" if private else partner
    return Finding(
        "schema", name, "exchanged", Verdict.ALERT, effect=1.0, sample_size=context.batch.rows,
        message=f"{name} lies where {shown} was, and {that} where {name} was: they were probably exchanged.",
        suggests=_SUGGESTS, role=Role.DATA_FAULT, details=details,
    )  # fmt: skip


def _grain(context: CheckContext, options: Options) -> list[Finding]:
    facts, past = context.facts, context.past_facts
    if len(past) < LIMITS.windows or not facts.distinct_times or context.batch.rows < context.spec.window.min_rows:
        return []
    ratios = [before.rows / before.distinct_times for before in past if before.distinct_times]
    if not ratios:
        return []
    now = facts.rows / facts.distinct_times
    low, high = min(ratios), max(ratios)
    if low / options.grain_factor <= now <= high * options.grain_factor:
        return []
    usual = sorted(ratios)[len(ratios) // 2]
    return [
        Finding(
            "schema", context.spec.data.time_column, "rows_per_moment", Verdict.ALERT, value=now, baseline=usual,
            limit=high * options.grain_factor if now > high else low / options.grain_factor, effect=now / usual - 1.0,
            sample_size=facts.rows, unit="rows",
            message=f"There are {now:.1f} rows for each moment where {usual:.1f} are usual: the grain has changed.",
            suggests=_SUGGESTS, role=Role.DATA_FAULT,
        )
    ]  # fmt: skip
