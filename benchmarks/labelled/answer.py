"""Says what `airmedic check` answers on labelled cases, and whether that is right."""

from __future__ import annotations

import sys
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from threadpoolctl import threadpool_limits

from airmedic_core.cli.check import plain
from airmedic_core.errors import AirmedicError
from airmedic_core.pair import check_pair
from airmedic_core.spec import parse_spec
from labelled.case import LabelledCase

_REPORTED = 6
"""Most deciding findings that an answer names: more do not fit into a table."""


@dataclass(frozen=True)
class Answer:
    """One case with the answer that it got. Plain enough to be written as JSON."""

    case: str
    collection: str
    domain: str
    kind: str
    accept: tuple[str, ...]
    healthy: bool
    injected: bool
    harmful: bool
    about: str
    cause: str
    """The cause that was named, ``healthy``, or ``error: …`` where there was no answer."""
    alarm: bool
    suspected: str
    """Says what is watched, where the answer waits for a second window."""
    confidence: float
    forbidden: tuple[str, ...]
    """Says what the answer names or recommends although the truth forbids it."""
    decided_by: tuple[str, ...]
    """The findings that decided, with what they say."""
    findings: tuple[dict[str, Any], ...]
    seconds: float

    @property
    def right(self) -> bool:
        """Say whether the cause is one of those that are right."""
        return self.cause in self.accept

    @property
    def precise(self) -> bool:
        """Say whether the cause is the most precise one."""
        return self.cause == self.accept[0]

    @property
    def failed(self) -> bool:
        """Say whether the check gave no answer."""
        return self.cause.startswith("error")


def answer(case: LabelledCase) -> Answer:
    """Check one case as `airmedic check` does."""
    reference, current = case.build()
    spec = parse_spec(case.spec)
    start = time.perf_counter()
    said: dict[str, Any] = {}
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        try:
            said = plain(check_pair(spec, reference, current))
            cause = said["cause"]
        except AirmedicError as error:
            cause = f"error: {error}"[:200]
        except Exception as error:  # noqa: BLE001  # a crash is an answer that the figures must hold
            last = traceback.extract_tb(error.__traceback__)[-1]
            cause = f"error: {type(error).__name__} in {last.name}: {error}"[:200]
    findings = tuple(said.get("findings", ()))
    messages = {f"{item['check']}:{item['subject']}:{item['statistic']}": item["message"] for item in findings}
    deciding = list(said.get("decided_by", ()))
    return Answer(
        case=case.name, collection=case.collection, domain=case.domain, kind=case.kind, accept=case.accept,
        healthy=case.healthy, injected=case.injected, harmful=case.harmful, about=case.about, cause=cause,
        alarm=bool(said) and not said["healthy"], suspected=said.get("suspected") or "",
        confidence=said.get("confidence", 0.0), forbidden=_forbidden(case, cause, said.get("recommended_actions", ())),
        decided_by=tuple(f"{key}: {messages.get(key, '')}" for key in deciding[:_REPORTED]), findings=findings,
        seconds=time.perf_counter() - start,
    )  # fmt: skip


def answers(cases: Sequence[LabelledCase], jobs: int = 1) -> Iterator[Answer]:
    """Yield the answer to each case, in their order.

    Parameters
    ----------
    cases : sequence of LabelledCase
        They need not be picklable: with several jobs each process is forked with all of them.
    jobs : int
        How many processes check cases at the same time.

    Yields
    ------
    Answer
    """
    if jobs <= 1:
        yield from map(answer, cases)
        return
    with ProcessPoolExecutor(jobs, get_context("fork"), initializer=_know, initargs=(cases,)) as pool:
        yield from pool.map(_answer_number, range(len(cases)))


def watched(every: Iterable[Answer], total: int) -> list[Answer]:
    """Return all answers, and write a line for each to the standard error while they come in."""
    seen = []
    for number, item in enumerate(every, start=1):
        mark = "✓" if item.right and not item.forbidden else "✗"
        print(f"{number:4}/{total} {mark} {item.seconds:6.1f} s  {item.case:45} {item.cause}", file=sys.stderr)
        seen.append(item)
    return seen


def _forbidden(case: LabelledCase, cause: str, recommended: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    unconditional = [item["action"] for item in recommended if not item["condition"]]
    return tuple(sorted(case.must_not & {cause, *unconditional}))


_KNOWN: list[LabelledCase] = []


def _know(cases: Sequence[LabelledCase]) -> None:
    _KNOWN[:] = cases


def _answer_number(number: int) -> Answer:
    return answer(_KNOWN[number])
