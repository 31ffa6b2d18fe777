"""Deciding: the policy, the limits, what past outcomes teach, and the proposal that comes of it."""

from airmedic_core.decide.decide import Decision, decide
from airmedic_core.decide.kill_switch import require_enabled
from airmedic_core.decide.propose import propose
from airmedic_core.decide.request import Request
from airmedic_core.policy import Policy, load_policy

__all__ = ["Decision", "Policy", "Request", "decide", "load_policy", "propose", "require_enabled"]
