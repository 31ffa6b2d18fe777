"""Execution: carries out and undoes what was approved, and proposes what follows. The remedies are in ``actions``."""

from airmedic_core.execution.deployment_proposal import gate_challenger
from airmedic_core.execution.driver import carry_out, undo
from airmedic_core.execution.take_back_proposal import ask_to_take_back

__all__ = ["ask_to_take_back", "carry_out", "gate_challenger", "undo"]
