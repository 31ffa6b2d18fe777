"""Tells how all models stand."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import settings


class DigestOperator(BaseOperator):
    """Sends each place whose notifiers have ``digest: true`` one message about all models that name it.

    Parameters
    ----------
    hours : float
        Incidents that ended in the hours before are told of.

    Returns
    -------
    list of str
        The notifiers that took a digest, one for each message.

    Raises
    ------
    AirflowFailException
        If a message could not be sent; the others are sent all the same. A retry would send those again.
    """

    ui_color = "#eef4ff"

    def __init__(self, *, hours: float = 24, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hours = hours

    def execute(self, context: Context) -> list[str]:
        """Send the digests."""
        from datetime import UTC, datetime

        with airflow_errors():
            from airmedic_core.digest import digests, send_digest
            from airmedic_core.ledger import Ledger
            from airmedic_core.read_model import SpecShelf

            here = settings()
            specs = SpecShelf(here.models).all()
            wanted = digests(Ledger.open(here.ledger_url), specs, now=datetime.now(UTC), hours=self.hours)
        sent = [(digest.notifier, send_digest(digest)) for digest in wanted]
        if missed := [notifier for notifier, taken in sent if not taken]:
            raise AirflowFailException(f"These took no digest: {', '.join(missed)}. The task's log says why.")
        return [notifier for notifier, _ in sent]
