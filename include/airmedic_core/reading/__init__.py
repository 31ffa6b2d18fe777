"""Reads files and times: the one reader that sources and the commands of the command line share."""

from airmedic_core.reading.csv_files import Writing
from airmedic_core.reading.whole_file import encoding_at, read_rows

__all__ = ["Writing", "encoding_at", "read_rows"]
