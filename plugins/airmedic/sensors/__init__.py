"""Sensors: what waits, for people or for a deployment."""
