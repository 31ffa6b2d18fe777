"""The incident report in sentences."""

from airmedic_core.reports.narrative.name import incident_name, what_was_asked
from airmedic_core.reports.narrative.report import incident_markdown, incident_note

__all__ = ["incident_markdown", "incident_name", "incident_note", "what_was_asked"]
