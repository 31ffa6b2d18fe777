"""What every process of the tests' Airflow reads at its start: SQLite leaves writing to the system.

It would wait until the disk has written at each commit, of which a task makes many. That is against a loss of power,
not of a process: what is written is there when a test kills one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event

# Airflow puts the names of this module in place of its own settings: there are none.
__all__: list[str] = []


@event.listens_for(Engine, "connect")
def _leave_the_disk_to_the_system(connection: Any, _: object) -> None:
    if "sqlite" in type(connection).__module__:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.close()
