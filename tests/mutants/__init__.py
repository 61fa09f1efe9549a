"""Defences taken away, one patch each, to show that a test notices."""
