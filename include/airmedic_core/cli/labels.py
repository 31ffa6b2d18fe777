"""List which labels people are asked for, or take labels back: the file that was handed out, filled in.

What comes back is checked: a row that was not asked for, or comes twice, is refused, and nothing is recorded then. The
window is looked at again with its labels, and if something is wrong, its incident is diagnosed anew. Exit code 0: the
labels are recorded, or listed. 2: they could not be.
"""

from __future__ import annotations

import argparse

from airmedic_core.terminal.arguments import add_by, add_json, add_model, workspace_of
from airmedic_core.terminal.progress import step

SUMMARY = "list which labels are asked for, or take them back"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("do", nargs="?", choices=("list", "return"), default="list", help="default: %(default)s")
    parser.add_argument("file", nargs="?", metavar="FILE", help="csv with the columns row and the spec's target")
    add_model(parser)
    add_by(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List requests, or take labels back."""
    if args.do == "return":
        return _return(args)
    from airmedic_core.returned_labels import label_requests
    from airmedic_core.terminal.output import say, show_under, write_json

    ws = workspace_of(args.model)
    requests = label_requests(ws)
    if args.json:
        write_json(args.json, [{"proposal": r.proposal_hash, **r.output} for r in requests])
    elif requests:
        rows = [(str(r.output["window"]), str(r.output["count"]), str(r.output["file"])) for r in requests]
        show_under(("Window", "Rows", "File"), rows)
    else:
        say(f"Nobody is asked for labels of {args.model}.")
    return 0


def _return(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from airmedic_core.actions.request_labels import target_column
    from airmedic_core.errors import ReturnedLabelsError
    from airmedic_core.returned_labels import take_labels
    from airmedic_core.terminal.output import judged, say, write_json

    if not args.file:
        raise ReturnedLabelsError("There is no file to take labels from.", "airmedic labels return FILE --model NAME")
    ws = workspace_of(args.model)
    answers = _answers(args.file, target_column(ws.spec))
    step("looks at the window with its labels")
    taken = take_labels(ws, answers, by=args.by, now=datetime.now(UTC))
    if args.json:
        write_json(args.json, taken.to_json())
        return 0
    judged("ok", f"{taken.count} labels of {taken.window} are recorded")
    say(f"The window is {taken.outcome} now: {taken.headline}")
    if taken.incident_id:
        say(f"{taken.summary} Trigger remediate__{args.model} with incident_id {taken.incident_id}.")
    return 0


def _answers(place: str, target: str) -> list[tuple[str, object]]:
    import pandas as pd

    from airmedic_core.errors import ReturnedLabelsError

    try:
        rows = pd.read_csv(place, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise ReturnedLabelsError(
            f"{place} cannot be read: {error}", "Give the csv file that was handed out."
        ) from error
    # A name that a spreadsheet would take for a formula is handed out behind an apostrophe.
    rows = rows.rename(columns={f"'{target}": target})
    missing = [name for name in ("row", target) if name not in rows]
    if missing:
        raise ReturnedLabelsError(f"{place} has no column {missing[0]!r}.", f"It needs row and {target}.")
    return list(zip(rows["row"], rows[target], strict=True))
