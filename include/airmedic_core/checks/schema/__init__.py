"""Schema: columns, their types and their vocabulary against those of the reference."""

from airmedic_core.checks.schema.schema import Options, Schema

__all__ = ["Options", "Schema"]
