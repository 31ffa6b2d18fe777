"""The report of an incident: one MLflow run that tells the whole story."""

from airmedic_core.reports.incident.report import INCIDENT_TAG, incident_answer, incident_outcome, incident_report

__all__ = ["INCIDENT_TAG", "incident_answer", "incident_outcome", "incident_report"]
