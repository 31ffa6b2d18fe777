"""Makes virtual environments for tests that ask whether the project installs and runs beside other versions."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def build_wheel(folder: Path) -> Path:
    """Build the project's wheel, with the build tools of this environment, and return its place.

    Parameters
    ----------
    folder : Path
        Where the wheel is written.
    """
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(PROJECT)], check=True
    )
    (wheel,) = folder.glob("airmedic-*.whl")
    return wheel


def make_environment(folder: Path, *requirements: str, lowest: bool = False, python: str = sys.executable) -> Path:
    """Make a virtual environment with what is asked for, and return its interpreter.

    Parameters
    ----------
    folder : Path
        Where the environment is made. One that is there is replaced.
    *requirements : str
        What is installed, as `pip install` is told: names with extras and versions, wheels, or ``-r`` and a file.
    lowest : bool
        Whether to take the lowest versions that the requirements themselves allow. What those need is the newest.
    python : str
        The interpreter of the new environment.

    Raises
    ------
    subprocess.CalledProcessError
        If the requirements contradict each other, or no index answers.
    """
    interpreter = bare_environment(folder, python)
    add_to_environment(interpreter, *(["--resolution", "lowest-direct"] if lowest else []), *requirements)
    return interpreter


def bare_environment(folder: Path, python: str = sys.executable) -> Path:
    """Make a virtual environment with nothing in it, and return its interpreter.

    Parameters
    ----------
    folder : Path
        Where it is made. One that is there is replaced.
    python : str
        The interpreter that it is made with.
    """
    subprocess.run([*_uv(), "venv", "--quiet", "--clear", "--python", python, str(folder)], check=True)
    return folder / "bin" / "python"


def would_be_installed(interpreter: Path, *requirements: str) -> dict[str, str]:
    """Return the version of each package that an installation would bring, by its name, and install nothing.

    Parameters
    ----------
    interpreter : Path
        The environment's interpreter.
    *requirements : str
        As :func:`make_environment` takes them.

    Raises
    ------
    subprocess.CalledProcessError
        If the requirements contradict each other, or no index answers. Its ``stderr`` says which.
    """
    command = [*_uv(), "pip", "install", "--dry-run", "--python", str(interpreter), *requirements]
    done = subprocess.run(
        command, env=os.environ | _as_pip_is_set_up(), cwd=PROJECT, check=True, capture_output=True, text=True
    )
    return dict(re.findall(r"^ \+ (\S+?)==(\S+)", done.stderr, re.MULTILINE))


def installed(interpreter: Path) -> dict[str, str]:
    """Return the version of each package in an environment, by its name in lower case.

    Parameters
    ----------
    interpreter : Path
        The environment's interpreter.
    """
    code = (
        "import json; from importlib.metadata import distributions; "
        "print(json.dumps({d.name.lower(): d.version for d in distributions()}))"
    )
    done = subprocess.run([str(interpreter), "-c", code], capture_output=True, text=True, check=True)
    versions: dict[str, str] = json.loads(done.stdout)
    return versions


def add_to_environment(interpreter: Path, *requirements: str) -> None:
    """Install more into an environment; what is there stays as it is, unless that contradicts.

    Parameters
    ----------
    interpreter : Path
        The environment's interpreter.
    *requirements : str
        As :func:`make_environment` takes them.
    """
    command = [*_uv(), "pip", "install", "--quiet", "--python", str(interpreter), *requirements]
    subprocess.run(command, env=os.environ | _as_pip_is_set_up(), cwd=PROJECT, check=True)


def _uv() -> list[str]:
    # Set-up puts it beside the interpreter.
    return [str(Path(sys.executable).with_name("uv"))]


def _as_pip_is_set_up() -> dict[str, str]:
    """Return what tells uv of the index and the certificate that pip uses: uv does not read pip's configuration."""
    asked = {
        "UV_DEFAULT_INDEX": ("PIP_INDEX_URL", "global.index-url"),
        "SSL_CERT_FILE": ("PIP_CERT", "global.cert"),
    }
    settings = {}
    for target, (variable, key) in asked.items():
        value = os.environ.get(variable) or _pip_setting(key)
        if value and target not in os.environ:
            settings[target] = value
    return settings


def _pip_setting(key: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", key], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""
