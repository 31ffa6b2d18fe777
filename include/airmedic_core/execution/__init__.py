"""Execution: carries out and undoes what was approved, and proposes what follows. The remedies are in ``actions``."""

from airmedic_core.execution.announce import Announced, announce
from airmedic_core.execution.deployment_proposal import gate_challenger
from airmedic_core.execution.driver import advance, carry_out, complete, undo
from airmedic_core.execution.held_up import held_up
from airmedic_core.execution.take_back_proposal import ask_to_promote, ask_to_take_back
from airmedic_core.execution.tell_again import tell_again

__all__ = [
    "Announced",
    "advance",
    "announce",
    "ask_to_promote",
    "ask_to_take_back",
    "carry_out",
    "complete",
    "gate_challenger",
    "held_up",
    "tell_again",
    "undo",
]
