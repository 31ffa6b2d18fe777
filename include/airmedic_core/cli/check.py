"""Check one window of rows against a reference: healthy or not, and why not. Needs no Airflow, ledger or MLflow.

Where the spec names no logged predictions, a default model is fitted on the earlier 70 % of the reference, and the rest
is its baseline of performance. A first suspicion that a second window would have to confirm is reported as `watch` and
counts as healthy.

Exit code 0: healthy. 1: not healthy. 2: it could not be checked.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.terminal.arguments import add_json, add_model, spec_of
from airmedic_core.terminal.progress import step

if TYPE_CHECKING:
    from airmedic_core.pair import PairCheck
    from airmedic_core.records import Json
    from airmedic_core.spec import ModelSpec

SUMMARY = "check one window of rows against a reference"

_MOST_UNSEEN = 10
"""Columns that are printed: a table of thousands would hide the answer."""


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
    # Threads of OpenMP and OpenBLAS wait for each other in a busy loop: one thread takes a third of their CPU time, and
    # is quicker beside other work. Both variables are read when the libraries are first loaded.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from airmedic_core.pair import check_pair
    from airmedic_core.pair.labels import refuse_no_target
    from airmedic_core.reading import Writing, read_rows
    from airmedic_core.settings import Settings
    from airmedic_core.terminal.output import write_json, write_text
    from airmedic_core.windows import as_utc

    spec = spec_of(args.model)
    writing = Writing.of(spec)
    step(f"reads {Path(args.reference).name}")
    reference = read_rows(args.reference, writing)
    step(f"reads {Path(args.current).name}")
    current = read_rows(args.current, writing)
    as_of = as_utc(args.as_of) if args.as_of else None
    step("compares the rows")
    result = check_pair(spec, reference, current, as_of=as_of, settings=Settings.from_env())
    # Last: files that are wrong as a whole lack the target too.
    refuse_no_target(spec, reference, current)
    if args.json:
        write_json(args.json, plain(result))
    if args.html:
        from airmedic_core.diagnose.summary import as_likely_too
        from airmedic_core.reports.check_page import Side, check_page

        step("draws the page")
        before, now = result.spans
        sides = Side(args.reference, reference, *before), Side(args.current, current, *now)
        answer = result.assessment, result.findings, result.recommended
        likely = result.causes[0].chance, as_likely_too(result.assessment.cause, result.rival)
        page = check_page(spec, *answer, *sides, likely=likely, not_monitored=result.not_monitored)
        write_text(args.html, page)
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
        "confidence": round(result.causes[0].chance, 3),
        "causes": [{"cause": str(likely.cause), "confidence": round(likely.chance, 3)} for likely in result.causes],
        "about_as_likely": _about_as_likely(result),
        "headline": assessment.headline,
        "decided_by": list(assessment.finding_keys),
        "findings": [to_json(finding) for finding in result.findings],
        "recommended_actions": [to_json(action) for action in result.recommended],
        "not_knowable": list(assessment.not_knowable),
        "not_monitored": result.not_monitored,
    }


def _about_as_likely(result: PairCheck) -> Json | None:
    if result.rival is None:
        return None
    settled = result.assessment.cause.traits.settled_by, result.rival.cause.traits.settled_by
    return {
        "cause": str(result.rival.cause),
        "confidence": round(result.rival.chance, 3),
        "to_tell_them_apart": [text for text in settled if text],
    }


def _print(spec: ModelSpec, result: PairCheck) -> None:
    from airmedic_core.assess import summarise
    from airmedic_core.diagnose.summary import as_likely_too
    from airmedic_core.records import Verdict
    from airmedic_core.reports.findings import ranked
    from airmedic_core.reports.measured import largest_moves, metric_words, move_words
    from airmedic_core.reports.text import number
    from airmedic_core.terminal.output import judged, say, show_under

    assessment = result.assessment
    word = assessment.outcome if assessment.outcome != "incident" else str(assessment.cause)
    # What is watched is not named yet.
    sure = "" if assessment.outcome == "watch" else f", confidence {number(result.causes[0].chance, 'fraction')}"
    judged(assessment.outcome, f"{spec.name}: {word}, severity {assessment.severity}{sure}")
    say(assessment.headline)
    if also := as_likely_too(assessment.cause, result.rival):
        say(also)
    if measured := metric_words(summarise(result.findings, spec.metric), result.findings):
        say(f"Performance: {measured}.")
    for move in largest_moves(result.findings, most=1):
        say(f"Largest move: {move.column} {move_words(move)}.")
    shown = [finding for finding in ranked(result.findings) if finding.verdict is not Verdict.OK]
    rows = [
        (
            f"{finding.check} {finding.subject}",
            finding.verdict,
            finding.statistic,
            number(finding.value),
            f"(usual {number(finding.baseline)})" if finding.baseline is not None else "",
            finding.message,
        )
        for finding in shown[:20]
    ]
    if rows:
        show_under(("Finding", "Verdict", "Statistic", "Value", "Usual", "What it says"), rows)
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
