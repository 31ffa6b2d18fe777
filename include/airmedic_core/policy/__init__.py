"""The policy: which action needs whose permission, in which environment, for causes verified or not."""

from airmedic_core.policy.load import MAKE_POLICIES, PRIORS, environment_of, load_policy, policy_of
from airmedic_core.policy.policy import TRIGGERS, Autonomy, Policy, Trigger, stricter
from airmedic_core.policy.sections import (
    ANY,
    SIMULATION,
    VERIFICATIONS,
    Explore,
    Freeze,
    Learning,
    Limits,
    Rule,
    Verification,
)

__all__ = [
    "ANY",
    "MAKE_POLICIES",
    "PRIORS",
    "SIMULATION",
    "TRIGGERS",
    "VERIFICATIONS",
    "Autonomy",
    "Explore",
    "Freeze",
    "Learning",
    "Limits",
    "Policy",
    "Rule",
    "Trigger",
    "Verification",
    "environment_of",
    "load_policy",
    "policy_of",
    "stricter",
]
