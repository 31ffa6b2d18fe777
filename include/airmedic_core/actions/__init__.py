"""Actions: the remedies, each under one contract. One file is one action; its name is the key in policies."""

from __future__ import annotations

from airmedic_core.actions.contract import Action
from airmedic_core.family import Family

__all__ = ["ACTIONS", "Action"]

ACTIONS: Family[Action] = Family("airmedic_core.actions", Action, entry_points="airmedic.actions")
