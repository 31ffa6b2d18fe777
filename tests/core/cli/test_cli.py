from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from airmedic_core.cli import COMMANDS, main

Airmedic = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("name", COMMANDS.names())
def test_every_command_keeps_the_contract(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    member = COMMANDS.member(name)
    assert member.SUMMARY
    assert not member.SUMMARY.endswith(".")
    assert "Exit code 0" in member.__doc__
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert "Exit code 0" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    heavy = "{'pandas', 'numpy', 'mlflow', 'sklearn', 'evidently', 'pydantic', 'sqlalchemy', 'rich', 'yaml'}"
    program = f"""
import sys
from airmedic_core.cli import main
try:
    main(['--help'])
except SystemExit:
    pass
found = {heavy} & set(sys.modules)
assert not found, found
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "validate" in done.stdout


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["heal"])
    assert caught.value.code == 2
    assert "invalid choice: 'heal'" in capsys.readouterr().err


def test_an_error_says_what_to_do_and_ends_in_two(home: Path, airmedic: Airmedic) -> None:
    (home / "models" / "churn.yaml").write_text("name: churn")
    code, _, err = airmedic("explain", "--model", "chrun")
    assert code == 2
    assert "Did you mean 'churn.yaml'?" in err
