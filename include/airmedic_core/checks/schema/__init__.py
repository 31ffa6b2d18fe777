"""Schema: columns, their types and their vocabulary against those of the reference."""

from airmedic_core.checks.schema.options import Options
from airmedic_core.checks.schema.schema import Schema

__all__ = ["Options", "Schema"]
