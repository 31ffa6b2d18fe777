"""Find the sections that answer a question, and notice when none does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from airmedic_core.knowledge.ingest import Kind, Section
from airmedic_core.knowledge.rank import Bm25, Ngrams, fuse

TITLE_WEIGHT = 2
"""Sets how often a section's own heading counts, against once for each word of its text."""
COVERED_LEAST = 0.37
"""Share of a question's weight that the best section must cover, or nothing answers it."""


class Embedder(Protocol):
    """An optional third ranker that compares meanings. It must rank well: a weak one lowers the result."""

    def similarities(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """Return the similarity of each text with the question; 0 for none."""
        ...


class Reranker(Protocol):
    """An optional last look at the best candidates."""

    def rerank(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """Return a score for each text, higher is better."""
        ...


@dataclass(frozen=True)
class Hit:
    """One section that was found."""

    section: Section
    score: float


@dataclass(frozen=True)
class Answer:
    """Holds what was found for a question, best first."""

    question: str
    hits: tuple[Hit, ...]
    covered: float
    """Share of the question that the best section covers."""
    answered: bool
    """Says whether anything answers it at all."""

    @property
    def best(self) -> Section | None:
        """The section that answers it, where one does."""
        return self.hits[0].section if self.answered and self.hits else None


class Index:
    """Sections that can be searched.

    Parameters
    ----------
    sections : sequence of Section
        What to search.
    embedder, reranker : optional
        Further rankers, where an installation has them.
    """

    def __init__(
        self, sections: Sequence[Section], *, embedder: Embedder | None = None, reranker: Reranker | None = None
    ) -> None:
        self.sections = _citable(sections)
        self._texts = [indexed_text(section) for section in self.sections]
        self._bm25 = Bm25(self._texts)
        self._ngrams = Ngrams(self._texts)
        self._embedder, self._reranker = embedder, reranker

    def search(
        self, question: str, *, kind: Kind | None = None, cause: str = "", model: str = "", limit: int = 5
    ) -> Answer:
        """Return the sections that answer a question.

        Parameters
        ----------
        question : str
            In words.
        kind : {"runbook", "incident"}, optional
            Only sections of this kind.
        cause, model : str
            Only sections about this cause, about this model or all models; empty for any.
        limit : int
            Sections at the most.
        """

        def eligible(place: int) -> bool:
            section = self.sections[place]
            return (
                (kind is None or section.kind == kind)
                and (not cause or cause in section.causes)
                and (not model or not section.models or model in section.models)
            )

        rankings: list[Sequence[float]] = [self._bm25.scores(question), self._ngrams.scores(question)]
        if self._embedder is not None:
            rankings.append(self._embedder.similarities(question, self._texts))
        fused = fuse(rankings, eligible)
        if self._reranker is not None and fused:
            head = [place for place, _ in fused[: 4 * limit]]
            scores = self._reranker.rerank(question, [self._texts[place] for place in head])
            fused = sorted(zip(head, scores, strict=True), key=lambda pair: -pair[1])
        covered = max((self._bm25.covered(question, place) for place, _ in fused[:3]), default=0.0)
        hits = tuple(Hit(self.sections[place], score) for place, score in fused[:limit])
        return Answer(question, hits, round(covered, 3), bool(hits) and covered >= COVERED_LEAST)


def indexed_text(section: Section) -> str:
    """Return the words by which a section is found: its headings, its text and what its front matter names."""
    heading = f"{section.title} " * TITLE_WEIGHT
    named = " ".join([*section.causes, *_words(section.facts.get("columns")), str(section.facts.get("action", ""))])
    about = named if section.kind == "incident" else ""
    return f"{heading}{section.document} {section.text} {about}"


def _citable(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Leave out what stands above the first heading of a longer document: its sections say it more exactly."""
    longer = {section.source for section in sections if section.title != section.document}
    return tuple(section for section in sections if section.title != section.document or section.source not in longer)


def _words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []
