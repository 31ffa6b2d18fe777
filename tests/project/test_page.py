"""The page's files, as far as their text says: whole, of our own making, and without ways to turn texts into code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "plugins" / "airmedic" / "web" / "static"
MODULES = sorted(STATIC.rglob("*.js"))
IMPORT = re.compile(r'^import (?:\{([^}]*)\}|\* as \w+) from "([^"]+)";', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)
CODE_FROM_TEXT = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|javascript:\S"
)
NAMESPACE = "http://www.w3.org/2000/svg"


def _ids(path: Path) -> str:
    return str(path.relative_to(STATIC))


def test_there_are_modules() -> None:
    assert {"main.js", "api.js", "views/fleet.js", "charts/line.js"} <= {_ids(path) for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_a_module_imports_what_another_of_ours_exports(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(IMPORT.findall(text)) == len(re.findall(r"^import ", text, re.MULTILINE))
    assert "import(" not in text
    for names, specifier in IMPORT.findall(text):
        assert specifier.startswith(("./", "../")), specifier
        target = (path.parent / specifier).resolve()
        exported = set(EXPORT.findall(target.read_text(encoding="utf-8")))
        assert {name.strip() for name in names.split(",") if name.strip()} <= exported, specifier


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_no_module_turns_texts_into_code_or_asks_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace(NAMESPACE, "")
    without_comments = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert CODE_FROM_TEXT.findall(without_comments) == []
    assert re.findall(r"(?:https?|wss?)://\S+", text) == []


def test_the_style_sheet_asks_for_nothing() -> None:
    text = (STATIC / "model-health.css").read_text(encoding="utf-8")
    assert "url(" not in text
    assert "@import" not in text
