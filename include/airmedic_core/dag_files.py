"""The DAG files: which there are, what stands in them, and which of them makes the DAGs of a model.

Airflow reads a DAG file in one process, which it ends after a time, so many models need several files. The files of one
kind that lie in one folder, ``monitor.py``, ``monitor_2.py`` and so on, share the models among them. Which files there
are says how: no number of files is written down anywhere else, so that no model can be left out or made twice.
"""

from __future__ import annotations

import re
from pathlib import Path

KINDS = {
    "monitor": "look at every batch of every model",
    "remediate": "diagnose an incident, ask, act, and prove that it helped",
    "review": "look back each week, and propose settings and expectations that serve better",
}
"""Each kind of DAG that a model has, and what it does."""
MODELS_PER_FILE = 25
"""Models that one DAG file should make the DAGs of, on average. Of 1,000 models no file then has more than 42, which
take 0.7 s of CPU (``benchmarks/fleet``): 10 s where each process gets a fourteenth of a core. Airflow ends the process
after 50 s."""
_NUMBERED = re.compile(r"(?P<kind>.+?)(_\d+)?")
_TEXT = '''"""Airflow DAGs ``{kind}__<model>``: {does}."""

from airmedic.dag_factory import dags_of_specs
from airmedic.dags.{kind} import {kind}

globals().update(dags_of_specs("{kind}", {kind}, file=__file__))
'''


def text_of(kind: str) -> str:
    """Return what stands in each DAG file of a kind."""
    return _TEXT.format(kind=kind, does=KINDS[kind])


def files_of(kind: str, folder: Path) -> list[Path]:
    """Return the DAG files of a kind in a folder, the first one first."""
    there = [path for path in folder.glob(f"{kind}*.py") if _kind_of(path) == kind]
    return sorted(there, key=lambda path: (len(path.stem), path.stem))


def maker_of(model: str, files: list[Path]) -> Path:
    """Return which of the DAG files makes the DAGs of a model.

    A model moves only when its own file goes, or to a file that is new: a DAG that comes from another file is a new
    version of it in Airflow, and out of service until that file has been read. The files are ranked by a hash of their
    name and the model's, and the highest makes it (Thaler and Ravishankar, 1998, *Using name-based mappings to increase
    hit rates*).

    >>> files = [Path("monitor.py"), Path("monitor_2.py"), Path("monitor_3.py")]
    >>> [maker_of(model, files).name for model in ("churn", "demand", "fraud")]
    ['monitor.py', 'monitor.py', 'monitor_2.py']
    """
    # Whoever only asks for the files needs no hashes, which take 10 ms to import.
    from hashlib import blake2b

    return max(files, key=lambda path: blake2b(f"{path.stem}/{model}".encode(), digest_size=8).digest())


def files_needed(models: int, models_per_file: int = MODELS_PER_FILE) -> int:
    """Return how many DAG files of each kind so many models need.

    >>> [files_needed(models) for models in (0, 25, 26, 1000)]
    [1, 1, 2, 40]
    """
    return max(1, -(-models // models_per_file))


def write_dag_files(folder: Path, count: int) -> tuple[list[Path], list[Path]]:
    """Write DAG files of each kind, so many that they share the models as wanted.

    A file that somebody has changed is neither written over nor removed.

    Parameters
    ----------
    folder : Path
        Airflow's DAG folder, or a folder in it.
    count : int
        Files of each kind.

    Returns
    -------
    tuple of list of Path
        The files that were written, and those that were removed because there are more than wanted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written, removed = [], []
    for kind in KINDS:
        wanted = [folder / f"{kind}.py", *(folder / f"{kind}_{number}.py" for number in range(2, count + 1))]
        for path in wanted:
            if not path.exists():
                path.write_text(text_of(kind), encoding="utf-8")
                written.append(path)
        for path in files_of(kind, folder):
            if path not in wanted and path.read_text(encoding="utf-8") == text_of(kind):
                path.unlink()
                removed.append(path)
    return written, removed


def _kind_of(path: Path) -> str:
    match = _NUMBERED.fullmatch(path.stem)
    return match["kind"] if match else ""
