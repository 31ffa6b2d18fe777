"""Remedies under one contract."""
