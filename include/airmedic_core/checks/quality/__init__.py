"""Quality: the expectation suite of the model (Great Expectations)."""

from airmedic_core.checks.quality.quality import Options, Quality

__all__ = ["Options", "Quality"]
