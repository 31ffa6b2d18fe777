from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from airmedic_core.cli import COMMANDS, command_named, main
from airmedic_core.settings import Settings

Airmedic = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_keeps_the_contract(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    member = command_named(name)
    assert member.SUMMARY
    assert not member.SUMMARY.endswith(".")
    assert "Exit code 0" in member.__doc__
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert "Exit code 0" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["--version"]])
def test_help_answers_with_the_standard_library_alone(arguments: list[str]) -> None:
    # With it a cold start takes 0.1 s of CPU; the lightest of the other libraries take as much again.
    program = f"""
import sys
before = set(sys.modules)  # what the environment itself imports
from airmedic_core.cli import main
try:
    main({arguments})
except SystemExit:
    pass
imported = {{name.partition('.')[0] for name in set(sys.modules) - before}}
print('imported', sorted(imported - sys.stdlib_module_names))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "imported ['airmedic_core']"


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["heal"])
    assert caught.value.code == 2
    assert "invalid choice: 'heal'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("stop", "--reason", "audit"),
        ("resume",),
        ("freeze", "--reason", "audit"),
        ("thaw",),
        ("incidents",),
        ("overrides",),
        ("explain", "--model", "customers"),
        ("report", "--model", "customers"),
        ("audit", "verify"),
    ],
)
def test_a_ledger_that_does_not_exist_is_not_made(
    home: Path, spec: Path, airmedic: Airmedic, arguments: tuple[str, ...]
) -> None:
    url = Settings.from_env().ledger_url
    code, _, err = airmedic(*arguments)
    assert code == 2
    assert url in err
    assert "AIRMEDIC_LEDGER_URL" in err
    assert not (home / "state").exists()


def test_an_unexpected_error_ends_in_two_with_a_short_message(
    home: Path, airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No path may hold a null character, and nothing foresees that one does.
    code, _, err = airmedic("validate", "\0.yaml")
    assert code == 2
    assert "ValueError" in err
    assert "AIRMEDIC_DEBUG=1" in err
    assert "Traceback" not in err
    monkeypatch.setenv("AIRMEDIC_DEBUG", "1")
    assert "Traceback" in airmedic("validate", "\0.yaml")[2]


def test_an_error_says_what_to_do_and_ends_in_two(home: Path, airmedic: Airmedic) -> None:
    (home / "models" / "churn.yaml").write_text("name: churn")
    code, _, err = airmedic("explain", "--model", "chrun")
    assert code == 2
    assert "Did you mean 'churn.yaml'?" in err
