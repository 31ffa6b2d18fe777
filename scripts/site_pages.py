"""Says which pages the site has, and in which order; MkDocs calls it as a hook. It imports nothing of MkDocs.

In the navigation of mkdocs.yml a pattern such as ``decisions/*.md`` stands for all pages that it fits and that nothing
else names, so that a new decision or operator needs no line there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

Entry = str | dict[str, Any]


def on_config(config: Any) -> Any:
    """Fill in the patterns of the navigation. MkDocs calls this with its configuration."""
    config["nav"] = with_pages(config["nav"], Path(config["docs_dir"]))
    return config


def on_post_page(output: str, **_: Any) -> str:
    """Name the dialog of the search, which the theme leaves without a name. MkDocs calls this with each page."""
    return output.replace(
        'data-md-component="search" role="dialog"', 'data-md-component="search" role="dialog" aria-label="Search"'
    )


def with_pages(nav: Sequence[Entry], docs: Path) -> list[Entry]:
    """Return a navigation with pages in place of its patterns.

    Parameters
    ----------
    nav : sequence of str or dict
        As mkdocs.yml has it.
    docs : Path
        The folder of the pages.
    """
    named = {page for page in pages_of(nav) if "*" not in page}
    return list(_filled(nav, docs, named))


def pages_of(nav: Sequence[Entry]) -> Iterator[str]:
    """Yield the pages and patterns that a navigation names."""
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        else:
            for below in entry.values():
                yield from pages_of([below] if isinstance(below, str) else below)


def _filled(nav: Sequence[Entry], docs: Path, named: set[str]) -> Iterator[Entry]:
    for entry in nav:
        if isinstance(entry, dict):
            yield {
                title: below if isinstance(below, str) else list(_filled(below, docs, named))
                for title, below in entry.items()
            }
        elif "*" in entry:
            pages = sorted(path.relative_to(docs).as_posix() for path in docs.glob(entry))
            yield from (page for page in pages if page not in named)
        else:
            yield entry
