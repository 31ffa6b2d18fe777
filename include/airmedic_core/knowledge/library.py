"""All that an installation knows: the team's runbooks, the written incidents and the closed ones in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from airmedic_core.knowledge.ingest import Kind, Section, read_folder
from airmedic_core.knowledge.remember import remembered
from airmedic_core.knowledge.retrieve import Answer, Embedder, Index, Reranker

if TYPE_CHECKING:
    from pathlib import Path

    from airmedic_core.ledger import Ledger


@dataclass(frozen=True)
class Library:
    """Sections of runbooks and incidents, ready to be searched."""

    sections: tuple[Section, ...]
    problems: tuple[str, ...] = ()
    """Files that could not be read, in words."""
    embedder: Embedder | None = None
    reranker: Reranker | None = None

    @cached_property
    def index(self) -> Index:
        """The sections as an index, made at the first search."""
        return Index(self.sections, embedder=self.embedder, reranker=self.reranker)

    def search(
        self, question: str, *, kind: Kind | None = None, cause: str = "", model: str = "", limit: int = 5
    ) -> Answer:
        """Return the sections that answer a question; see :meth:`Index.search`.

        Parameters
        ----------
        question : str
            What is asked, in words.
        kind : Kind, optional
            Only sections of this kind.
        cause : str
            Only sections about this cause; empty for any.
        model : str
            Only sections about this model or all models; empty for any.
        limit : int
            Sections at the most.
        """
        return self.index.search(question, kind=kind, cause=cause, model=model, limit=limit)

    def section(self, address: str) -> Section | None:
        """Return the section at an address such as ``drift.md#harmless-shift``, where there is one."""
        return next((section for section in self.sections if section.address == address), None)


def open_library(
    content: Path,
    ledger: Ledger | None = None,
    *,
    leave_out: Sequence[str] = (),
    embedder: Embedder | None = None,
    reranker: Reranker | None = None,
) -> Library:
    """Read the runbooks and incidents of an installation.

    Parameters
    ----------
    content : Path
        The content folder; its ``runbooks/`` and ``incidents/`` are read anew each time.
    ledger : Ledger, optional
        Its closed incidents are read as well.
    leave_out : sequence of str
        Incidents that are not to be found: the one that is being diagnosed.
    embedder, reranker : optional
        Further rankers.
    """
    runbooks, first = read_folder(content / "runbooks", "runbook")
    incidents, second = read_folder(content / "incidents", "incident")
    closed = [] if ledger is None else remembered(ledger, leave_out=leave_out)
    return Library((*runbooks, *incidents, *closed), (*first, *second), embedder, reranker)
