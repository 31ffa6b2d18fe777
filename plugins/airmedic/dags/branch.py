"""One way through a remediation: the tasks that a decision leads to, and those after which the incident is closed."""

from __future__ import annotations

from typing import NamedTuple

from airflow.sdk import BaseOperator, TaskGroup


class Branch(NamedTuple):
    """A way through the DAG, whose tasks are made and wired among themselves."""

    first: list[BaseOperator]
    """The tasks that the decision leads to."""
    last: list[BaseOperator]
    """The tasks after which the incident is closed."""


def group(group_id: str, title: str, tooltip: str) -> TaskGroup:
    """Return a group for the tasks of one path, so that the grid shows paths, and not twenty tasks of which most skip.

    The ids of tasks stay without the group's: approvals that are waiting, and links to them, hold on to these.

    Parameters
    ----------
    group_id : str
        Its id.
    title : str
        What the grid shows in place of the id.
    tooltip : str
        What the grid shows where the mouse rests on it.
    """
    return TaskGroup(group_id, prefix_group_id=False, group_display_name=title, tooltip=tooltip)
