"""Shows a model spec of which no DAG can be made as an import error of that spec alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from zlib import crc32

from airflow.sdk import DAG

from airmedic_core.errors import AirmedicError, SpecError

_MOST_LETTERS = 200
"""Letters of a file's name that go into a DAG id: Airflow takes ids of up to 250."""
_MOST_SAID = 2000
"""Characters of an error that is shown."""


class BrokenSpec(DAG):
    """Stands in for the DAG of a spec of which none can be made.

    Airflow keeps import errors by file, and while a file has one, every DAG of that file is out of service. Raising in
    ``dags/monitor.py`` would stop the monitoring of every model for the typing error in one. But a DAG that cannot be
    serialised is reported under the file that *the DAG* says it comes from, and the other DAGs go on. This one says it
    comes from its spec, and cannot be serialised: the reason is the spec's error.

    Parameters
    ----------
    kind : str
        First part of the id that the DAG would have.
    path : Path
        The spec.
    error : Exception
        What is wrong with it, or with what it names.
    """

    def __init__(self, kind: str, *, path: Path, error: Exception) -> None:
        self._path = str(path)
        self._error = error
        super().__init__(dag_id=f"{kind}__{_valid(path.stem)}", schedule=None)

    @property
    def fileloc(self) -> str:
        """The spec's path, whatever file generated the DAG."""
        return self._path

    @fileloc.setter
    def fileloc(self, _: str) -> None:
        """Ignore the DAG file that Airflow would note here."""

    @property
    def relative_fileloc(self) -> str:
        """The spec's path, under which Airflow keeps the error."""
        return self._path

    @relative_fileloc.setter
    def relative_fileloc(self, _: str | None) -> None:
        """Ignore the DAG file that Airflow would note here."""

    def get_serialized_fields(self) -> Any:  # type: ignore[override]
        """Raise the spec's error where Airflow turns DAGs into JSON."""
        raise _told(self._error) from None


def _told(error: Exception) -> SpecError:
    if isinstance(error, AirmedicError):
        return SpecError(error.problem[:_MOST_SAID], error.hint)
    return SpecError(
        f"No DAG can be made of this spec: {type(error).__name__}: {str(error)[:_MOST_SAID]}",
        "The log of the DAG processor shows where it came from.",
    )


def _valid(stem: str) -> str:
    """Return a file's name as Airflow takes it in a DAG id, still different from that of any other file."""
    valid = re.sub(r"[^\w.-]", "_", stem)[:_MOST_LETTERS]
    return valid if valid == stem else f"{valid}_{crc32(stem.encode(errors='surrogatepass')):08x}"
