"""Train the first champion of a model and put it in service. A model that has a champion keeps it.

A champion that was registered elsewhere gets a reference, of rows from after its training. What its answers mean is
found out on these rows, and said.

Exit code 0: the model has a champion. 2: it could not be made.
"""

from __future__ import annotations

import argparse

from airmedic_core.terminal.arguments import add_by, add_model, workspace_of
from airmedic_core.terminal.progress import step

SUMMARY = "train the first champion and put it in service, or take over the one that serves"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_model(parser)
    parser.add_argument("--start", help="begin of the training rows (default: the spec's reference)")
    parser.add_argument("--end", help="end of the training rows")
    parser.add_argument("--as-of", help="labels that became known later are not used (default: the end)")
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Adopt."""
    from airmedic_core.errors import SpecError
    from airmedic_core.terminal.output import judged, say
    from airmedic_core.training.adopt import adopt
    from airmedic_core.training.understood import described
    from airmedic_core.windows import Window, as_utc

    if bool(args.start) != bool(args.end):
        raise SpecError("--start and --end belong together.", "Give both, or neither to use the spec's reference.")
    window = Window(as_utc(args.start), as_utc(args.end)) if args.start else None
    as_of = as_utc(args.as_of) if args.as_of else None
    ws = workspace_of(args.model, create=True)
    step("reads the reference, and trains where nothing serves yet")
    promotion = adopt(ws, window=window, as_of=as_of, by=args.by)
    judged("ok", f"version {promotion.to_version} of {promotion.model} serves since {promotion.at:%Y-%m-%d %H:%M} UTC")
    step("looks at what its answers mean")
    for line in described(ws, ws.registry.champion(ws.spec.name)):
        say(line)
    return 0
