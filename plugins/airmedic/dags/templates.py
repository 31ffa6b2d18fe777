"""Templates for the hashes that tasks hand on to one another."""

from __future__ import annotations

from airmedic.operators.decide import PROPOSAL_HASH


def xcom(task_id: str, key: str = PROPOSAL_HASH) -> str:
    """Return the expression for an XCom in a template."""
    return f"ti.xcom_pull(task_ids='{task_id}', key='{key}')"


def first_of(*expressions: str) -> str:
    """Return the template for the first of these that is there; empty where none is."""
    return "{{ " + " or ".join([*expressions, "''"]) + " }}"


def approved(task_id: str, *asked: str) -> str:
    """Return the template for the hash that was approved: of what the approver narrowed, or else of what was asked.

    Parameters
    ----------
    task_id : str
        Id of the sensor.
    *asked : str
        The expressions for what it asks.
    """
    return first_of(xcom(task_id), *asked)
