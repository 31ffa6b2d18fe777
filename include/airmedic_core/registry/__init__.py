"""Model versions and the aliases that say which one serves: the only place that talks to MLflow's model registry.

Three aliases matter: ``champion`` serves and nothing else does, ``previous`` served before it, and ``challenger`` is
the newest candidate. MLflow keeps no history of aliases and has no compare-and-swap, so a switch holds a lock in the
ledger, writes its intent, switches, reads back, and records a promotion. A switch that was killed after the champion
had moved is put on record from its intent by the next process that looks at the champion; one that was killed before is
dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.registry.logged_versions import UNNAMED, LoggedVersions
from airmedic_core.registry.models import inputs_of, meaning_tag
from airmedic_core.registry.registry import Registry
from airmedic_core.registry.trials import Serving
from airmedic_core.registry.versions import ModelVersion

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.spec import ModelSpec

__all__ = [
    "UNNAMED",
    "LoggedVersions",
    "ModelVersion",
    "Registry",
    "Serving",
    "inputs_of",
    "meaning_tag",
    "registry_of",
]


def registry_of(spec: ModelSpec, tracking_uri: str, ledger: Ledger) -> Registry:
    """Return where the versions of a model are known: in MLflow's registry, or by what is logged with predictions.

    Parameters
    ----------
    spec : ModelSpec
        The model; its ``registry`` says which.
    tracking_uri : str
        Address of MLflow, which keeps references and reports of both.
    ledger : Ledger
        Where promotions are recorded.
    """
    kind = LoggedVersions if spec.only_logged else Registry
    return kind(tracking_uri, ledger)
