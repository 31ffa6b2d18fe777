"""Model versions and the aliases that say which one serves: the only place that talks to MLflow's model registry.

Three aliases matter: ``champion`` serves and nothing else does, ``previous`` served before it, and ``challenger`` is
the newest candidate. MLflow keeps no history of aliases and has no compare-and-swap, so a switch holds a lock in the
ledger, writes its intent, switches, reads back, and records a promotion. A switch that was killed after the champion
had moved is put on record from its intent by the next process that looks at the champion; one that was killed before is
dropped.
"""

from airmedic_core.registry.models import inputs_of, meaning_tag
from airmedic_core.registry.registry import Registry
from airmedic_core.registry.versions import ModelVersion

__all__ = ["ModelVersion", "Registry", "inputs_of", "meaning_tag"]
