"""Build the documentation with MkDocs, strictly, and look whether the site would load anything from elsewhere.

A broken link, a page that the navigation lacks, or an address of another host that a browser would fetch by itself ends
with exit code 1. Links that people click on may lead anywhere; they are not followed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SITE = PROJECT / "build" / "docs"
_LOADING = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "embed": "src",
    "object": "data",
}
"""Elements whose address a browser fetches by itself."""
_RELATIONS = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload", "manifest"}
"""Kinds of ``<link>`` that a browser acts on."""
_ELSEWHERE = re.compile(r"^\s*(?:https?:)?//", re.IGNORECASE)
_IN_CSS = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s]+)", re.IGNORECASE)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        relations = set(given.get("rel", "").lower().split())
        address = (
            given.get("href", "") if tag == "link" and relations & _RELATIONS else given.get(_LOADING.get(tag, ""), "")
        )
        if _ELSEWHERE.match(address):
            self.loaded.append(address)
        # The theme's own script fetches Mermaid from elsewhere where a page has a diagram in it.
        if "mermaid" in given.get("class", "").split():
            self.loaded.append("Mermaid, for a diagram")


def loaded_from_elsewhere(site: Path) -> Iterator[str]:
    """Yield file and address of whatever a browser would fetch from another host."""
    for path in sorted(site.rglob("*")):
        if path.suffix == ".html":
            page = _Page()
            page.feed(path.read_text(encoding="utf-8"))
            loaded = page.loaded
        elif path.suffix == ".css":
            loaded = _IN_CSS.findall(path.read_text(encoding="utf-8"))
        else:
            continue
        yield from (f"{path.relative_to(site)}: {address}" for address in loaded)


def main() -> int:
    """Build, look, and return the exit code."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean", *sys.argv[1:]]
    # The theme's advertisement of its successor is no news to whoever builds this site.
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    if subprocess.run(command, cwd=PROJECT, env=env, check=False).returncode:
        return 1
    if loaded := list(loaded_from_elsewhere(SITE)):
        print("The site would load from elsewhere:", *loaded, sep="\n  ")
        return 1
    print(f"{sum(1 for _ in SITE.rglob('*.html'))} pages are in {SITE.relative_to(PROJECT)}; open index.html.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
