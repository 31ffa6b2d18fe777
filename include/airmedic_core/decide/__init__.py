"""Deciding: the policy, the limits, what past outcomes teach, and the proposal that comes of it."""

from airmedic_core.decide.decide import Decision, Request, decide
from airmedic_core.decide.limits import require_enabled
from airmedic_core.decide.policy import Policy, load_policy
from airmedic_core.decide.propose import propose

__all__ = ["Decision", "Policy", "Request", "decide", "load_policy", "propose", "require_enabled"]
