"""Says how sure a diagnosis by rules is of the causes that it ranks, in shares of such answers that were right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from airmedic_core.assess import Likely, as_likely, likely_causes
from airmedic_core.diagnose.facts import Facts
from airmedic_core.records import Cause, RankedCause
from airmedic_core.reports.shares import shares


def with_chances(ranked: Sequence[RankedCause], facts: Facts) -> tuple[list[RankedCause], Likely | None]:
    """Return the causes with calibrated confidence, and the one that is about as likely as the first.

    The chances were fitted on what the checks say of one window. Evidence of another kind, such as the history of the
    version, is not known to them: where it speaks against a cause, and for all causes but the first, the strength of
    the evidence bounds the confidence.

    Parameters
    ----------
    ranked : sequence of RankedCause
        The cause to name first; the confidence of each is the strength of its evidence.
    facts : Facts
        The evidence.

    Returns
    -------
    causes : list of RankedCause
        The same first cause, then the others, the likeliest first.
    rival : Likely or None
        May be ``healthy``, which is never ranked beside a cause.
    """
    first = ranked[0]
    likely = likely_causes([*facts.of("finding"), *facts.of("deployment.link")], first.cause)
    chances = {candidate.cause: candidate.chance for candidate in likely}
    stated = [_bounded(cause, chances, facts, first=cause is first) for cause in ranked]
    others = sorted(stated[1:], key=lambda cause: -cause.confidence)
    healthy = [candidate for candidate in likely[1:] if candidate.cause is Cause.HEALTHY]
    every = [Likely(cause.cause, cause.confidence) for cause in (stated[0], *others)]
    rivals = sorted([*every[1:], *healthy], key=lambda candidate: -candidate.chance)
    return [stated[0], *others], _in_shares(as_likely([every[0], *rivals]), [stated[0], *others])


def _in_shares(rival: Likely | None, causes: Sequence[RankedCause]) -> Likely | None:
    """Return the rival with the share that people are shown of it, beside that of the first cause."""
    if rival is None:
        return None
    told, _ = shares([cause.confidence for cause in causes])
    shown = {cause.cause: share for cause, share in zip(causes, told, strict=True)}
    return replace(rival, chance=shown.get(rival.cause, min(rival.chance, 1.0 - told[0])))


def _bounded(cause: RankedCause, chances: dict[Cause, float], facts: Facts, *, first: bool) -> RankedCause:
    strength = cause.confidence
    chance = chances.get(cause.cause, strength)
    unseen = any(not item.kind.startswith("finding") for item in facts.by_id(cause.contradicting))
    return replace(cause, confidence=round(chance if first and not unseen else min(chance, strength), 3))
