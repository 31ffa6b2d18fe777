"""Volume: whether there are as many rows as there should be."""

from airmedic_core.checks.volume.volume import Options, Volume

__all__ = ["Options", "Volume"]
