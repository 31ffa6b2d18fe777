"""Says what is approved of a watch, in words for those who approve it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airmedic_core.records import Proposal

if TYPE_CHECKING:
    from airmedic_core.watch.trial import TrialOptions


def watched_in_service(proposal: Proposal) -> list[str]:
    """Return how a version is watched that answers all rows, and what takes it back."""
    windows = int(proposal.params["rollout"]["watch_windows"])
    told = f"It is watched for {new_windows(windows, proposal)}, for {_timeout(proposal)} at the most."
    return [
        told if windows else "It is tried on the newest batch, and watched no further.",
        f"Version {_before(proposal)} serves again, by itself, if it does worse than in the test, or fails.",
    ]


def when_in_service(proposal: Proposal) -> str:
    """Return while what a version that answers all rows is taken back by itself, as the end of a sentence."""
    windows = int(proposal.params["rollout"]["watch_windows"])
    if not windows:
        return "on the newest batch"
    return f"on the newest batch, and in the {windows} new window{'s' if windows > 1 else ''} that it is watched"


def shown_in_trial(proposal: Proposal, options: TrialOptions) -> str:
    """Return what a version that is tried has to show, as the end of a sentence."""
    more = f"{100 * options.tolerance_fraction:g} %"
    return f"if its error is at most {more} above version {_before(proposal)}’s."


def end_of_trial(proposal: Proposal, options: TrialOptions, back: str) -> list[str]:
    """Return what ends a trial.

    Parameters
    ----------
    proposal : Proposal
        The deployment.
    options : TrialOptions
        How it is judged.
    back : str
        What it means to be taken back, as the beginning of a sentence.
    """
    windows = f"{options.max_windows} new window{'s' if options.max_windows > 1 else ''}"
    within = f"{_timeout(proposal)} or {windows}" if options.max_windows else _timeout(proposal)
    return [f"{back} if it is shown to be worse, or fails; else people are asked in {within}."]


def new_windows(count: int, proposal: Proposal) -> str:
    """Return so many new windows, with their length where the proposal holds it."""
    length = str(proposal.params["rollout"].get("window", ""))
    length = f"1 {length}" if length[:1].isalpha() else length
    if count == 1:
        return f"1 new window ({length})" if length else "1 new window"
    return f"{count} new windows ({length} each)" if length else f"{count} new windows"


def _before(proposal: Proposal) -> str:
    return str(proposal.params["gate"]["champion"])


def _timeout(proposal: Proposal) -> str:
    time = timedelta(seconds=proposal.params["rollout"]["watch_timeout_seconds"])
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if not time % length:
            return f"{time // length} {unit}{'s' if time > length else ''}"
    return f"{time.total_seconds():.0f} seconds"
