"""Tries before anybody is asked: whether training would help, and how long moved inputs are only watched."""

from airmedic_core.exploration.trials import assess_and_try, explore

__all__ = ["assess_and_try", "explore"]
