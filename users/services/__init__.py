"""Writes: keyword-only, one transaction each, history in the same transaction."""
