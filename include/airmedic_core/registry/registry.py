"""The registry: the model versions of one MLflow."""

from __future__ import annotations

from airmedic_core.registry.challengers import Challengers
from airmedic_core.registry.champion_switches import Switches
from airmedic_core.registry.models import Models
from airmedic_core.registry.rollback_targets import RollbackTargets
from airmedic_core.registry.unserved import Unserved


class Registry(Models, Challengers, Switches, RollbackTargets, Unserved):
    """The model versions of one MLflow.

    Parameters
    ----------
    tracking_uri : str
        Address of MLflow: an ``http`` server, or ``sqlite:///…`` for an embedded one.
    ledger : Ledger
        Where promotions are recorded and switches are locked.
    """
