"""The ledger: what was seen, decided and done, with an audit chain that shows if anything was changed."""

from airmedic_core.ledger.actions import RecordedAction
from airmedic_core.ledger.audit import AuditHead, AuditRecord
from airmedic_core.ledger.language_model_calls import LanguageModelCall
from airmedic_core.ledger.ledger import Ledger
from airmedic_core.ledger.observations import ObservedBatch
from airmedic_core.ledger.overrides import EVERY_MODEL, Override

__all__ = [
    "EVERY_MODEL",
    "AuditHead",
    "AuditRecord",
    "LanguageModelCall",
    "Ledger",
    "ObservedBatch",
    "Override",
    "RecordedAction",
]
