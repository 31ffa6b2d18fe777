"""Compares two sets of rows where there is nothing else: what `airmedic check` does."""

from airmedic_core.pair.pair import PairCheck, check_pair

__all__ = ["PairCheck", "check_pair"]
