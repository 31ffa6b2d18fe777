"""Label Studio: rows to be labelled become tasks of a project, and come back as annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airmedic.hooks.web_service import WebService

_ID = "airmedic_row"
"""Key of a task's data that says which row it is."""


class LabelStudio:
    """A project of Label Studio, behind an Airflow connection.

    The connection's host is the address of Label Studio, its password an access token, and ``project`` among its extras
    the number of the project. The project's labelling interface holds one choice or number.

    Parameters
    ----------
    connection_id : str
        The connection.

    Raises
    ------
    NoticeError
        If there is no such connection.
    """

    def __init__(self, connection_id: str) -> None:
        from airmedic.hooks.workspace import find_connection

        self._service = WebService(connection_id)
        connection = find_connection(connection_id)
        extras = connection.extra_dejson if connection is not None else {}
        self._project = int(extras.get("project", 1))
        # Newer access tokens are sent in a header of their own: among the extras of the connection.
        token = self._service.password
        self._headers = {"Authorization": f"Token {token}"} if token else {}

    def hand_out(self, rows: Sequence[Mapping[str, Any]], *, request: str) -> int:
        """Make a task of each row that is none yet, and return how many were made.

        Parameters
        ----------
        rows : sequence of mapping
            Each with ``row``, its id, and what people see of it.
        request : str
            The proposal that asks for them: it stands with each task.

        Raises
        ------
        NoticeError
            If Label Studio does not answer, or refuses. A retry makes none twice.
        """
        known = {str(task["data"].get(_ID)) for task in self._exported()}
        tasks = [
            {"data": {**{k: v for k, v in row.items() if k != "row"}, _ID: row["row"]}, "meta": {"request": request}}
            for row in rows
            if row["row"] not in known
        ]
        if tasks:
            self._service.ask("POST", f"api/projects/{self._project}/import", body=tasks, headers=self._headers)
        return len(tasks)

    def answers(self) -> list[tuple[str, Any]]:
        """Return the id and the label of each row that somebody has labelled; the newest annotation counts."""
        answers = []
        for task in self._exported():
            given = [annotation for annotation in task.get("annotations", ()) if not annotation.get("was_cancelled")]
            if given and _ID in task["data"]:
                newest = max(given, key=lambda annotation: str(annotation.get("created_at", "")))
                if (label := _label(newest)) is not None:
                    answers.append((str(task["data"][_ID]), label))
        return answers

    def _exported(self) -> list[dict[str, Any]]:
        """Return all tasks of the project with their annotations."""
        tasks = self._service.ask(
            "GET",
            f"api/projects/{self._project}/export",
            query={"exportType": "JSON", "download_all_tasks": "true"},
            headers=self._headers,
        )
        return list(tasks or ())


def _label(annotation: Mapping[str, Any]) -> Any:
    """Return what an annotation says: its first choice, number or text."""
    for result in annotation.get("result", ()):
        value = result.get("value", {})
        for kind in ("choices", "text"):
            if value.get(kind):
                return value[kind][0] if isinstance(value[kind], list) else value[kind]
        if value.get("number") is not None:
            return value["number"]
    return None
