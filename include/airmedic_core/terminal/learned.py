"""Says what is learned, as a table of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from airmedic_core.records import Json
from airmedic_core.terminal.output import judged, say

_MODES = {
    "off": "Learning is off.",
    "shadow": "Learning is in the shadow: the rules decide, and this is what it would do.",
    "on": "Learning is on: it orders what policy and rules allow.",
}
_WIDEST_ACTION = 17
"""Signs of an action's name that fit: as many as the longest name of the package has."""
_UNVOUCHED_NAMED = 3
"""Incidents that are named, each in a line, of those that the chain does not vouch for."""


def tell_learned(report: Json) -> None:
    """Print the report of learning.

    Parameters
    ----------
    report : dict
        As :func:`airmedic_core.learning.learning_report` returns it.
    """
    say(_MODES[report["mode"]], "bold")
    say(f"{report['outcomes']} verified outcomes count; {report['decisions']} decisions were left to the diagnosis.")
    if left_out := report["left_out"]:
        judged("warning", f"Estimates leave out {left_out} decisions: an earlier version recorded wrong chances.")
    if unvouched := report["unvouched"]:
        judged("warning", f"{len(unvouched)} incidents do not count: the chain does not vouch for them.")
        for name in unvouched[:_UNVOUCHED_NAMED]:
            say(f"  {name}")
    if report["problem"]:
        judged("warning", report["problem"])
    if not report["causes"]:
        say("Nothing was decided yet: the priors alone hold. `airmedic prior` lists them.")
    for cause in report["causes"]:
        say()
        say(cause["cause"], "bold")
        say(f"  {'action':<17}{'prior':>5}{'+/-':>9}  {'healed, 90 %':<17}{'chance':>7}  {'against the first'}")
        for line in lines_of(cause):
            say(line)


def lines_of(cause: Json) -> Iterator[str]:
    """Yield the lines of one cause, none of them wider than 80 signs.

    Parameters
    ----------
    cause : dict
        One of the report's ``causes``.
    """
    for row in cause["actions"]:
        counts = f"{row['successes']}/{row['failures']}"
        healed = f"{row['mean']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
        chance = "-" if row["propensity"] is None else f"{row['propensity']:.2f}"
        name = row["action"] if len(row["action"]) <= _WIDEST_ACTION else f"{row['action'][: _WIDEST_ACTION - 1]}…"
        yield f"  {name:<17}{row['prior']:>5.2f}{counts:>9}  {healed:<17}{chance:>7}  {_estimate(row['off_policy'])}"
        yield from (f"      {note}" for note in _notes(row))
    yield f"  {cause['would_change'] or 'The first choice would be the same.'}"


def _estimate(known: Json | None) -> str:
    if known is None:
        return "is the first"
    if known["doubly_robust"] is None:
        return "never by chance"
    return f"{known['doubly_robust']:+.2f} [{known['low']:+.2f},{known['high']:+.2f}]"


def _notes(row: Json) -> Iterator[str]:
    if row["prior_changed_by"]:
        yield f"prior changed by {row['prior_changed_by'][:50]}"
    known = row["off_policy"]
    if known is not None and known["doubly_robust"] is not None:
        low, high = known["inverse_propensity_low"], known["inverse_propensity_high"]
        weighed = f"inverse propensity {known['inverse_propensity']:+.2f} [{low:+.2f},{high:+.2f}]"
        yield f"{weighed}, {known['with_chance']} decisions"
    if row["would_have_been_tried"] and row["would_have_been_tried"] != row["chosen_in"]:
        yield f"in the shadow first in {row['would_have_been_tried']} of {row['possible_in']} decisions"
    if row["trials_helped"] or row["trials_did_not_help"]:
        yield f"trained in the shadow: helped {row['trials_helped']}, did not {row['trials_did_not_help']}"
