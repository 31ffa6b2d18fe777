"""The report of an incident: one MLflow run that tells the whole story."""

from airmedic_core.reports.incident.report import incident_answer, incident_report

__all__ = ["incident_answer", "incident_report"]
