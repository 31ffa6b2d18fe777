"""What sources raise beside the errors of the engine."""

from airmedic_core.errors import SourceError


class UnreadableDataError(SourceError):
    """The rows are there, but cannot be read. A retry does not help: correct the data or the spec."""
