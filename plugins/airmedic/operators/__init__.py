"""Operators: each calls one use case of the engine."""
