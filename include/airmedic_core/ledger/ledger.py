"""The ledger: the SQL database of observations, incidents, decisions and the audit chain."""

from __future__ import annotations

from airmedic_core.ledger.actions import Actions
from airmedic_core.ledger.approvals import Approvals
from airmedic_core.ledger.bundle import Bundles
from airmedic_core.ledger.experience import PastCases
from airmedic_core.ledger.incidents import Incidents
from airmedic_core.ledger.language_model_calls import LanguageModelCalls
from airmedic_core.ledger.locks import Locks
from airmedic_core.ledger.messages import Messages
from airmedic_core.ledger.observations import Observations
from airmedic_core.ledger.overrides import Overrides
from airmedic_core.ledger.overview import Overview
from airmedic_core.ledger.recorded import Recorded
from airmedic_core.ledger.retention import Retention
from airmedic_core.ledger.training_times import Trainings


class Ledger(
    Observations, Incidents, Approvals, Actions, Trainings, Overrides, LanguageModelCalls, Bundles, Retention, Overview,
    Recorded, PastCases, Messages, Locks,
):  # fmt: skip
    """Everything Airmedic has seen, decided and done. Open one with :meth:`open`.

    Each write is one transaction that also appends to the audit chain, and each can be repeated without a second
    effect. All times are UTC. Any number of processes may read and write at once; writers queue.
    """
