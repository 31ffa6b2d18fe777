"""Rankings of sections for a question: BM25 over terms, cosine over character n-grams, fused by reciprocal rank."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from airmedic_core.knowledge.terms import grams, terms

RECIPROCAL_RANK_K = 60
"""Cormack, Clarke, Büttcher 2009, Reciprocal rank fusion outperforms Condorcet."""


class Bm25:
    """Robertson and Zaragoza 2009, The probabilistic relevance framework: BM25 and beyond.

    Parameters
    ----------
    texts : sequence of str
        The texts to rank.
    k1, b : float
        Saturation of a term's frequency, and how much long texts are marked down.
    """

    def __init__(self, texts: Sequence[str], *, k1: float = 1.2, b: float = 0.75) -> None:
        self._counts = [Counter(terms(text)) for text in texts]
        lengths = [sum(counts.values()) for counts in self._counts]
        mean = sum(lengths) / len(lengths) if lengths else 1.0
        self._norms = [k1 * (1 - b + b * length / (mean or 1.0)) for length in lengths]
        self._k1 = k1
        frequency = Counter(term for counts in self._counts for term in counts)
        total = len(texts)
        self.idf = {term: math.log(1 + (total - n + 0.5) / (n + 0.5)) for term, n in frequency.items()}
        self.unseen_idf = math.log(1 + (total + 0.5) / 0.5)

    def scores(self, question: str) -> list[float]:
        """Return the score of each text."""
        wanted = Counter(terms(question))
        return [
            sum(
                self.idf[term] * counts[term] * (self._k1 + 1) / (counts[term] + norm) * times
                for term, times in wanted.items()
                if counts[term]
            )
            for counts, norm in zip(self._counts, self._norms, strict=True)
        ]

    def covered(self, question: str, text: int) -> float:
        """Return how much of a question's weight, by rarity of its terms, occurs in one text, from 0 to 1."""
        wanted = set(terms(question))
        weights = {term: self.idf.get(term, self.unseen_idf) for term in wanted}
        whole = sum(weights.values())
        return sum(weight for term, weight in weights.items() if self._counts[text][term]) / whole if whole else 0.0


class Ngrams:
    """Cosine similarity of character n-grams weighted by TF-IDF; finds variants and misspellings of words."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(grams(text)) for text in texts]
        frequency = Counter(gram for gram_counts in counts for gram in gram_counts)
        total = len(texts)
        self._idf = {gram: math.log((1 + total) / (1 + n)) + 1 for gram, n in frequency.items()}
        self._unseen = math.log(1 + total) + 1
        self._vectors = [self._unit(gram_counts) for gram_counts in counts]

    def scores(self, question: str) -> list[float]:
        """Return the similarity of each text, from 0 to 1."""
        wanted = self._unit(Counter(grams(question)))
        return [
            sum(weight * vector[gram] for gram, weight in wanted.items() if gram in vector) for vector in self._vectors
        ]

    def _unit(self, counts: Counter[str]) -> dict[str, float]:
        weights = {gram: (1 + math.log(n)) * self._idf.get(gram, self._unseen) for gram, n in counts.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {gram: weight / length for gram, weight in weights.items()}


def fuse(rankings: Sequence[Sequence[float]], eligible: Callable[[int], bool]) -> list[tuple[int, float]]:
    """Fuse several scores of the same texts by reciprocal rank.

    Parameters
    ----------
    rankings : sequence of sequences of float
        For each ranker, the score of each text; a text with 0 is not ranked by it.
    eligible : callable
        Which texts may be returned.

    Returns
    -------
    list of (int, float)
        Place of the text and its fused score, best first; equal scores keep the order of the texts.
    """
    fused: dict[int, float] = {}
    for scores in rankings:
        ranked = sorted((place for place, score in enumerate(scores) if score > 0 and eligible(place)),
                        key=lambda place: -scores[place])  # fmt: skip
        for rank, place in enumerate(ranked, start=1):
            fused[place] = fused.get(place, 0.0) + 1 / (RECIPROCAL_RANK_K + rank)
    return sorted(fused.items(), key=lambda pair: (-pair[1], pair[0]))
