"""Reports that people read: one MLflow run per monitored batch and one per incident."""

from airmedic_core.reports.batch import batch_report
from airmedic_core.reports.incident import incident_answer, incident_outcome, incident_report
from airmedic_core.reports.runs import Report, mlflow_url

__all__ = ["Report", "batch_report", "incident_answer", "incident_outcome", "incident_report", "mlflow_url"]
