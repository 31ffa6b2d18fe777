"""Holds what pages, Grafana and Prometheus read: plain JSON out of the ledger and the specs. It changes nothing.

``docs/read_model.md`` describes the shapes. Times are ISO 8601 in UTC, and what is not known is null.
"""

from airmedic_core.read_model.approvals import approvals_waiting
from airmedic_core.read_model.column import read_column
from airmedic_core.read_model.fleet import FleetModel, fleet_json, read_fleet
from airmedic_core.read_model.incident import read_incident
from airmedic_core.read_model.learning import read_learning
from airmedic_core.read_model.metrics import metrics_text
from airmedic_core.read_model.model import read_model
from airmedic_core.read_model.policy import read_policy
from airmedic_core.read_model.specs import KnownSpec, SpecShelf

__all__ = [
    "FleetModel", "KnownSpec", "SpecShelf", "approvals_waiting", "fleet_json", "metrics_text", "read_column",
    "read_fleet", "read_incident", "read_learning", "read_model", "read_policy",
]  # fmt: skip
