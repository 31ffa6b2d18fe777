"""The nouns of the engine: small frozen records that travel between its parts, through XCom and into the ledger.

Every record turns into plain JSON with :func:`to_json` and back with :func:`from_json`. Causes and severities stand in
:mod:`airmedic_core.causes`; records carry them, so they can be imported with them.
"""

from airmedic_core.causes import Cause, Severity
from airmedic_core.records.diagnoses import Diagnosis, RankedCause, RecommendedAction
from airmedic_core.records.evidence import Evidence, EvidencePacket
from airmedic_core.records.findings import ABNORMAL, Assessment, Batch, BatchSummary, Finding, Role, Verdict
from airmedic_core.records.incidents import CLOSED_BY_HAND, REQUESTED, Incident, IncidentState
from airmedic_core.records.plain_json import Json, RecordT, digest, from_json, to_json
from airmedic_core.records.proposals import NOBODY, TAKES_BACK, TRIED_BY, ActionResult, Approval, Permission, Proposal
from airmedic_core.records.versions import AIRMEDIC, GateResult, Promotion

__all__ = [
    "ABNORMAL", "AIRMEDIC", "CLOSED_BY_HAND", "NOBODY", "REQUESTED", "TAKES_BACK", "TRIED_BY", "ActionResult",
    "Approval", "Assessment", "Batch", "BatchSummary", "Cause", "Diagnosis", "Evidence", "EvidencePacket", "Finding",
    "GateResult", "Incident", "IncidentState", "Json", "Permission", "Promotion", "Proposal", "RankedCause",
    "RecommendedAction", "RecordT", "Role", "Severity", "Verdict", "digest", "from_json", "to_json",
]  # fmt: skip
