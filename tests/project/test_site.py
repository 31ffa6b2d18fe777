"""The documentation as a site, as far as that shows without MkDocs: pages, links, and what is written from the code."""

from __future__ import annotations

import argparse
import re
import runpy
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from airmedic_core.cli import COMMANDS, command_named
from scripts.build_site import loaded_from_elsewhere
from scripts.site_pages import pages_of, with_pages

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
READ_ON_THEIR_OWN = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
_CODE = re.compile(r"^ *(`{3,}|~{3,}).*?^ *\1\s*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def settings() -> dict[str, object]:
    read: dict[str, object] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    return read


def test_every_page_is_in_the_navigation_once() -> None:
    nav = settings()["nav"]
    assert isinstance(nav, list)
    named = Counter(pages_of(with_pages(nav, DOCS)))
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    missing = sorted(there - set(named))
    assert missing == [], f"Name them under nav in mkdocs.yml: {', '.join(missing)}"
    assert sorted(set(named) - there) == [], "mkdocs.yml names pages that do not exist"
    assert [page for page, times in named.items() if times > 1] == []


def test_a_pattern_stands_for_what_nothing_else_names(tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "c.md"):
        (tmp_path / name).touch()
    assert with_pages([{"First": "b.md"}, {"All": ["*.md"]}], tmp_path) == [
        {"First": "b.md"},
        {"All": ["a.md", "c.md"]},
    ]


def slugs(text: str) -> set[str]:
    """Return the anchors of a page: small letters and digits, with hyphens for spaces."""
    headings = re.findall(r"^#+ +(.+?)\s*$", _CODE.sub("", text), re.MULTILINE)
    words = [re.sub(r"[^\w\- ]", "", _LINK.sub("", heading).lower()).strip() for heading in headings]
    return {re.sub(r"[ ]+", "-", word) for word in words}


def broken_links(path: Path) -> Iterator[str]:
    for target in _LINK.findall(_CODE.sub("", path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        address, _, anchor = target.partition("#")
        file = (path.parent / address).resolve() if address else path
        if not file.exists():
            yield f"{path.relative_to(ROOT)}: {target}"
        elif anchor and file.suffix == ".md" and anchor not in slugs(file.read_text(encoding="utf-8")):
            yield f"{path.relative_to(ROOT)}: {target}, which is no heading"


def test_links_lead_to_pages_and_headings_that_exist() -> None:
    pages = [*DOCS.rglob("*.md"), *(ROOT / name for name in READ_ON_THEIR_OWN)]
    assert [broken for page in pages for broken in broken_links(page)] == []


def test_pages_link_to_nothing_outside_of_the_site() -> None:
    for page in DOCS.rglob("*.md"):
        for target in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
            if not re.match(r"[a-z]+:", target):
                inside = (page.parent / target.partition("#")[0]).resolve()
                assert inside.is_relative_to(DOCS), f"{page.name} links to {target}"


def test_every_picture_says_in_words_what_it_shows_and_every_screenshot_is_used() -> None:
    pages = [*DOCS.rglob("*.md"), *(ROOT / name for name in READ_ON_THEIR_OWN)]
    shown = [
        picture
        for page in pages
        for picture in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert [address for words, address in shown if len(words) < 10] == []
    used = {Path(address).name for _, address in shown}
    assert {path.name for path in (DOCS / "images").iterdir()} - used == set()


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    known = set()
    for action in parser._actions:
        known |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            known |= {option for below in action.choices.values() for option in options_of(below)}
    return known


def commands_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a page with what follows them: whole lines of code, and what stands between backticks."""
    lines = [line for block in _CODE.finditer(text) for line in block[0].replace("\\\n", " ").splitlines()]
    inline = re.findall(r"`([^`]+)`", _CODE.sub("", text))
    for said in [*lines, *inline]:
        if match := re.match(r"\s*(?:\S*/)?airmedic ([a-z][a-z-]*)\b(.*)", said.partition("#")[0], re.DOTALL):
            yield match[1], match[2]


def test_commands_and_their_options_exist() -> None:
    known = {}
    for name in COMMANDS:
        parser = argparse.ArgumentParser()
        command_named(name).configure(parser)
        known[name] = options_of(parser)
    pages = [*DOCS.rglob("*.md"), *(ROOT / name for name in READ_ON_THEIR_OWN if name != "CHANGELOG.md")]
    said = [(page.name, *command) for page in pages for command in commands_in(page.read_text(encoding="utf-8"))]
    assert len(said) > 100
    for page, command, rest in said:
        assert command in known, f"{page}: airmedic {command}"
        unknown = set(re.findall(r"(?<!\S)--[a-z][a-z-]*", rest)) - known[command]
        assert unknown == set(), f"{page}: airmedic {command}{rest}"


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    pages: dict[str, str] = runpy.run_path(str(ROOT / "scripts" / "write_reference.py"))["pages"]()
    return pages


def test_the_reference_is_current(written: dict[str, str]) -> None:
    for name, text in written.items():
        path = ROOT / name
        assert path.exists(), "Run: python scripts/write_reference.py"
        assert path.read_text(encoding="utf-8") == text, "Run: python scripts/write_reference.py"
    folders = {str(Path(name).parent) for name in written}
    there = {str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).glob("*.md")}
    assert there == set(written), "a page of something that is gone"


def test_every_key_of_the_policy_has_a_meaning(written: dict[str, str]) -> None:
    rows = [line for line in written["docs/reference/policy.md"].splitlines() if line.startswith("| `")]
    assert len(rows) > 35
    assert [line for line in rows if line.endswith("|  |") and "see below" not in line] == []


def test_every_operator_has_a_page_with_an_example(written: dict[str, str]) -> None:
    pages = {Path(name).stem: text for name, text in written.items() if name.startswith("docs/operators/")}
    del pages["index"]
    examples = {path.stem for path in (ROOT / "examples" / "operators").glob("*.py")}
    assert len(pages) > 30
    assert set(pages) == examples, "each operator has one file in examples/operators, which the page shows"
    for name, text in pages.items():
        assert f'--8<-- "examples/operators/{name}.py"' in text
        assert "| `model` | str | Name of the model spec." in text or name == "digest"


def test_what_a_browser_would_fetch_from_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "sound.html").write_text(
        '<link rel="canonical" href="https://example.org/"><a href="https://example.org/">there</a>'
        '<img src="images/fleet.png"><link rel="stylesheet" href="assets/main.css"><script src="a.js"></script>'
    )
    (tmp_path / "main.css").write_text("a { background: url(data:image/svg+xml;base64,AAAA) }")
    assert list(loaded_from_elsewhere(tmp_path)) == []
    (tmp_path / "page.html").write_text(
        '<script src="https://a.example/x.js"></script><img src="//b.example/y.png"><pre class="mermaid"></pre>'
        '<link rel="preconnect stylesheet" href="https://c.example/f.css">'
    )
    (tmp_path / "other.css").write_text('@import "https://d.example/z.css"; a { background: url(//e.example/i.png) }')
    found_in = [line.partition(":")[0] for line in loaded_from_elsewhere(tmp_path)]
    assert Counter(found_in) == {"page.html": 4, "other.css": 2}
