"""Findings as they are stored. Those written before findings had a role get the one that their check gives today.

The rows stay as they are, because the audit chain holds their digest. The names below are those of the time; a check
that is added or renamed has no place here.
"""

from __future__ import annotations

from airmedic_core.records import Finding, Json, Role, from_json

_ROLES = {
    "volume": Role.DATA_FAULT,
    "freshness": Role.DATA_FAULT,
    "schema": Role.DATA_FAULT,
    "quality": Role.DATA_FAULT,
    "corruption": Role.DATA_FAULT,
    "units": Role.DATA_FAULT,
    "drift": Role.INPUT_MOVED,
    "anomalies": Role.INPUT_MOVED,
    "scores": Role.SCORES_MOVED,
    "performance": Role.LOSS,
    "estimate": Role.LOSS,
    "concept": Role.EXPLAINS_LOSS,
    "latency": Role.SERVICE,
}
_ROLES_OF_STATISTICS = {
    "one_class": Role.DATA_FAULT,
    "share_of_rise": Role.INFORMATION,
    "estimated_positive_fraction": Role.INFORMATION,
    "sampled_rows": Role.INFORMATION,
}
"""Statistics whose role is not that of most findings of their check."""


def stored_finding(record: Json) -> Finding:
    """Return the finding that a stored record holds."""
    if "role" in record:
        return from_json(Finding, record)
    check, statistic, details = record["check"], record["statistic"], dict(record.get("details") or {})
    role = stored_role(check, statistic)
    if statistic == "error":
        role, details["failed"] = Role.INFORMATION, True
    if check == "estimate":
        details["estimated"] = True
    if statistic == "relation_loss":
        details["decides"] = True
    return from_json(Finding, record | {"role": role.value, "details": details})


def stored_role(check: str, statistic: str) -> Role:
    """Return the role of a finding that was stored without one."""
    return _ROLES_OF_STATISTICS.get(statistic, _ROLES.get(check, Role.INFORMATION))
