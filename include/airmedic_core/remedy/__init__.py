"""From an approved proposal to a changed production: actions are carried out, judged and undone here."""

from airmedic_core.remedy.driver import carry_out, undo
from airmedic_core.remedy.gate import gate_challenger
from airmedic_core.remedy.watch import ask_to_take_back

__all__ = ["ask_to_take_back", "carry_out", "gate_challenger", "undo"]
