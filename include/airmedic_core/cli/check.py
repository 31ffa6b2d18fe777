"""Check one window of rows against a reference: healthy or not, and why not. Needs no Airflow, ledger or MLflow.

Where the spec names no logged predictions, a default model is fitted on the earlier 70 % of the reference, and the rest
is its baseline of performance. A first suspicion that a second window would have to confirm is reported as `watch` and
counts as healthy.

Exit code 0: healthy. 1: not healthy. 2: it could not be checked.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.terminal.arguments import add_json, add_model, spec_of

if TYPE_CHECKING:
    from airmedic_core.pair import PairCheck
    from airmedic_core.records import Json
    from airmedic_core.spec import ModelSpec

SUMMARY = "check one window of rows against a reference"

_NO_LABELS, _SOUND = 0.6, 0.9
"""Confidence in "healthy" without and with labels, as in the rules diagnosis."""
_MOST_UNSEEN = 10
"""Columns that are printed: a table of thousands would hide the answer."""
_OPEN = 0.5
"""Confidence where a second window would have to decide, or no finding names the cause."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_model(parser)
    parser.add_argument("--reference", required=True, metavar="FILE", help="rows that are known to be good")
    parser.add_argument("--current", required=True, metavar="FILE", help="the rows in question")
    parser.add_argument("--as-of", help="labels that became known later are not used (default: all are)")
    add_json(parser)
    parser.add_argument("--html", metavar="OUT", type=Path, help="also write a page with plots")


def run(args: argparse.Namespace) -> int:
    """Check and print."""
    from airmedic_core.pair import check_pair
    from airmedic_core.pair.labels import refuse_no_target
    from airmedic_core.reading import Writing, read_rows
    from airmedic_core.settings import Settings
    from airmedic_core.terminal.output import write_json, write_text
    from airmedic_core.windows import as_utc

    spec = spec_of(args.model)
    writing = Writing.of(spec)
    reference, current = read_rows(args.reference, writing), read_rows(args.current, writing)
    as_of = as_utc(args.as_of) if args.as_of else None
    result = check_pair(spec, reference, current, as_of=as_of, settings=Settings.from_env())
    # Last: files that are wrong as a whole lack the target too.
    refuse_no_target(spec, reference, current)
    if args.json:
        write_json(args.json, plain(result))
    if args.html:
        from airmedic_core.reports.check_page import Side, check_page

        before, now = result.spans
        sides = Side(args.reference, reference, *before), Side(args.current, current, *now)
        answer = result.assessment, result.findings, result.recommended
        write_text(args.html, check_page(spec, *answer, *sides, not_monitored=result.not_monitored))
    if args.json != "-":
        _print(spec, result)
    return 1 if result.assessment.outcome == "incident" else 0


def plain(result: PairCheck) -> Json:
    """Return the result as JSON for programs."""
    from airmedic_core.records import Cause, to_json

    assessment = result.assessment
    healthy = assessment.outcome != "incident"
    return {
        "cause": str(Cause.HEALTHY if healthy else assessment.cause),
        "healthy": healthy,
        "outcome": assessment.outcome,
        "suspected": str(assessment.cause) if assessment.outcome == "watch" else None,
        "severity": str(assessment.severity),
        "confidence": confidence(result),
        "headline": assessment.headline,
        "decided_by": list(assessment.finding_keys),
        "findings": [to_json(finding) for finding in result.findings],
        "recommended_actions": [to_json(action) for action in result.recommended],
        "not_knowable": list(assessment.not_knowable),
        "not_monitored": result.not_monitored,
    }


def confidence(result: PairCheck) -> float:
    """Return how convincing the cause is, heard as the rules diagnosis hears it."""
    from airmedic_core.assess.signs import is_measured_loss
    from airmedic_core.diagnose.collectors.findings import from_finding
    from airmedic_core.diagnose.facts import Facts
    from airmedic_core.diagnose.hearing import hear
    from airmedic_core.records import EvidencePacket, Verdict

    if result.assessment.outcome == "watch":
        return _OPEN
    if result.assessment.outcome == "healthy":
        measured = [finding for finding in result.findings if is_measured_loss(finding)]
        return _SOUND if any(finding.verdict is Verdict.OK for finding in measured) else _NO_LABELS
    items = tuple(from_finding(finding, finding.check, "", "") for finding in result.findings)
    heard = hear(result.assessment.cause, Facts(EvidencePacket("", "", items)))
    return heard.confidence if heard else _OPEN


def _print(spec: ModelSpec, result: PairCheck) -> None:
    from airmedic_core.records import Verdict
    from airmedic_core.reports.findings import ranked
    from airmedic_core.reports.text import number
    from airmedic_core.terminal.output import judged, say, show

    assessment = result.assessment
    word = assessment.outcome if assessment.outcome != "incident" else str(assessment.cause)
    judged(assessment.outcome, f"{spec.name}: {word}, severity {assessment.severity}")
    say(assessment.headline)
    shown = [finding for finding in ranked(result.findings) if finding.verdict is not Verdict.OK]
    rows = [
        (
            finding.verdict,
            finding.check,
            finding.subject,
            finding.statistic,
            number(finding.value),
            number(finding.baseline),
            finding.message,
        )
        for finding in shown[:20]
    ]
    if rows:
        show("", ("Verdict", "Check", "Subject", "Statistic", "Value", "Usual", "What it says"), rows)
    left = len(shown) - len(rows)
    calm = len(result.findings) - len(shown)
    say(
        f"{calm} of {len(result.findings)} findings are in order."
        + (f" {left} more are in the JSON." if left > 0 else "")
    )
    for text in assessment.not_knowable:
        say(f"Not knowable yet: {text}")
    if unseen := result.not_monitored:
        told = [f"{name} ({reason})" for name, reason in list(unseen.items())[:_MOST_UNSEEN]]
        more = f" and {len(unseen) - len(told)} more, which the JSON names" if len(unseen) > len(told) else ""
        say(f"Not monitored: {', '.join(told)}{more}.")
    for action in result.recommended:
        condition = f" ({action.condition})" if action.condition else ""
        say(f"{action.priority}. {action.action}{condition}: {action.why}")
