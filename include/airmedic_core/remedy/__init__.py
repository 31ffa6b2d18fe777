"""From an approved proposal to a changed production: actions are carried out, judged and undone here."""

from airmedic_core.remedy.driver import carry_out, undo
from airmedic_core.remedy.gate import gate_challenger

__all__ = ["carry_out", "gate_challenger", "undo"]
