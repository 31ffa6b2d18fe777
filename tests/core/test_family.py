from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest

from airmedic_core.checks import CHECKS, Check
from airmedic_core.diagnose.collectors import COLLECTORS
from airmedic_core.errors import ExtensionError, SpecError
from airmedic_core.extensions import FAMILIES, extension_problems, offered_members, require_extensions
from airmedic_core.family import class_name, family_of
from airmedic_core.sources import SOURCES
from airmedic_core.spec import parse_spec
from tests.core.packages import Install

ROOT = Path(__file__).parents[2]
SOUND = """
    from airmedic_core.checks import CheckOptions

    class Nothing:
        group = "data"
        options = CheckOptions

        def run(self, context, options):
            return []
"""
SPEC = {
    "name": "example",
    "task": "regression",
    "target": "y",
    "data": {"path": "rows.csv", "time_column": "at"},
}


def test_members_are_the_files_of_the_folder() -> None:
    assert SOURCES.names() == ("file", "sql")


def test_a_member_is_the_class_named_after_its_file() -> None:
    source = SOURCES.member("file")
    assert (type(source).__module__, type(source).__name__) == ("airmedic_core.sources.file", "File")


@pytest.mark.parametrize("name", ["_rows", "../spec", "os", "file.py", "contract", ""])
def test_nothing_but_a_member_can_be_imported(name: str) -> None:
    with pytest.raises(SpecError, match="is not one of the sources"):
        SOURCES.member(name)


def test_a_typing_error_is_answered_with_the_closest_member() -> None:
    with pytest.raises(SpecError, match="Did you mean 'file'"):
        SOURCES.member("files")


def test_every_open_family_is_looked_at_for_problems() -> None:
    opened = set()
    for path in (ROOT / "include" / "airmedic_core").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Family":
                assert isinstance(call.args[0], ast.Constant)
                # One without entry points has members of ours alone.
                opened |= {call.args[0].value} if {keyword.arg for keyword in call.keywords} else set()
    assert opened == set(FAMILIES)


def test_every_member_of_ours_keeps_its_contract() -> None:
    for package in FAMILIES:
        family = family_of(package)
        for name in family.ours():
            assert type(family.member(name)).__name__ == class_name(name)


def test_a_package_adds_a_member(install: Install) -> None:
    install("acme-checks", SOUND, {"airmedic.checks": {"nothing": "acme_checks:Nothing"}})
    assert "nothing" in CHECKS.names()
    assert "nothing" not in CHECKS.ours()
    assert CHECKS.member("nothing").group == "data"
    assert CHECKS.origin("nothing").package == "acme-checks"
    assert list(offered_members()) == [("checks", "nothing", "acme-checks")]
    assert extension_problems() == []


def test_two_packages_that_offer_one_name_are_both_named(install: Install) -> None:
    install("acme-checks", SOUND, {"airmedic.checks": {"nothing": "acme_checks:Nothing"}})
    install("other-checks", SOUND, {"airmedic.checks": {"nothing": "other_checks:Nothing"}})
    with pytest.raises(ExtensionError, match="'acme-checks' and 'other-checks' both offer 'nothing'"):
        CHECKS.member("nothing")
    assert len(extension_problems()) == 1


def test_a_package_cannot_replace_a_member_of_ours(install: Install) -> None:
    install("acme-checks", SOUND, {"airmedic.checks": {"drift": "acme_checks:Nothing"}})
    assert type(CHECKS.member("drift")).__module__.startswith("airmedic_core.checks.drift")
    (problem,) = extension_problems()
    assert (
        problem.problem
        == "'acme-checks' and 'airmedic' both offer 'drift' as one of the checks. Airmedic's own is used."
    )


def test_what_a_contract_has_a_default_for_need_not_be_written(install: Install) -> None:
    install("acme-checks", SOUND, {"airmedic.checks": {"nothing": "acme_checks:Nothing"}})
    assert CHECKS.member("nothing").thresholds == Check.thresholds == ()
    source = """
        class Nowhere:
            def read(self, spec, window, columns): ...
            def stream(self, spec, window, columns): ...
            def place(self, spec, window): ...
            def count(self, spec, window): ...
            def sample(self, spec, window, columns, fraction): ...
    """
    install("acme-rows", source, {"airmedic.sources": {"nowhere": "acme_rows:Nowhere"}})
    assert SOURCES.member("nowhere").origin(parse_spec(SPEC)) == parse_spec(SPEC).data.path


@pytest.mark.parametrize(
    ("source", "place", "told"),
    [
        (SOUND.replace("options = CheckOptions", ""), "Nothing", "lacks options"),
        (SOUND.replace("def run", "def walk"), "Nothing", "lacks run"),
        (
            SOUND.replace("Nothing", "Nothing(Check[CheckOptions])")
            .replace("import", "import Check,")
            .replace("def run", "def walk"),
            "Nothing",
            "lacks run",
        ),
        (SOUND.replace('"data"', '"dtaa"'), "Nothing", "its group is 'dtaa': Input should be 'data', 'drift' or"),
        (SOUND.replace("= CheckOptions", "= dict"), "Nothing", "its options is <class 'dict'>"),
        (SOUND.replace("context, options", "context"), "Nothing", r"run takes \(self, context\), not \(self, context"),
        ("raise RuntimeError('no licence')", "Bad", "cannot be imported: RuntimeError: no licence"),
        ("import sys\nsys.exit('no licence')", "Bad", "cannot be imported: SystemExit: no licence"),
        ("import a_library_that_is_not_there", "Bad", "cannot be imported: ModuleNotFoundError"),
        ("x = 1", "Bad", "cannot be imported: AttributeError"),
        ("def bad(): ...", "bad", "it is a function, not a class"),
        ("bad = 'text'", "bad", "it is a str, not a class"),
        ("", "", "it is a module, not a class"),
        (
            SOUND + "\n        def __init__(self):\n            raise OSError('no host')",
            "Nothing",
            "cannot be made: OSError: no host",
        ),
        (SOUND + "\n        def __init__(self, host): ...", "Nothing", "cannot be made: TypeError"),
    ],
)  # fmt: skip
def test_a_member_that_cannot_be_used_is_told_with_its_package(
    install: Install,
    source: str,
    place: str,
    told: str,
) -> None:
    install("acme-checks", source, {"airmedic.checks": {"nothing": f"acme_checks:{place}".rstrip(":")}})
    with pytest.raises(ExtensionError, match=told) as caught:
        CHECKS.member("nothing")
    assert "of the package 'acme-checks'" in caught.value.problem
    assert "'acme-checks'" in caught.value.hint
    assert [str(problem) for problem in extension_problems()] == [str(caught.value)]


def test_a_name_that_no_spec_could_hold_is_refused(install: Install) -> None:
    install("acme-checks", SOUND, {"airmedic.checks": {"My Check": "acme_checks:Nothing"}})
    (problem,) = extension_problems()
    assert "'My Check' is no key" in problem.problem


def test_a_group_of_no_family_is_told_with_the_closest(install: Install) -> None:
    install("acme-checks", SOUND, {"airmedic.check": {"nothing": "acme_checks:Nothing"}})
    (problem,) = extension_problems()
    assert "'acme-checks' offers 'nothing' in 'airmedic.check'" in problem.problem
    assert problem.hint == "Did you mean 'airmedic.checks'?"


def test_only_the_models_that_use_a_broken_member_stop(install: Install) -> None:
    install("acme-checks", "raise RuntimeError('no licence')", {"airmedic.checks": {"broken": "acme_checks:Bad"}})
    require_extensions(parse_spec(SPEC))
    require_extensions(parse_spec(SPEC | {"checks": {"drift": {}, "broken": False}}))
    with pytest.raises(ExtensionError, match="no licence"):
        require_extensions(parse_spec(SPEC | {"checks": {"broken": True}}))


def test_the_others_go_on_without_a_broken_member(
    install: Install,
    caplog: pytest.LogCaptureFixture,
) -> None:
    offers = {"airmedic.collectors": {"broken": "acme_evidence:Bad"}}
    install("acme-evidence", "raise RuntimeError('no licence')", offers)
    with caplog.at_level(logging.WARNING):
        assert set(COLLECTORS.working()) == set(COLLECTORS.ours())
    assert "no licence" in caplog.text


def test_mypy_sees_what_a_member_lacks() -> None:
    # Of a class that is not final, mypy says nothing until somebody makes an instance, and families make them by name.
    for package in FAMILIES:
        family = family_of(package)
        for name in family.ours():
            member = type(family.member(name))
            assert getattr(member, "__final__", False), f"{member.__module__}.{member.__name__} is not @final"
            assert family.contract in member.__mro__
