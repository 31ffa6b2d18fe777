"""Shows a model spec that cannot be read as an import error of that spec alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import DAG

from airmedic_core.errors import SpecError


class BrokenSpec(DAG):
    """Stands in for the DAG of a spec that is not valid.

    Airflow keeps import errors by file, and while a file has one, every DAG of that file is out of service. Raising in
    ``dags/monitor.py`` would stop the monitoring of every model for the typing error in one. But a DAG that cannot be
    serialised is reported under the file that *the DAG* says it comes from, and the other DAGs go on. This one says it
    comes from its spec, and cannot be serialised: the reason is the spec's error.

    Parameters
    ----------
    dag_id : str
        The id that the DAG would have.
    path : Path
        The spec.
    error : SpecError
        What is wrong with it.
    """

    def __init__(self, dag_id: str, *, path: Path, error: SpecError) -> None:
        self._path = str(path)
        self._error = error
        super().__init__(dag_id=dag_id, schedule=None)

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
        raise SpecError(self._error.problem, self._error.hint) from None
