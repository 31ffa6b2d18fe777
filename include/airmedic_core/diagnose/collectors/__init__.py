"""Collectors of evidence, one file each.

A collector has ``ORDER: int``, which places its evidence in the packet, and ``collect(case) -> Iterator[Evidence]``,
which yields evidence without ids. A file that is added here is found by its name and asked at the next incident.
"""
