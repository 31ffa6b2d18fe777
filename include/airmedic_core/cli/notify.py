"""Tell the people whom a model spec names something as a test, or show what they would be told.

With --preview nothing is sent and nothing has to be connected. Without it, a notice that says that it is a test goes
out in every way that the spec names under notify. Exit code 0: shown, or told in every way. 1: one of them has failed.
2: there is no such model.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from airmedic_core.terminal.arguments import add_model, spec_of
from airmedic_core.terminal.progress import step

if TYPE_CHECKING:
    from airmedic_core.notifiers import Notice
    from airmedic_core.spec import ModelSpec

SUMMARY = "send a test notice, or show what people are told"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_model(parser)
    parser.add_argument("--preview", action="store_true", help="send nothing, and show it")
    parser.add_argument("--event", metavar="EVENT", default="incident_opened", help="of what to tell (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Show or send a notice in each way."""
    from airmedic_core.notifiers import NOTIFIERS, RoutedOptions, options_for
    from airmedic_core.terminal.output import judged, say

    spec = spec_of(args.model)
    notice = _example(spec, args.event)
    if not spec.notify:
        say(f"{spec.name!r} names nobody under notify: notices are in the task log alone.")
    failed = 0
    for name, given in spec.notify.items():
        notifier, options = NOTIFIERS.member(name), options_for(name, given)
        if args.preview:
            say(f"── {name}", "bold")
            say(notifier.preview(notice, options))
            continue
        if isinstance(options, RoutedOptions) and not options.wants(notice):
            judged("ok", f"{name} is not told of such a notice")
            continue
        step(f"tells {name}")
        try:
            sent = notifier.send(notice, options)
        except Exception as error:  # noqa: BLE001  a notifier of a package may raise anything, and the others are tried
            failed += 1
            judged("failed", f"{name}: {error}")
        else:
            judged(*(("watch", f"{name} has sent nothing") if sent is False else ("ok", f"{name} took it")))
    return 1 if failed else 0


def _example(spec: ModelSpec, event: str) -> Notice:
    from airmedic_core.errors import SpecError, closest
    from airmedic_core.notifiers import Event, Notice
    from airmedic_core.records import IncidentState, Severity

    if event not in set(Event):
        raise SpecError(f"There is no event {event!r}.", closest(event, [str(known) for known in Event]))
    return Notice(
        Event(event),
        spec.name,
        f"Test of {spec.title or spec.name}: nothing has happened",
        ("This is what a notice looks like. Nobody has to do anything.",),
        incident_id=f"{spec.name}__test",
        severity=Severity.MEDIUM,
        state=IncidentState.RESOLVED if event == Event.INCIDENT_CLOSED else IncidentState.OPEN,
        links=(),
    )
