"""The command line that programs over labelled pairs share: which part, which cases, and what is printed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from labelled.answer import Answer, answers, watched
from labelled.case import LabelledCase
from labelled.figures import by, overall, wrong
from labelled.tables import DATA, Part


def arguments(text: str) -> argparse.ArgumentParser:
    """Return the parser of a program.

    Parameters
    ----------
    text : str
        The program's docstring.
    """
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("open", "closed"), default="open", help="closed measures; do not look at it")
    parser.add_argument("--only", default="", help="text that the case's name or kind holds")
    parser.add_argument("--findings", action="store_true", help="print the findings that are not in order")
    parser.add_argument("--json", type=Path, help="where to write every answer")
    parser.add_argument("--jobs", type=int, default=1, help="processes that check cases at the same time")
    return parser


def run(options: argparse.Namespace, cases_of: Callable[[Part], Sequence[LabelledCase]]) -> int:
    """Answer the cases of a part, print the figures and return the exit code.

    Parameters
    ----------
    options : argparse.Namespace
        As :func:`arguments` reads them.
    cases_of : callable
        The cases of a part.

    Returns
    -------
    int
    """
    if not (DATA / "real_windows").exists():
        print("AIRMEDIC_DATA does not name the folder of the data sets: nothing to run.")
        return 0
    cases = [case for case in cases_of(options.part) if options.only in case.name or options.only in case.kind]
    if not cases:
        print("No case has that name.")
        return 2
    answered = watched(answers(cases, options.jobs), len(cases))
    print(f"{overall(answered)}\n\n{by(answered, 'domain', lambda item: item.domain)}\n")
    print(by(answered, "kind", lambda item: item.kind))
    if options.part == "open" or options.findings:
        print(f"\n## Wrong or forbidden\n\n{wrong(answered)}")
    if options.findings:
        print_findings(answered)
    if options.json:
        options.json.write_text(json.dumps([asdict(item) for item in answered], indent=1))
    return 0


def print_findings(answered: Sequence[Answer]) -> None:
    """Print the findings of each answer that are not in order."""
    for item in answered:
        print(f"\n{item.case}")
        for finding in item.findings:
            if finding["verdict"] != "ok":
                key = f"{finding['check']}:{finding['subject']}:{finding['statistic']}"
                print(f"  {finding['verdict']:8} {key:50} {finding['message'][:140]}")
