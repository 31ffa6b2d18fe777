"""The report of a monitored batch, and the history that all of a model's batches make."""

from airmedic_core.reports.batch.report import batch_report

__all__ = ["batch_report"]
