"""Registers the plugin for those who deploy this folder.

Where Airmedic is installed with pip, the package registers the plugin through an entry point, and this file stands
back: Airflow refuses a second plugin of one name.
"""

from __future__ import annotations

from importlib.metadata import entry_points

if not entry_points(group="airflow.plugins", name="airmedic"):
    from airmedic.plugin import AirmedicPlugin

    __all__ = ["AirmedicPlugin"]
